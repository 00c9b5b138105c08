"""The map by tier: municipal borders where a release has them, tiles in regional blocks where it has not."""

from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.reports import palette
from pipeline.reports.borders import feature
from pipeline.reports.charts import tier_counts
from pipeline.reports.facts import TIERS, Facts, records
from pipeline.reports.figures import CONFIG, Figure, Json, Key, Panel, layout, marked
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice, alphabetical, sentence

STEPS = (*TIERS, None)
DECIMALS = 3  # of a degree: about 100 metres, and a third of the bytes
NORTH_UP = (5, 6)  # width to height of a map with borders
BLOCK = 5  # tiles across a region's block


def tier_map(say: Voice, facts: Facts) -> Figure | None:
    """Municipalities by the tier of their service, or tiles; nothing when neither borders nor places are declared."""
    places = _places(facts)
    border = facts.tables["mart.border"]
    border = border[border["valid_to"].isna()]
    if len(border):
        return _borders(say, facts, places, border)
    if all(office.map_place for office in facts.offices.values()):
        return _tiles(say, facts, places)
    return None


def _places(facts: Facts) -> pd.DataFrame:
    """One row a municipality of today: its service and the service's tier; not ranked is nothing."""
    tiers = facts.current.ranked.set_index("service_id")[["tier", facts.chance]]
    places = facts.tables["mart.municipality"].merge(tiers, left_on="service_id", right_index=True, how="left")
    places = places.assign(
        sort_name=places["name"].map(alphabetical), tier=places["tier"].where(places["tier"].notna(), None)
    )
    return places.sort_values(["sort_name", "municipality_code"]).reset_index(drop=True)


def _scale() -> list[list[Any]]:
    """Plotly's colour scale with one flat step a tier."""
    return [[edge / len(STEPS), palette.TIER[tier]] for step, tier in enumerate(STEPS) for edge in (step, step + 1)]


def _colours(places: pd.DataFrame) -> Json:
    z = [STEPS.index(tier if isinstance(tier, str) else None) for tier in places["tier"]]
    return {"z": z, "zmin": -0.5, "zmax": len(STEPS) - 0.5, "colorscale": _scale(), "showscale": False}


def _hover(say: Voice, facts: Facts, places: pd.DataFrame) -> list[str]:
    words = []
    for row in records(places):
        tier = row.tier if isinstance(row.tier, str) else None
        chance = f" ({say.chance(getattr(row, facts.chance))})" if tier else ""
        own = row.name if row.name == row.service_name else f"{row.name}<br>{row.service_name}"
        words.append(f"<b>{own}</b><br>{sentence(say.tier(tier, facts.k))}{chance}")
    return words


def _borders(say: Voice, facts: Facts, places: pd.DataFrame, border: pd.DataFrame) -> Figure:
    """The map of the as-of date; border: one row a municipality."""
    drawn = places[places["municipality_code"].isin(border["municipality_code"])]
    features = [
        feature(code, shape, DECIMALS, {})
        for code, shape in zip(border["municipality_code"], border["geometry"], strict=True)
    ]
    trace = {
        "type": "choropleth",
        "geojson": {"type": "FeatureCollection", "features": features},
        "locations": drawn["municipality_code"].tolist(),
        "text": _hover(say, facts, drawn),
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"line": {"color": palette.PAPER, "width": 0.4}},
        **_colours(drawn),
    }
    geo = {"visible": False, "bgcolor": palette.PAPER, **_projection(features)}
    drawing = layout(
        say, None, facts.current.is_synthetic, geo=geo, dragmode="pan", margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )
    config = {
        **CONFIG,
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["zoomInGeo", "zoomOutGeo", "resetGeo"]],
    }
    return _figure(say, facts, drawn, Panel("map", "", [trace], drawing, config=config, shape=NORTH_UP))


def _projection(features: list[Json]) -> Json:
    """Conic conformal, its two parallels a sixth from the northern and southern end: a tall country keeps its shape."""
    points = [point for each in features for polygon in each["geometry"]["coordinates"] for point in polygon[0]]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    sixth = (north - south) / 6
    return {
        "projection": {
            "type": "conic conformal",
            "parallels": [round(south + sixth, 1), round(north - sixth, 1)],
            "rotation": {"lon": round((west + east) / 2, 1)},
        },
        "lonaxis": {"range": [west, east]},
        "lataxis": {"range": [south, north]},
    }


