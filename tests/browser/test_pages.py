import json
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

PAGES = [
    "norway/index.html", "norway/index.nn.html", "norway/index.en.html", "england/index.html", "england/index.nb.html",
    "norway/guidance.html", "norway/guidance.nn.html", "norway/guidance.en.html", "england/guidance.html",
]  # fmt: skip
PAGES_WITHOUT_DRAWINGS = [
    "norway/revisions.html", "norway/revisions.nn.html", "norway/revisions.en.html", "england/revisions.html",
    "norway/method.html", "norway/method.nn.html", "norway/method.en.html", "england/method.html",
]  # fmt: skip
PAINTED = "paths => paths.filter(each => !['none', ''].includes(getComputedStyle(each).fill)).length"
COLOURS = """async address => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const seen = {};
    for (let at = 0; at < data.length; at += 4) {
        const colour = [data[at], data[at + 1], data[at + 2]].join(",");
        seen[colour] = (seen[colour] ?? 0) + 4 / data.length;
    }
    return seen;
}"""

# Pairs of words beside or above a drawing that lie upon each other, where one of them is the word of a break.
COVERED = """() => [...document.querySelectorAll('.drawing')].flatMap(drawing => {
    const breaks = drawing.layout.annotations.map(each => Boolean(each.hovertext));
    const words = [...drawing.querySelectorAll('.annotation')].map(each => ({
        is: breaks[each.dataset.index], text: each.textContent, box: each.querySelector('text').getBoundingClientRect() }));
    const over = (a, b) => a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
    return words.flatMap((a, n) => words.slice(n + 1)
        .filter(b => (a.is || b.is) && over(a.box, b.box)).map(b => [drawing.id, a.text, b.text]));
})"""


