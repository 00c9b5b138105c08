"""The tables of the overview page, in words."""

from typing import Any

import pandas as pd

from pipeline.registry.model import Duty, Indicator
from pipeline.reports import reasons
from pipeline.reports.facts import Facts, RoundFacts, by_indicator, records
from pipeline.reports.figures import marked
from pipeline.reports.tables import Cell, Column, Row, Table, rows
from pipeline.reports.voice import Voice, sentence


def unit_word(say: Voice, facts: Facts) -> str:
    """What a service is called here, with a capital."""
    return sentence(say.of(facts.registry.jurisdiction.unit_word))


def office_word(say: Voice, facts: Facts) -> str:
    """What an office is called here, with a capital."""
    return sentence(say.of(facts.registry.jurisdiction.office_word))


def office_name(say: Voice, facts: Facts, office_id: Any) -> str:
    """The name of an office, or that there is none."""
    office = facts.offices.get(office_id)
    return say.of(office.name) if office else say("unit.no_office")


def cohort_names(say: Voice, facts: Facts, cohorts: Any) -> str:
    """Earlier cohorts of a service, by their names."""
    if not isinstance(cohorts, str):
        return ""
    labels = {each.id: say.of(each.label) for each in facts.registry.cohorts}
    return say.list(labels.get(each, each) for each in cohorts.split(", "))


def _service(row: Any, href: str = "") -> Cell:
    """The name of a service, and its members where the name does not name them."""
    return Cell(row.name, members(row), href=href)


def members(row: Any) -> list[str]:
    """The members of a service, where its name does not name them."""
    is_named = all(member.split(" (")[0] in row.name for member in str(row.member_names).split(", "))
    return [] if is_named else [row.member_names]


def ranking(say: Voice, facts: Facts, round_facts: RoundFacts, page: str = "") -> Table:
    """All ranked services of a round: tier, probabilities, spans of place and need, and how these hold.

    page: the page that has a part for each of them; none for earlier rounds.
    """
    level, top = say.percent(facts.registry.index.interval_level), facts.registry.index.top
    columns = [
        Column(unit_word(say, facts)),
        Column(say("column.tier")),
        *(Column(say("column.chance_short", k=k), is_number=True, is_whole=True) for k in top),
        Column(say("column.rank_interval", level=level), is_whole=True),
        Column(say("column.score_interval", level=level), is_number=True, is_whole=True),
        Column(say("column.alone_chance", k=facts.k), is_number=True),
        Column(say("column.alone_need", level=level), is_number=True, is_whole=True),
        Column(say("column.variants", k=facts.k), is_number=True),
        Column(say("column.alike"), is_number=True),
        Column(say("column.own_share"), is_number=True),
        Column(say("column.children"), is_number=True),
        Column(office_word(say, facts)),
        *([Column(say("column.cohorts"))] if facts.registry.cohorts else []),
    ]
    body = [_ranking_row(say, facts, row, top, page) for row in records(round_facts.ranked)]
    caption = say(
        "table.ranking", n=say.number(len(body)), round=say.of(round_facts.round.label), places=say.list(map(str, top))
    )
    return Table(f"ranking-{round_facts.round.id}", marked(say, caption, round_facts.is_synthetic), columns, body)


def _ranking_row(say: Voice, facts: Facts, row: Any, top: tuple[int, ...], page: str) -> Row:
    office = office_name(say, facts, row.office_id)
    cells = [
        _service(row, page and f"{page}#{row.service_id}"),
        Cell(say.tier(row.tier, facts.k), [say("dialogue.on")] if row.is_dialogue else []),
        *(say.chance(getattr(row, f"probability_top_{k}")) for k in top),
        say.rank(row.rank_best, row.rank_worst),
        score(say, row.score, row.score_low, row.score_high),
        say.chance(getattr(row, facts.chance_alone)),
        score(say, row.companion_score, row.companion_low, row.companion_high),
        variants(say, row),
        say.number(row.alike),
        Cell(say.percent(row.own_share), [say("note.borrowed")] if row.own_share < reasons.BORROWED_BELOW else []),
        "" if pd.isna(row.child_population) else say.number(row.child_population),
        office,
        *([cohort_names(say, facts, row.cohorts)] if facts.registry.cohorts else []),
    ]
    return Row(cells, {"name": f"{row.name} {row.member_names}".casefold(), "office": office})


