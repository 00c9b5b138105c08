"""The monitor's ZIP, read with zipfile and openpyxl."""

import io
import zipfile

import openpyxl
import pytest

DAY = "2026-09-04"
LETTERS = [
    *["1A", "1B", "1C", "1D", "1E", "1F", "2A", "2B", "2C", "2D", "2E", "2F"],
    *["3A", "3C", "3I", "3L", "3M", "4A", "4B", "4C", "4D", "4E", "4F"],
]
YEARS = [str(year) for year in range(2015, 2026)]


@pytest.fixture(scope="module")
def archive(body):
    return zipfile.ZipFile(io.BytesIO(body["bufdir_monitor", DAY]))


def grid(archive, name: str, sheet: str = "Sheet1") -> list[list[str | None]]:
    book = openpyxl.load_workbook(io.BytesIO(archive.read(name)), read_only=True)
    rows = [list(row) for row in book[sheet].iter_rows(values_only=True)]
    book.close()
    return rows


@pytest.fixture(scope="module")
def books(archive):
    """Letter → its rows; each workbook parsed once."""
    return {name[:2]: grid(archive, name) for name in archive.namelist() if name[:2] in LETTERS}


@pytest.fixture(scope="module")
def texts(books):
    """(letter and number format, region, year) → what stands in the cell."""
    return {
        (f"{letter} {row[2]}", row[0], year): text
        for letter, rows in books.items()
        for row in rows[3:]
        for year, text in zip(YEARS, row[3:] + [None] * (11 - len(row[3:])), strict=True)
    }


def test_there_are_twenty_four_workbooks_as_declared(archive, registry):
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == 24 and all(name.endswith(".xlsx") for name in names)
    declared = registry.datasets["bufdir_monitor"]
    assert [name[:2] for name in names[:-1]] == list(declared.workbooks) == LETTERS
    assert names[-1] == "Turnover_kommunalt barnevern_2016-2024.xlsx"
    assert names[-1].startswith(declared.pair_workbooks[0].begins)
    assert {"3A_fristbrudd_undersøkelser.xlsx", "3M_turnover_saksbehandlere.xlsx"} <= set(names)


def test_the_header_stands_on_the_third_row_under_the_files_name(archive, books):
    stems = {name[:2]: name.removesuffix(".xlsx") for name in archive.namelist()}
    for letter, rows in books.items():
        assert rows[0][0] == stems[letter] and not any(rows[0][1:])
        assert not any(rows[1])
        assert rows[2] == ["Region", "Regionnavn", "Tallformat", *YEARS]


def test_all_cells_are_strings_and_regions_are_todays(books, known):
    today = set(known.services.loc[known.services["year"] == 2025, "municipality_code"])
    for letter, rows in books.items():
        assert all(cell is None or isinstance(cell, str) for row in rows for cell in row)
        regions = {row[0] for row in rows[3:]}
        assert {each for each in regions if len(each) == 4} == today | {"2111"}, letter
        assert len({each for each in regions if len(each) == 2}) == 16 and "0" in regions


def test_svalbard_is_there_without_numbers(texts):
    assert {text for (_, region, _), text in texts.items() if region in ("21", "2111")} == {None}


def test_every_cell_is_the_truth_or_the_sign_of_its_reason(texts, known):
    rows = known.counts[known.counts["dataset"] == "bufdir_monitor"]
    expected = {}
    for row in rows.itertuples():
        value = {"not_applicable": "."}.get(row.status, "..") if row.status != "ok" else row.value
        expected[row.measure, row.municipality_code, row.period] = value
    found = {key: text for key, text in texts.items() if key[1] not in ("21", "2111")}
    assert found.keys() == expected.keys()
    for key, text in found.items():
        if isinstance(expected[key], str):
            assert text == expected[key], key
        else:
            assert float(text.replace(",", ".")) == pytest.approx(expected[key]), key


def test_kroner_are_called_andel_and_have_a_comma_and_no_thousands_separator(texts):
    value = texts["2B Andel", "0301", "2025"]
    assert value.count(",") == 1 and value.replace(",", "").isdigit() and float(value.replace(",", ".")) > 50_000


