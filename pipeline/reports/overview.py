"""The overview: one self-contained page a language, that works from a file and asks the network for nothing."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pipeline.registry.load import Registry
from pipeline.registry.model import Language
from pipeline.reports import overview_tables, palette
from pipeline.reports.facts import SHARED_TABLES, Facts, Tables, gather
from pipeline.reports.figures import FONT
from pipeline.reports.overview_sections import sections
from pipeline.reports.voice import Voice

NAME = "overview"
TABLES = (
    *SHARED_TABLES,
    "mart.coverage",
    "mart.unit_absent",
    "mart.municipality",
    "mart.cohort_service",
    "mart.path",
    "result.change",
    "mart.border",
)
TEMPLATES = Path(__file__).parent / "templates"

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
    languages = registry.jurisdiction.languages
    addresses = {each: address(each, languages) for each in languages}
    return {addresses[each]: _page(facts, Voice(each), addresses).encode() for each in languages}


def address(language: Language, languages: tuple[Language, ...], name: str = "index") -> str:
    """The file of a language's page; the first language has no letters."""
    return f"{name}.html" if language == languages[0] else f"{name}.{language}.html"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("overview.html.j2")


@cache
def style() -> Markup:
    """The style sheet of all pages, colours and font first."""
    colours = {
        name.lower(): getattr(palette, name)
        for name in ("ACCENT", "INK", "MUTED", "RULE", "PAPER", "TINT", "WARN_INK", "WARN_PAPER")
    }
    root = "".join(f"--{name.replace('_', '-')}:{value};" for name, value in colours.items())
    sheet = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return Markup(f":root{{{root}--font:{FONT}}}\n{sheet}")


@cache
def _inlined() -> dict[str, Markup]:
    """Scripts and styles, as they stand in the page."""
    return {
        "style": style(),
        "script": Markup(
            "\n".join((TEMPLATES / each).read_text(encoding="utf-8") for each in ("page.js", "filter.js"))
        ),
        "topojson": Markup(f"window.PlotlyGeoAssets={{topojson:{{world_110m:{json.dumps(TOPOJSON)}}}}};"),
        "plotly": Markup(get_plotlyjs()),
    }


def _page(facts: Facts, say: Voice, addresses: dict[Language, str]) -> str:
    languages = facts.registry.jurisdiction.languages
    return _template().render(
        say=say,
        facts=facts,
        registry=facts.registry,
        offices=facts.offices.values(),
        addresses=addresses,
        revisions=address(say.language, languages, "revisions"),
        names={"nb": "Bokmål", "nn": "Nynorsk", "en": "English"},
        introduction=_introduction(facts, say),
        sections=list(sections(facts, say, address(say.language, languages, "services"))),
        zoom=json.dumps(
            {"Zoom in": say("figure.zoom_in"), "Zoom out": say("figure.zoom_out"), "Reset": say("figure.reset")}
        ),
        **_inlined(),
    )


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
