"""Similar services are named, with the version of the likeness, and stand beside the KOSTRA group without colour."""

from dataclasses import replace
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from pipeline.registry.load import Registry
from pipeline.reports import overview, peers, shortlist
from pipeline.reports.facts import gather
from pipeline.reports.tables import Cell
from pipeline.reports.voice import Voice

Tables = dict[str, pd.DataFrame]


def pack(tables: Tables, registry: Registry) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(shortlist.render(tables, registry)["shortlists/rogaland.xlsx"]))


def without(registry: Registry) -> Registry:
    place = registry.jurisdiction.model_copy(update={"peer_group_word": None})
    return replace(registry, peers=None, jurisdiction=place)


def test_likeness_is_said_with_its_version_and_what_it_is_not(tables: Tables, registry: Registry) -> None:
    assert peers.about(Voice("en"), gather(tables, registry)) == [
        "Similar services are the 10 that are most like the service in number of children, number of municipalities in the "
        "service, children per position, share of children in low-income families, share of lone providers.",
        "What likeness rests on was decided on 22 November 2026 (version 2026-1).",
        "They are context, not a yardstick: the duties in law are the same, also where similar services break them.",
        "The median counts each service once; the mean is worked out as if the services were one. Only services with figures "
        "of their own count.",
        "KOSTRA group: the service itself is counted. Similar services: the service itself is not counted.",
        "Caseload helps to decide who is alike. There, similar services are near each other in any case.",
    ]


def test_a_service_stands_beside_its_like_and_its_group(tables: Tables, registry: Registry) -> None:
    table = peers.table(Voice("nb"), gather(tables, registry))
    rows = {row.cells[0]: row.cells for row in table.rows}
    assert list(rows) == ["<b>Nes", "=1+1", "Tomt", "Ærø", "Ås"], "alphabetical, whatever the need"
    assert rows["Ås"][1] == Cell("", ["=1+1 (1\xa0000 barn)", "Ærø (1\xa0000 barn)"])
    notes = ["Lignende (2): median 11,0, snitt 10,5", "KOSTRA-gruppe (3): median 8,0, snitt 7,5"]
    assert rows["Ås"][2] == Cell("12,0 %", notes)
    assert rows["Tomt"][2] == Cell("2025: ikke rapportert", notes, is_missing=True)


def test_the_pack_lists_them_with_median_and_mean_of_both(tables: Tables, registry: Registry) -> None:
    book = pack(tables, registry)
    listed = list(book["Liste"].iter_rows(min_row=8, max_row=9, values_only=True))
    first = listed[0].index("landet (median)")
    assert listed[0][first + 1 : first + 5] == (
        "Liknande (median)", "Liknande (gjennomsnitt)", "KOSTRA-gruppe (median)", "KOSTRA-gruppe (gjennomsnitt)",
    )  # fmt: skip
    assert listed[1][first : first + 5] == (9, 11, 10.5, 8, 7.5)


def test_the_pack_names_the_like_of_each_ranked_service(tables: Tables, registry: Registry) -> None:
    rows = list(pack(tables, registry)["Liknande tenester"].iter_rows(values_only=True))
    assert rows[4][0] == "Kva likskapen byggjer på, vart bestemt 22. november 2026 (utgåve 2026-1)."
    assert [row[:3] for row in rows[-6:]] == [
        ("Ærø", "<b>Nes", 0.25), ("Ærø", "Tomt", 0.25), ("Ås", "=1+1", 0.25), ("Ås", "Ærø", 0.25),
        ("=1+1", "Ærø", 0.25), ("=1+1", "<b>Nes", 0.25),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["index.html", "index.nn.html", "index.en.html"])
def test_the_page_has_them_in_a_section_of_their_own(tables: Tables, registry: Registry, name: str) -> None:
    page = overview.render(tables, registry)[name].decode()
    assert '<section id="peers"' in page and "2026-1)." in page


def test_where_no_likeness_is_declared_nothing_is_said(tables: Tables, registry: Registry) -> None:
    tables["mart.service_peer"] = tables["mart.service_peer"].iloc[:0]
    alone = without(registry)
    assert peers.about(Voice("nb"), gather(tables, alone)) == []
    assert '<section id="peers"' not in overview.render(tables, alone)["index.html"].decode()
    book = pack(tables, alone)
    assert "Liknande tenester" not in book.sheetnames
    assert not any("Liknande" in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
