"""The overview: one self-contained page a language, that works from a file and asks the network for nothing."""

import json
from functools import cache
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pipeline.registry.load import Registry
from pipeline.reports import overview_tables, pages
from pipeline.reports.facts import SHARED_TABLES, Facts, Tables, gather
from pipeline.reports.overview_sections import sections
from pipeline.reports.voice import Voice

NAME = "overview"
TABLES = (
    *SHARED_TABLES,
    "mart.coverage",
    "mart.unit_absent",
    "mart.municipality",
    "mart.cohort_service",
    "mart.effect",
    "mart.border",
)

# Plotly asks the network for coastlines before it draws any map, unless it finds these (empty) ones.
TOPOJSON = {
    "type": "Topology",
    "arcs": [],
    "objects": {
        layer: {"type": "GeometryCollection", "geometries": []}
        for layer in ("coastlines", "land", "ocean", "lakes", "rivers", "countries", "subunits")
    },
}


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """The pages by file name; the first language of the jurisdiction is index.html."""
    facts = gather(tables, registry)
    return pages.in_all_languages(registry, "index", lambda say: _page(facts, say))


def inlined(say: Voice) -> dict[str, object]:
    """What a page with Plotly drawings has in it: scripts, empty coastlines, and the words of the buttons."""
    names = {"Zoom in": say("figure.zoom_in"), "Zoom out": say("figure.zoom_out"), "Reset": say("figure.reset")}
    return {"zoom": json.dumps(names), **_inlined()}


@cache
def _inlined() -> dict[str, Markup]:
    """Scripts and styles, as they stand in the page."""
    return {
        "script": Markup(
            "\n".join((pages.TEMPLATES / each).read_text(encoding="utf-8") for each in ("page.js", "filter.js"))
        ),
        "topojson": Markup(f"window.PlotlyGeoAssets={{topojson:{{world_110m:{json.dumps(TOPOJSON)}}}}};"),
        "plotly": Markup(get_plotlyjs()),
    }


def _page(facts: Facts, say: Voice) -> dict[str, object]:
    languages = facts.registry.jurisdiction.languages
    return {
        "facts": facts,
        "offices": facts.offices.values(),
        "revisions": pages.address(say.language, languages, "revisions"),
        "director": pages.address(say.language, languages, "method"),
        "introduction": _introduction(facts, say),
        "sections": list(sections(facts, say, lambda name: pages.address(say.language, languages, name))),
        **inlined(say),
    }


def _introduction(facts: Facts, say: Voice) -> dict[str, Any]:
    current, registry = facts.current, facts.registry
    return {
        "what": say("page.what", n=say.number(len(current.ranked))),
        "what_not": say("page.what_not"),
        "as_of": say("page.as_of", day=say.date(facts.as_of), release=facts.release, version=registry.index.version),
        "vintage": overview_tables.vintage(say, facts),
        "synthetic": facts.is_synthetic,
        "unit": overview_tables.unit_word(say, facts),
    }