@pytest.mark.parametrize(
    ("book", "table", "selection", "measure"),
    [
        ("1A Antall", "ssb_12275", "KOKalder0000=F000-017;KOKbvfunksjon0000=0", "KOSbvbarntiltaka0000"),
        ("1B Antall", "ssb_12286", "", "KOSbvbarnus0000"),
        ("1C Antall", "ssb_12275", "KOKalder0000=F000-017;KOKbvfunksjon0000=2", "KOSbvbarntiltaka0000"),
        ("1E Antall", "ssb_12870", "KOKalder0000=F000-017", "KOSbvbarnust0000"),
        ("3C Antall", "ssb_12305", "", "KOSsumfagutdanni0000"),
        ("3C Andel", "ssb_12305", "", "KOSsumfagutd0000"),
        ("4F Antall", "ssb_12615", "", "KOSbvbarnmelding0000"),
    ],
)
def test_unmerged_municipalities_have_ssbs_revised_numbers(texts, known, book, table, selection, measure):
    place = (known.counts[["dataset", "selection", "measure"]] == [table, selection, measure]).all(axis=1)
    ssb = known.counts[place & (known.counts["period"] >= "2024")]
    assert len(ssb) == 2 * 357
    for row in ssb.itertuples():
        text = texts[book, row.municipality_code, row.period]
        assert text == ".." if row.status != "ok" else float(text.replace(",", ".")) == pytest.approx(row.value)


def test_caseload_is_ssbs_children_over_ssbs_positions(texts, known):
    counts = known.counts[known.counts["period"] == "2025"].set_index("municipality_code")
    is_children = counts[["measure", "selection"]] == ["KOSbvbarnust0000", "KOKalder0000=F000-017"]
    children = counts.loc[is_children.all(axis=1), "published"]
    positions = counts.loc[counts["measure"] == "KOSsumfunksjon240000", "published"]
    nobody = positions.index[positions == 0]
    assert {texts["1E Andel", code, "2025"] for code in nobody} <= {".."}
    ratio = (children / positions).drop(nobody).dropna()
    assert len(ratio) > 330
    for code, value in ratio.items():
        assert float(texts["1E Andel", code, "2025"].replace(",", ".")) == pytest.approx(value, abs=0.0501)


def test_history_before_a_merger_is_the_sum_of_the_parts(texts, known):
    counts = known.counts[(known.counts["dataset"] == "ssb_12286") & (known.counts["period"] == "2019")]
    parts = counts[counts["municipality_code"].isin(["1430", "1431", "1432", "1433"])]
    assert len(parts) == 4  # Sunnfjord 4647
    expected = str(int(parts["value"].sum())) if (parts["status"] == "ok").all() else ".."
    assert texts["1B Antall", "4647", "2019"] == expected != ".."


def test_a_merger_with_a_part_missing_is_missing(texts, known):
    merged = known.services[known.services["year"] == 2019].groupby("current_code")["municipality_code"].agg(list)
    counts = known.counts[(known.counts["measure"] == "KOSbvbarntiltaka0000") & (known.counts["period"] == "2019")]
    placed = counts[counts["selection"] == "KOKalder0000=F000-017;KOKbvfunksjon0000=2"].set_index("municipality_code")
    incomplete = 0
    for current, parts in merged[merged.map(len) > 1].items():
        if (placed.loc[parts, "status"] != "ok").any():
            assert texts["1C Antall", current, "2019"] == ".."
            incomplete += 1
    assert incomplete > 3


def test_split_places_have_two_dots_before_the_split(texts):
    for code, year in {"1806": 2020, "1875": 2020, "5055": 2020, "5056": 2020, "5059": 2020, "1508": 2024}.items():
        assert {texts["4A Andel", code, each] for each in YEARS if int(each) < year} == {".."}
        assert all("," in texts["4A Andel", code, each] for each in YEARS if int(each) >= year)
    assert "," in texts["4A Andel", "3905", "2016"]  # Tønsberg got a strip of Stokke; that breaks nothing


def test_breaches_are_the_two_half_years_of_the_same_truth_and_start_with_the_register(texts, world):
    assert {texts["3A Andel", "0301", year] for year in YEARS[:6]} == {"."}
    years = world.half_years[(world.half_years["year"] == 2024) & (world.half_years["code"] == "0301")]
    assert len(years) == 2
    breaches, concluded = (years[f"deadline_breaches_{part}"].sum() for part in ("numerator", "denominator"))
    assert texts["3A Antall", "0301", "2024"] == str(breaches)
    assert float(texts["3A Andel", "0301", "2024"].replace(",", ".")) == pytest.approx(
        100 * breaches / concluded, abs=0.0501
    )


def test_turnover_has_a_workbook_of_its_own_layout_that_agrees_with_3m(archive, texts):
    name = archive.namelist()[-1]
    assert "SYNTETISK" in grid(archive, name, "Info")[1][0]
    header, *rows = grid(archive, name, "Turnover saksbehandlere")
    assert header == ["Kommune", *[f"{year - 1}-{year}" for year in range(2017, 2025)]]
    assert len(rows) == 357
    for row in rows:
        assert row[1:] == [texts["3M Andel", row[0][:4], str(year)] for year in range(2017, 2025)]
    assert {texts["3M Andel", "0301", year] for year in ("2015", "2025")} == {"."}