def _tiles(say: Voice, facts: Facts, places: pd.DataFrame) -> Figure:
    """Five tiles across in each region's block, in alphabetical order; blocks lie as the regions do."""
    blocks = {office.id: office.map_place for office in facts.offices.values() if office.map_place}
    sizes = places.groupby("office_id").size()
    deep = {
        line: max(-(-int(sizes.get(key, 0)) // BLOCK) for key, at in blocks.items() if at[1] == line)
        for line in sorted({at[1] for at in blocks.values()})
    }
    tops = {line: sum(2 + deep[above] for above in deep if above < line) for line in deep}
    across = (max(at[0] for at in blocks.values()) + 1) * (BLOCK + 1) - 1
    height = sum(deep.values()) + 2 * len(deep)
    number = places.groupby("office_id").cumcount()
    column = places["office_id"].map({key: at[0] * (BLOCK + 1) for key, at in blocks.items()}) + number % BLOCK
    line = places["office_id"].map({key: tops[at[1]] + 1 for key, at in blocks.items()}) + number // BLOCK
    colours, words = _colours(places), _hover(say, facts, places)
    z: list[list[int | None]] = [[None] * across for _ in range(height)]
    text, short = ([[""] * across for _ in range(height)] for _ in range(2))
    for x, y, step, said, name in zip(column, line, colours["z"], words, places["name"], strict=True):
        z[y][x], text[y][x], short[y][x] = step, said, initials(name)
    trace = {
        "type": "heatmap",
        **colours,
        "z": z,
        "text": short,
        "texttemplate": "%{text}",
        "textfont": {"size": 9},
        "hovertext": text,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
    }
    names = [
        {
            "text": say.of(facts.offices[key].name),
            "x": at[0] * (BLOCK + 1) - 0.5,
            "y": tops[at[1]],
            "xanchor": "left",
            "yanchor": "middle",
            "showarrow": False,
            "font": {"size": 11},
        }
        for key, at in blocks.items()
    ]
    axis = {"visible": False, "fixedrange": True}
    drawing = layout(
        say,
        None,
        facts.current.is_synthetic,
        annotations=names,
        xaxis={**axis, "range": [-0.6, across - 0.4]},
        yaxis={**axis, "range": [height - 0.4, -0.6]},
    )
    return _figure(say, facts, places, Panel("tiles", "", [trace], drawing, config=CONFIG, shape=(across, height)))


def initials(name: str) -> str:
    """A name short enough for a tile: the first three capitals of several words, or three letters of one."""
    capitals = "".join(letter for letter in name if letter.isupper())
    return capitals[:3] if len(capitals) > 1 else name[:3]


def _figure(say: Voice, facts: Facts, places: pd.DataFrame, panel: Panel) -> Figure:
    tiers = tier_counts(say, places["tier"], facts.k)
    left = int(places["tier"].isna().sum())
    tiers = f"{tiers}; {say('figure.tier_count', n=left, tier=say.tier(None, facts.k))}" if left else tiers
    summary = say(f"figure.{panel.id}_words", n=len(places), tiers=tiers)
    title = marked(say, say(f"figure.{panel.id}"), facts.current.is_synthetic)
    headings = [
        say(f"unit.{facts.municipal_word}"),
        sentence(say.of(facts.registry.jurisdiction.unit_word)),
        say("column.tier"),
    ]
    cells = [
        (row.name, row.service_name, say.tier(row.tier if isinstance(row.tier, str) else None, facts.k))
        for row in records(places)
    ]
    table = Table(
        "map-figure",
        marked(say, say("table.map"), facts.current.is_synthetic),
        list(map(Column, headings)),
        rows(cells),
    )
    held = [each for each in TIERS if places["tier"].eq(each).any()] + [None] * bool(left)
    legend = [Key(palette.TIER[each], sentence(say.tier(each, facts.k))) for each in held]
    return Figure("map", title, summary, [replace(panel, summary=summary, title=title)], table, legend)