class Watched:
    """A page, and what went wrong or out while it was open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", lambda message: self._note(message.type in ("error", "warning"), f"console: {message.text}"))
        page.on("pageerror", lambda error: self._note(True, f"error: {error}"))
        page.on(
            "request",
            lambda ask: self._note(not ask.url.startswith(("file:", "data:", "blob:")), f"asked for {ask.url}"),
        )

    def _note(self, is_problem: bool, text: str) -> None:
        if is_problem:
            self.problems.append(text)

    def open(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        self.page.wait_for_function(
            "document.querySelectorAll('.drawing').length === document.querySelectorAll('.plotly').length"
        )
        return self.page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    yield Watched(context.new_page())
    context.close()


def colours(page: Page, selector: str) -> dict[str, float]:
    """Colour → share of the pixels, of what is seen on the screen."""
    picture = b64encode(page.locator(selector).screenshot()).decode()
    return page.evaluate(COLOURS, f"data:image/png;base64,{picture}")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_draws_alone_without_errors_and_without_the_network(site: Path, watched: Watched, name: str) -> None:
    page = watched.open(site / name)
    assert page.locator(".drawing").count() >= 3
    assert page.locator(".drawing .main-svg").count() >= page.locator(".drawing").count()
    assert watched.problems == []


@pytest.mark.parametrize("name", [*PAGES, *PAGES_WITHOUT_DRAWINGS])
def test_axe_finds_nothing_also_in_what_is_folded(site: Path, watched: Watched, name: str) -> None:
    page = watched.open(site / name)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    # Rows are alike; axe takes 20 s for all of them.
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+12)').forEach(each => each.remove())")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["norway/services.html", "england/services.html"])
def test_service_by_service_is_accessible_and_never_scrolls_sideways(
    site: Path, watched: Watched, name: str, width: int
) -> None:
    watched.page.set_viewport_size({"width": width, "height": 800})
    page = watched.open(site / name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(
        "document.querySelectorAll('article:nth-of-type(n+4)').forEach(each => each.remove())"
    )  # all are alike
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert watched.problems == []


def test_a_funnel_is_drawn_with_its_service_inside_the_axes(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/services.html")
    first = page.locator("article").first
    first.locator("details summary").click()
    drawing = first.locator("figure.funnel").first
    outer, mark = drawing.locator("svg").bounding_box(), drawing.locator(".own, .own-range").bounding_box()
    assert outer and mark and outer["width"] > 200
    assert outer["x"] < mark["x"] and mark["x"] + mark["width"] < outer["x"] + outer["width"]
    assert outer["y"] <= mark["y"] and mark["y"] + mark["height"] < outer["y"] + outer["height"]
    assert len(colours(page, "figure.funnel svg >> nth=0")) > 5, "the shared drawing is there too"
    assert drawing.locator("figcaption").inner_text().count("95") == 1


def test_the_ranking_leads_to_the_service_and_the_filter_narrows_there_too(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/index.html")
    page.locator("#table-ranking-round_2025 tbody a", has_text="Oslo").click()
    page.wait_for_url("**/services.html#municipality_0301")
    head = page.locator("#municipality_0301 h2")
    head.wait_for()
    assert head.inner_text() == "Oslo"
    page.wait_for_function(
        """() => {
            const top = document.querySelector("#municipality_0301 h2").getBoundingClientRect().top;
            return top >= 0 && top < 900;
        }"""
    )
    page.get_by_label("Søk etter navn").fill("OSLO")
    assert 1 <= page.locator("article:visible").count() < 10
    assert watched.problems == []


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("name", [*PAGES, *PAGES_WITHOUT_DRAWINGS])
def test_a_page_never_scrolls_sideways(site: Path, watched: Watched, name: str, width: int) -> None:
    watched.page.set_viewport_size({"width": width, "height": 800})
    page = watched.open(site / name)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_map_of_norway_is_drawn_municipality_by_municipality(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/index.html")
    assert page.locator("#figure-map .choropleth path").evaluate_all(PAINTED) > 300
    seen = colours(page, "#figure-map")
    assert 0.4 < seen["255,255,255"] < 0.97, "a ring that runs the wrong way fills the whole square"
    assert sum(share > 0.0003 for share in seen.values()) >= 4


DRAW = """map => {
    const drawing = Object.assign(document.createElement("div"), { id: "drawn-map" });
    drawing.style.width = "600px";
    document.body.replaceChildren(drawing);
    const places = map.features.map(each => each.properties.municipality_code);
    const trace = { type: "choropleth", geojson: map, locations: places, z: places.map(() => 1), showscale: false };
    const geo = { visible: false, fitbounds: "locations", projection: { type: "mercator" } };
    const margin = { l: 0, r: 0, t: 0, b: 0 };
    return Plotly.newPlot(drawing, [trace], { geo, margin, width: 600, height: 600 }).then(() => places.length);
}"""


@pytest.mark.parametrize(("year", "municipalities"), [(2020, 356), (2024, 357)])
def test_plotly_draws_a_map_file_as_it_is_and_fills_the_globe_where_rings_run_the_other_way(
    site: Path, watched: Watched, year: int, municipalities: int
) -> None:
    page = watched.open(site / "norway/index.html")
    drawn = json.loads((site / f"norway/maps/municipalities_{year}.geojson").read_text(encoding="utf-8"))
    assert page.evaluate(DRAW, drawn) == municipalities
    assert page.locator("#drawn-map .choropleth path").evaluate_all(PAINTED) == municipalities
    assert 0.8 < colours(page, "#drawn-map")["255,255,255"] < 0.9
    for feature in drawn["features"]:
        feature["geometry"]["coordinates"] = [
            [ring[::-1] for ring in rings] for rings in feature["geometry"]["coordinates"]
        ]
    page.evaluate(DRAW, drawn)
    assert colours(page, "#drawn-map").get("255,255,255", 0) < 0.01


def test_the_tiles_of_england_are_drawn(site: Path, watched: Watched) -> None:
    page = watched.open(site / "england/index.html")
    seen = colours(page, "#figure-tiles")
    assert 0.3 < seen["255,255,255"] < 0.9
    assert sum(share > 0.002 for share in seen.values()) >= 4


def test_the_filter_narrows_by_name_and_office(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/index.html")
    rows = page.locator("#table-ranking-round_2025 tbody tr:visible")
    every = rows.count()
    page.get_by_label("Søk etter navn").fill("OSLO")
    assert 1 <= rows.count() < 10 and page.locator("output").inner_text() == f"{rows.count()} tjenester vises"
    page.get_by_label("Søk etter navn").fill("")
    page.get_by_label("Statsforvalter").select_option("Statsforvalteren i Rogaland")
    assert 5 < rows.count() < every / 3


def test_languages_link_to_each_other(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/index.html")
    page.get_by_role("link", name="Nynorsk").click()
    assert page.locator("html").get_attribute("lang") == "nn"


def test_the_overview_leads_to_the_revisions_and_back_in_the_same_language(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/index.nn.html")
    page.get_by_role("link", name="Kva nye filer endra, og tal å sjå på igjen").click()
    assert page.locator("html").get_attribute("lang") == "nn"
    assert page.locator("h1").inner_text() == "Kva nye filer endra: Noreg"
    page.get_by_role("link", name="Til oversikta").click()
    assert page.url == (site / "norway/index.nn.html").as_uri() and watched.problems == []


def test_the_keyboard_reaches_the_content_and_focus_is_seen(site: Path, watched: Watched) -> None:
    page = watched.open(site / "norway/index.html")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Gå til innholdet"
    assert link.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"


@pytest.mark.parametrize("name", ["norway/guidance.html", "norway/guidance.nn.html", "norway/guidance.en.html"])
def test_the_word_of_a_break_covers_no_other_and_tells_its_reason(site: Path, watched: Watched, name: str) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 800})
    page = watched.open(site / name)
    assert page.evaluate(COVERED) == []
    word = page.locator(
        "#course-cohort_2018 .annotation[data-index]",
        has_text=re.compile("^(nytt register|new register)$"),
    ).first
    word.hover()
    page.wait_for_selector("#course-cohort_2018 .hovertext")
    assert "2021" in (page.locator("#course-cohort_2018 .hovertext").first.text_content() or "")
    assert watched.problems == []