def score(say: Voice, points: float, low: float, high: float) -> str:
    """Need with its interval."""
    return f"{say.number(points)} ({say.between(low, high, 0)})"


def variants(say: Voice, row: Any) -> Cell | str:
    """In what share of the variants of the method a service is among the k, and the span of its places."""
    if pd.isna(row.share_in_top):
        return "–"
    return Cell(say.percent(row.share_in_top), [say.rank(row.rank_least, row.rank_most)])


def values(say: Voice, facts: Facts, round_facts: RoundFacts) -> Table:
    """Every service against every indicator of the round; a blank says why it is one."""
    services = pd.concat([round_facts.ranked, round_facts.not_ranked]).sort_values(["sort_name", "service_id"])
    estimates = by_indicator(round_facts)
    columns = [
        [*_value_column(say, round_facts, each, estimates[each.id], services["service_id"])]
        for each in round_facts.indicators
    ]
    offices = [office_name(say, facts, each) for each in services["office_id"]]
    body = [
        Row([_service(row), *cells], {"name": f"{row.name} {row.member_names}".casefold(), "office": office})
        for row, office, *cells in zip(records(services), offices, *columns, strict=True)
    ]
    level = say.percent(facts.registry.index.interval_level)
    caption = say("table.values", round=say.of(round_facts.round.label), level=level)
    heads = [Column(unit_word(say, facts)), *(Column(say.of(each.short_label)) for each in round_facts.indicators)]
    return Table("values", marked(say, caption, round_facts.is_synthetic), heads, body)


def _value_column(
    say: Voice, facts: RoundFacts, indicator: Indicator, table: pd.DataFrame, order: pd.Series
) -> list[Cell]:
    said = {row.Index: _value(say, facts, indicator, row) for row in records(table, with_index=True)}
    nothing = Cell(say("status.not_applicable"), is_missing=True)
    return [said.get(service, nothing) for service in order]


def _value(say: Voice, facts: RoundFacts, indicator: Indicator, row: Any) -> Cell:
    if not row.is_observed:
        return Cell(reasons.missing(say, row), is_missing=True)
    span = say.between(row.value_low, row.value_high, indicator.decimals)
    count = reasons.counted(say, indicator, facts.round.era, row)
    return Cell(f"{say.value(row.value, indicator)} ({span})", [count, *reasons.notes(say, row)])


def not_ranked(say: Voice, facts: Facts, round_facts: RoundFacts) -> Table:
    """Services without a place, and why."""
    body = [
        (_service(row), office_name(say, facts, row.office_id), reasons.not_ranked(say, facts.registry, row))
        for row in records(round_facts.not_ranked)
    ]
    columns = [
        Column(unit_word(say, facts)),
        Column(office_word(say, facts)),
        Column(say("column.reason"), is_wide=True),
    ]
    caption = marked(say, say("table.not_ranked", round=say.of(round_facts.round.label)), round_facts.is_synthetic)
    return Table(f"not-ranked-{round_facts.round.id}", caption, columns, rows(body))


def came_or_went(say: Voice, facts: Facts) -> Table:
    """Municipalities that did not exist through all periods."""
    table = facts.tables["mart.unit_absent"].sort_values("municipality_code")
    body = [
        (
            row.name,
            row.municipality_code,
            say.date(pd.Timestamp(row.valid_from).date()),
            say("column.still") if pd.isna(row.valid_to) else say.date(pd.Timestamp(row.valid_to).date()),
        )
        for row in records(table)
    ]
    headings = [say("column.name"), say("column.code"), say("column.valid_from"), say("column.valid_to")]
    return Table("came-or-went", say("table.came_or_went"), [Column(each) for each in headings], rows(body))


def coverage(say: Voice, facts: Facts) -> Table:
    """Municipalities by indicator, period and status: one row a period, one column a status that occurs."""
    counts = facts.tables["mart.coverage"]
    statuses = [each for each in reasons.STATUSES if counts["status"].eq(each).any()]
    wide = counts.pivot_table(
        index=["indicator_id", "era", "period"], columns="status", values="municipalities", aggfunc="sum", fill_value=0
    )
    labels = {each.id: say.of(each.label) for each in facts.registry.indicators.values()}
    body = [
        (labels[indicator], say.period(period), *(say.number(each) for each in row))
        for (indicator, _, period), row in zip(wide.index, wide[statuses].to_numpy(), strict=True)
    ]
    columns = [
        Column(say("column.indicator"), is_wide=True),
        Column(say("column.period")),
        *(Column(sentence(say(f"status.{each}")), is_number=True) for each in statuses),
    ]
    caption = marked(
        say, say("table.coverage", units=say(f"unit.{facts.municipal_word}_many")), bool(counts["is_synthetic"].any())
    )
    return Table("coverage-figure", caption, columns, rows(body))


