"""What could hurt the machine is refused before it does: bombs, paths, macros, entities, a million columns, deep JSON."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.sources import bufdir, delimited, geojson, limits, pxweb, strict_json, workbook
from tests.sources.test_bufdir import MONITOR, monitor
from tests.sources.test_bufdir import workbook as plain_workbook

ROOT = Path(__file__).parent.parent.parent
NORWAY = load("norway").datasets
KHR, SSB, MAP = NORWAY["khr_plans"], NORWAY["ssb_12305"], NORWAY["map_municipalities_2024"]


def refused_zip(body: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        bufdir.read(body, MONITOR, "m.zip")
    return str(caught.value)


def refused_workbook(body: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        workbook.sheet(body, "m.zip", "3A.xlsx")
    return str(caught.value)


def with_part(name: str, content: bytes, body: bytes | None = None) -> bytes:
    """A workbook with a part put in, or put in another's place."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body or plain_workbook())) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return buffer.getvalue()


def part(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(plain_workbook())) as book:
        return book.read(name)


@pytest.mark.parametrize("name", ["../evil.xlsx", "/etc/evil.xlsx", "a/../../b.xlsx", "C:/evil.xlsx"])
def test_a_name_that_leads_out_of_the_zip(name: str) -> None:
    assert f"name: given {name!r}; allowed: a relative name" in refused_zip(with_part(name, b"x", monitor()))


def test_a_link_in_the_zip() -> None:
    body = io.BytesIO(monitor())
    with zipfile.ZipFile(body, "a") as zipped:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        zipped.writestr(link, "/etc/passwd")
    assert "'link', a link; allowed: files and folders" in refused_zip(body.getvalue())


def test_too_many_entries() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for number in range(limits.MAX_ZIP_ENTRIES + 1):
            zipped.writestr(str(number), b"")
    assert "ZIP: given '1001 entries'; allowed: at most 1000" in refused_zip(buffer.getvalue())


def test_a_changed_byte_in_a_workbook_is_found_by_its_checksum() -> None:
    body = bytearray(monitor())
    body[body.index(b"3A_fristbrudd.xlsx") + 400] ^= 1
    assert "Bad CRC-32" in refused_zip(bytes(body))


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/VBAPROJECT.bin", "xl/macrosheets/sheet1.xml"])
def test_macros(name: str) -> None:
    assert "allowed: a workbook without macros: save it as .xlsx" in refused_workbook(with_part(name, b"x"))


def test_a_workbook_that_says_it_has_macros() -> None:
    content = part("[Content_Types].xml").replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")
    assert "without macros" in refused_workbook(with_part("[Content_Types].xml", content))


@pytest.mark.parametrize("name", ["xl/embeddings/other.xlsx", "inner.zip", "xl/externalLinks/externalLink1.xml"])
def test_files_inside_a_workbook_and_links_out_of_it(name: str) -> None:
    assert f"given {name!r}; allowed: a workbook without" in refused_workbook(with_part(name, b"x"))


@pytest.mark.parametrize(
    "declared",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        b'<!doctype x SYSTEM "file:///etc/passwd">',
        b'< !ENTITY a "b">',
    ],
)
@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_entities(declared: bytes, name: str) -> None:
    content = part(name).replace(b"?>", b"?>" + declared.replace(b"< !", b"<!"), 1)
    assert "allowed: XML without document type or entities" in refused_workbook(with_part(name, content))


def test_xml_in_another_encoding_hides_no_entities() -> None:
    content = part("xl/workbook.xml").decode().encode("utf-16")
    assert "allowed: XML in UTF-8" in refused_workbook(with_part("xl/workbook.xml", content))


def test_one_cell_far_away_makes_no_sheet_of_all_cells() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet().write_string(1_048_575, 16_383, "x")
    assert "allowed: at most 100000 rows and 1000 columns" in refused_workbook(buffer.getvalue())


BOMB = """
import io, resource, sys, zipfile
from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.sources import bufdir
body = sys.stdin.buffer.read()
dataset = load("norway").datasets["bufdir_monitor"].model_copy(update={"workbooks": ("3A",)})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    bufdir.read(body, dataset, "bomb.zip")
except BadInput as error:
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(grown, str(error)[:200])
"""


