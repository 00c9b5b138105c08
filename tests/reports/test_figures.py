import plotly.graph_objects as go
import pytest

from pipeline.registry.load import Registry, load
from pipeline.reports import charts, courses, maps, overview_tables
from pipeline.reports.facts import Facts, gather
from pipeline.reports.figures import Figure, Panel
from pipeline.reports.voice import Voice

SAY = Voice("nb")


@pytest.fixture
def facts(tables: dict, registry: Registry) -> Facts:
    return gather(tables, registry)


def drawn(facts: Facts) -> list[Figure]:
    cohort, path = facts.registry.cohorts[0], facts.tables["mart.path"]
    table = courses.path_table(SAY, facts, cohort, False)
    found = [
        charts.ranking(SAY, facts),
        maps.tier_map(SAY, facts),
        courses.follow_up(SAY, facts, cohort, path, table, False),
        charts.coverage(SAY, facts, overview_tables.coverage(SAY, facts)),
    ]
    return [each for each in found if each]


def test_plotly_knows_every_field_and_each_figure_has_words_and_a_table(facts: Facts) -> None:
    figures = drawn(facts)
    assert [each.id for each in figures] == ["ranking", "map", f"follow-up-{facts.registry.cohorts[0].id}", "coverage"]
    for figure in figures:
        assert figure.summary and figure.table.rows
        for panel in figure.panels:
            go.Figure(data=panel.data, layout=panel.layout)
            assert panel.summary


def test_ids_are_unique(facts: Facts) -> None:
    ids = [panel.id for figure in drawn(facts) for panel in figure.panels]
    assert len(ids) == len(set(ids))


def test_the_ranking_is_by_tier_and_alphabetical_inside(facts: Facts) -> None:
    panel = charts.ranking(SAY, facts).panels[0]
    assert panel.layout["yaxis"]["ticktext"] == ["Ærø", "Ås", "=1+1", "<b>Nes"]
    heads = [each["text"] for each in panel.layout["annotations"][:3]]
    assert heads == [
        "<b>Svært sannsynlig blant de 15</b>",
        "<b>Sannsynlig blant de 15</b>",
        "<b>Lite sannsynlig blant de 15</b>",
    ]


def test_the_map_is_the_one_of_the_as_of_date(facts: Facts) -> None:
    figure = maps.tier_map(SAY, facts)
    assert figure
    drawn_there = figure.panels[0].data[0]["geojson"]["features"]
    assert [each["id"] for each in drawn_there] == ["1103", "3218"]
    assert set(figure.panels[0].data[0]["locations"]) == {"1103", "3218"}


def test_phases_are_shaded_and_named(facts: Facts) -> None:
    cohort = facts.registry.cohorts[0]
    table = courses.path_table(SAY, facts, cohort, False)
    panel = courses.follow_up(SAY, facts, cohort, facts.tables["mart.path"], table, False).panels[0]
    assert [each["text"] for each in panel.layout["annotations"]] == [
        "før utvelgelsen",
        "utvelgelse",
        "under veiledning",
    ]
    assert len(panel.layout["shapes"]) == 3


def test_a_synthetic_figure_says_so_inside_the_drawing(synthetic: dict, registry: Registry) -> None:
    for figure in drawn(gather(synthetic, registry)):
        if not figure.id.startswith("follow-up"):
            assert "(syntetiske tall)" in figure.title
            assert all("Syntetiske tall" in panel.json for panel in figure.panels)


def test_every_english_region_has_a_block_of_its_own() -> None:
    places = [office.map_place for office in load("england").offices]
    assert None not in places and len(set(places)) == len(places)


def test_a_name_cannot_end_the_script_element() -> None:
    assert "</script>" not in Panel("x", "", [{"text": "</script>"}], {"height": 1}).json


def test_a_tile_carries_a_name_that_fits() -> None:
    names = ("Bath and North East Somerset", "Leeds", "Bournemouth, Christchurch and Poole", "Ås")
    assert [maps.initials(name) for name in names] == ["BNE", "Lee", "BCP", "Ås"]
