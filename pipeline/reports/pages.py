"""What all pages share: one file a language, the template, the style sheet, and the links between languages."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from pipeline.registry.load import Registry
from pipeline.registry.model import Language
from pipeline.reports import palette
from pipeline.reports.figures import FONT
from pipeline.reports.voice import Voice

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = {"index": "overview"}  # of a page that is named otherwise
NAMES: dict[Language, str] = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}


def in_all_languages(registry: Registry, name: str, page: Callable[[Voice], dict[str, object]]) -> dict[str, bytes]:
    """A page by its file names, the first language without its letters.

    name: of the page, and of its template. page: what the template of that name shows beside what all pages have.
    """
    languages = registry.jurisdiction.languages
    addresses = {each: address(each, languages, name) for each in languages}
    found = {}
    for language in languages:
        say = Voice(language)
        shared = {
            "say": say, "registry": registry, "addresses": addresses, "names": NAMES, "style": style(),
            "overview": address(language, languages),
        }  # fmt: skip
        found[addresses[language]] = _template(TEMPLATE.get(name, name)).render(shared | page(say)).encode()
    return found


def address(language: Language, languages: tuple[Language, ...], name: str = "index") -> str:
    """The file of a language's page; the first language has no letters."""
    return f"{name}.html" if language == languages[0] else f"{name}.{language}.html"


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(f"{name}.html.j2")


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