def bombs() -> dict[str, bytes]:
    """200 MB of nothing: as an entry, and in a workbook that is an entry itself."""
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED) as book, book.open("xl/worksheets/sheet1.xml", "w") as entry:
        for _ in range(200):
            entry.write(bytes(1_000_000))
    outer, inner = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as zipped, zipped.open("3A_x.xlsx", "w") as entry:
        for _ in range(200):
            entry.write(bytes(1_000_000))
    with zipfile.ZipFile(inner, "w") as zipped:
        zipped.writestr("3A_x.xlsx", sheet.getvalue())
    return {"an entry": outer.getvalue(), "in a workbook": inner.getvalue()}


@pytest.mark.parametrize("bomb", ["an entry", "in a workbook"])
def test_a_bomb_is_refused_in_bounded_memory(bomb: str) -> None:
    """200 MB packed into 200 kB; what is refused before it is unpacked adds less than 50 MB."""
    done = subprocess.run([sys.executable, "-c", BOMB], input=bombs()[bomb], capture_output=True, cwd=ROOT, check=True)
    grown, _, told = done.stdout.decode().partition(" ")
    assert int(grown) < 50_000 and "allowed: at most" in told


def refused_csv(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        delimited.read(text.encode("iso-8859-1"), KHR, "k.csv")
    return str(caught.value)


HEADER = "Rapporteringsenhet;År;Halvår;" + ";".join(KHR.measures) + ";Andel\r\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (";".join(f"c{n}" for n in range(1_000_000)) + "\n", "a line of 7888890 characters"),
        (";" * 5_000 + "\n", "header: given '5001 columns'; allowed: at most 1000 columns"),
        (HEADER + "301;2019;1;3;20;15,0" + "x" * 6_000 + "\n", "field: given 6004 characters; allowed: at most 5000"),
        (HEADER + '301;2019;1;3;20;"' + "\n" * 500, "a quoted field that does not close"),
        (HEADER + "301;2019;1;3;20;15,0\x00\n", "row 2: text: given '\\x00'; allowed: signs that can be seen"),
        (HEADER + "301;2019;1;3;20;15,0", "row 2: end: given '301;2019;1;3;20;15,0'; allowed: a last line that ends"),
        (HEADER + "301;2019;1;" + "9" * 400 + ";20;\n", "a number with decimal comma"),
        (HEADER + "301;2019;1;03;20;15,0\n", "given '03'; allowed: a number with decimal comma"),
        (HEADER + "301;2019;1;4;20;15,0\n", "row 2: Andel: given '15,0'; allowed: '4' of '20', per 100; one of the three is"),
        (HEADER + "301;2019;1;:;20;15,0\n", "Andel: given '15,0'; allowed: ':' of '20', per 100"),
        (HEADER + "0;2019;1;4;20;20,0\n301;2019;1;3;20;15,0\n", "total: given 4; allowed: 3, the sum of the units below"),
    ],
)  # fmt: skip
def test_text_that_is_too_wide_or_disagrees_with_itself(text: str, problem: str) -> None:
    assert problem in refused_csv(text)


def test_what_a_file_says_twice_must_be_the_same() -> None:
    body = b"year,code,name,validFrom,validTo\n2023,0301,Oslo,1838-01-01,\n2024,0301,Oslo,1838-01-01,\n2025,0301,Osio,1838-01-01,\n"
    with pytest.raises(
        BadInput, match="row 4: name: given 'Osio'; allowed: 'Oslo', as the other rows of 0301, 1838-01-01 say"
    ):
        delimited.read_reference(body, NORWAY["klass_codes"], "c.csv")


def test_a_list_with_a_row_a_year_has_each_year_of_a_span_once() -> None:
    body = b"year,code,name,validFrom,validTo\n2018,1432,F,2000-01-01,2020-01-01\n2021,1432,F,2000-01-01,2020-01-01\n"
    with pytest.raises(
        BadInput,
        match="row 2, 1432 F: year: given 2018, 2021; allowed: 2018: each year from 2000-01-01 until 2020-01-01",
    ):
        delimited.read_reference(body, NORWAY["klass_codes"], "c.csv")