def indicators(say: Voice, facts: Facts) -> Table:
    """What each indicator means; those with a legal duty first."""
    everything = [*facts.registry.ranked, *(e for e in facts.registry.indicators.values() if e.use == "context")]
    everything.sort(key=lambda each: (each.use == "context", not each.duties))
    headings = [say(f"column.{each}") for each in ("indicator", "direction", "duty", "source", "use", "review")]
    body = [_indicator_row(say, facts, each) for each in everything]
    return Table(
        "indicators",
        say("table.indicators"),
        [Column(each, is_wide=place < 4) for place, each in enumerate(headings)],
        rows(body),
    )


def _indicator_row(say: Voice, facts: Facts, indicator: Indicator) -> tuple[Cell | str, ...]:
    first, *more = [duty_words(say, each) for each in _newest_first(facts, indicator)] or [say("sure.no_duty")]
    dimensions = {each.id: say.of(each.label) for each in facts.registry.index.dimensions}
    use = (
        say("use.rank", dimension=dimensions[indicator.dimension])
        if indicator.dimension and indicator.use == "rank"
        else say("use.context")
    )
    return (
        say.of(indicator.label),
        say.of(indicator.direction_words),
        Cell(first, more),
        source_words(say, facts, indicator),
        use,
        say.date(indicator.review_date),
    )


def _newest_first(facts: Facts, indicator: Indicator) -> list[Duty]:
    """The duty that is in force first, then those that were."""
    return sorted(indicator.duties, key=lambda duty: not duty.holds(facts.as_of))


def duty_words(say: Voice, duty: Duty) -> str:
    """A duty with its section and the days it is in force."""
    start, end = (each and say.date(each) for each in (duty.valid_from, duty.valid_to))
    span = say("number.from_to", start=start, end=end) if start and end else ""
    span = span or (say("number.since", start=start) if start else say("number.until", end=end) if end else "")
    where = say.list(each for each in (f"{duty.act} {duty.section}", span, say(f"sure.{duty.sure}")) if each)
    return f"{sentence(say.of(duty.standard))} ({where})"


def source_words(say: Voice, facts: Facts, indicator: Indicator) -> Cell:
    """The datasets of each series, with its first and last period, and the series' note."""
    lines = []
    for series in sorted(indicator.series, key=lambda each: each.last_period is not None):
        names = dict.fromkeys(facts.registry.datasets[part.dataset].title for part in series.parts.values())
        first, last = say.period(series.first_period), say.period(series.last_period) if series.last_period else ""
        note = f" {say.of(series.note)}" if series.note else ""
        lines.append(f"{first}–{last}: {'; '.join(names)}.{note}")
    return Cell(lines[0], lines[1:])


def published(say: Voice, row: Any) -> str:
    """When a file was published, or, where nobody wrote that down, by when it was out."""
    day = say.date(row.published_at.date())
    return day if row.published_is_known else say("source.out_by", day=day)


def vintage(say: Voice, facts: Facts) -> str:
    """How new the newest source is, and which revisions the sources are of."""
    files = facts.tables["mart.source"]
    dated = files[files["published_is_known"]]
    newest = say.date((files if dated.empty else dated)["published_at"].max().date())
    revision = say.list(say(f"revision.{each}") for each in facts.revisions)
    return say("page.vintage_unknown" if dated.empty else "page.vintage", day=newest, revision=revision)


def sources(say: Voice, facts: Facts) -> Table:
    """One row a file behind the release."""
    table = facts.tables["mart.source"].sort_values(["title", "published_at", "file_id"])
    body = [
        (
            row.title,
            row.publisher,
            row.licence,
            published(say, row),
            say(f"revision.{row.revision}"),
            say("synthetic.yes" if row.is_synthetic else "synthetic.no"),
        )
        for row in records(table)
    ]
    headings = [
        say("column.source"),
        *(say(f"column.{each}") for each in ("publisher", "licence", "published", "revision", "kind")),
    ]
    return Table(
        "sources",
        say("table.sources"),
        [Column(each, is_wide=place == 0) for place, each in enumerate(headings)],
        rows(body),
    )