@pytest.mark.parametrize(("country", "authority", "other", "passes"), [
    ("12", "5", "7", True), ("13", "5", "7", False), ("12", "5", "x", True), ("4", "5", "x", False),
])  # fmt: skip
def test_a_total_that_may_hold_more_than_its_known_parts(
    country: str, authority: str, other: str, passes: bool
) -> None:
    body = (
        "time_period,old_la_code,region_code,country_code,population_estimate\n"
        f"2024,,,E92000001,{country}\n2024,301,E12,E92000001,{authority}\n2024,302,E12,E92000001,{other}\n"
    ).encode()
    population = load("england").datasets["ons_population"]
    if passes:
        assert len(delimited.read(body, population, "o.csv")) == 3
    else:
        with pytest.raises(BadInput, match=f"total: given {country}; allowed: (12|5 or more), the sum of the units"):
            delimited.read(body, population, "o.csv")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"[" * 100_000, "depth: given 100000; allowed: at most 30"),
        (b'{"a": 1e999}', "a number that cannot be held, 1e999"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "a number of more than 15 digits"),
        (b'{"a": Infinity}', "JSON: given b'{\"a\": Infinity}'"),
        (b'{"a": 1, "a": 2}', "the key 'a' twice in one object"),
        ('{"a": 1}'.encode("utf-16"), "byte 0: encoding: given b'\\xff\\xfe{\\x00'; allowed: UTF-8"),
        (b"\xef\xbb\xbf{}", "JSON"),
    ],
)
def test_json_is_read_strictly(body: bytes, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        strict_json.parse(body, "f.json")
    assert problem in str(caught.value)


def test_a_small_json_does_not_become_a_large_table() -> None:
    names = ["KOKkommuneregion0000", "ContentsCode", "Tid", "A", "B"]
    dimension = {name: {"category": {"index": [str(n) for n in range(200)]}} for name in names}
    body = json.dumps({"id": names, "size": [200] * 5, "dimension": dimension, "value": {}}).encode()
    with pytest.raises(BadInput, match="dimension: given 320000000000; allowed: at most 5000000"):
        pxweb.read(body, SSB, "f.json")


def test_a_position_outside_the_declared_bounds() -> None:
    ring = [[10.0, 59.0], [10.0, 60.0], [100.0, 60.0], [10.0, 59.0]]
    feature = {
        "properties": {"kommunenr": "0301", "navn": "Oslo"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    with pytest.raises(BadInput, match=r"position: given \[100.0, 60.0\]; allowed: longitude 4 to 31.5"):
        geojson.read(json.dumps({"features": [feature]}).encode(), MAP, "map.geojson")


def test_neighbours_that_no_longer_share_a_position_of_their_border() -> None:
    def two(shared: float) -> bytes:
        west = [[10.0, 59.0], [10.0, 60.0], [10.5, 60.0], [10.4, 59.5], [10.5, 59.0], [10.0, 59.0]]
        east = [[11.0, 59.0], [10.5, 59.0], [shared, 59.5], [10.5, 60.0], [11.0, 60.0], [11.0, 59.0]]
        features = [
            {"properties": {"kommunenr": code, "navn": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
            for code, ring in (("0301", west), ("1101", east))
        ]
        return json.dumps({"features": features}).encode()

    assert len(geojson.read(two(10.4), MAP, "map.geojson")) == 2
    with pytest.raises(
        BadInput, match=r"0301 and 1101: position: given \[10.4, 59.5\] and \[10.6, 59.5\]; allowed: one"
    ):
        geojson.read(two(10.6), MAP, "map.geojson")


def test_a_file_too_large_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 3)
    for read, dataset in ((bufdir.read, MONITOR), (delimited.read, KHR), (pxweb.read, SSB), (geojson.read, MAP)):
        with pytest.raises(BadInput, match="size: given 4; allowed: at most 3 bytes"):
            read(b"abcd", dataset, "f")  # type: ignore[operator]
