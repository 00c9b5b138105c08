from io import BytesIO

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.registry.load import Registry
from pipeline.reports import shortlist

HEAD = 8  # the row of the headings


def sheets(tables: dict, registry: Registry, office: str = "rogaland") -> list[Worksheet]:
    content = shortlist.render(tables, registry)[f"shortlists/{office}.xlsx"]
    return openpyxl.load_workbook(BytesIO(content)).worksheets


def columns(sheet: Worksheet) -> dict[str, int]:
    """Heading → column number; the first of each name."""
    found: dict[str, int] = {}
    for cell in sheet[HEAD]:
        found.setdefault(str(cell.value), cell.column)
    return found


def test_one_pack_an_office_that_has_services_in_its_language(tables: dict, registry: Registry) -> None:
    packs = shortlist.render(tables, registry)
    assert list(packs) == ["shortlists/innlandet.xlsx", "shortlists/rogaland.xlsx"]
    assert sheets(tables, registry)[0]["A1"].value == "Liste til vurdering: Statsforvaltaren i Rogaland"
    assert sheets(tables, registry, "innlandet")[0]["A1"].value == "Liste til vurdering: Statsforvalteren i Innlandet"


def test_twice_the_same_bytes(tables: dict, registry: Registry) -> None:
    assert shortlist.render(tables, registry) == shortlist.render(tables, registry)


def test_services_stand_by_tier_and_name_and_only_the_office_s_own(tables: dict, registry: Registry) -> None:
    listed = [cell.value for cell in sheets(tables, registry)[0]["A"][HEAD:]]
    assert listed == ["Ærø", "Ås", "=1+1"]


def test_a_name_that_looks_like_a_formula_is_text(tables: dict, registry: Registry) -> None:
    sheet = sheets(tables, registry)[0]
    assert sheet.cell(HEAD + 3, 1).data_type == "s"
    assert not any(
        cell.data_type == "f" for page in sheets(tables, registry) for row in page.iter_rows() for cell in row
    )


def test_numbers_are_numbers_and_places_are_spans(tables: dict, registry: Registry) -> None:
    sheet = sheets(tables, registry)[0]
    at = columns(sheet)
    chance = sheet.cell(HEAD + 1, at["Sannsyn, blant dei 15"])
    assert chance.value == 0.97 and "%" in chance.number_format
    assert sheet.cell(HEAD + 1, at["Plass (90 %)"]).value == "mellom nr. 1 og nr. 2"
    assert sheet.cell(HEAD + 1, at["mengd"]).value == 7 and sheet.cell(HEAD + 1, at["av"]).value == 30
    assert sheet.cell(HEAD + 1, at["landet (median)"]).value == 9
    assert sheet.cell(HEAD + 2, at["mengd"]).value == 0, "a true zero is a number"


def test_the_path_and_the_notes_are_words(tables: dict, registry: Registry) -> None:
    sheet = sheets(tables, registry)[0]
    at = columns(sheet)
    assert sheet.cell(HEAD + 2, at["utvikling"]).value == "2025: 0 av 12"
    assert sheet.cell(HEAD + 3, at["utvikling"]).value == "2025: skjult av kjelda (1–3) av 20"
    expected = "Venta dei neste to åra: 13,0 % (6,0–22,0); kravet er ikkje alltid oppfylt; "
    assert sheet.cell(HEAD + 3, at["merknad"]).value == expected + "1 tal skjult av kjelda"


def test_how_it_holds_stands_beside_the_probability(tables: dict, registry: Registry) -> None:
    sheet = sheets(tables, registry)[0]
    at = columns(sheet)
    row = [sheet.cell(HEAD + 2, at[each]).value for each in ("Dialoglista", "Eigne tal (del)")]
    assert row == ["på dialoglista", 0.2]
    assert sheet.cell(HEAD + 2, at["Blant dei 15 med andre metodeval (del)"]).value == 0.95
    told = {str(cell.value) for cell in sheets(tables, registry)[-1]["A"]}
    assert told >= {"Dialoglista", "Eigne tal (del)", "Blant dei 15 med andre metodeval (del)"}


def test_the_answer_columns_are_empty_and_have_a_drop_down(tables: dict, registry: Registry) -> None:
    sheet = sheets(tables, registry)[0]
    at = columns(sheet)["Vurdering"]
    [rule] = sheet.data_validations.dataValidation
    assert rule.formula1 == '"samd,byt ut,legg til,nei"'
    letter = openpyxl.utils.get_column_letter(at)
    assert str(rule.sqref) == f"{letter}{HEAD + 1}:{letter}{HEAD + 3}"
    assert [sheet.cell(row, at).value for row in range(HEAD + 1, HEAD + 4)] == [None] * 3


def test_those_not_ranked_have_a_sheet_with_the_reason(tables: dict, registry: Registry) -> None:
    rows = list(sheets(tables, registry)[2].iter_rows(values_only=True))
    assert rows[-1][0] == "Tomt" and str(rows[-1][3]).startswith("For lite rapportert")


def test_frozen_filtered_and_printed_on_one_page_across(tables: dict, registry: Registry) -> None:
    sheet = sheets(tables, registry)[0]
    assert sheet.freeze_panes == f"B{HEAD + 1}" and sheet.auto_filter.ref.startswith(f"A{HEAD}:")
    assert (
        sheet.page_setup.orientation == "landscape"
        and sheet.sheet_properties.pageSetUpPr.fitToPage
        and sheet.page_setup.fitToHeight == 0
    )


@pytest.mark.parametrize("page", [0, 1, 2, 3, 4, 5])
def test_synthetic_is_said_on_every_sheet(tables: dict, synthetic: dict, registry: Registry, page: int) -> None:
    real, made_up = sheets(tables, registry)[page], sheets(synthetic, registry)[page]
    assert "(syntetiske tal)" in made_up["A1"].value and made_up["A3"].value.startswith("Syntetiske tal.")
    assert "yntetiske" not in real["A1"].value + real["A3"].value


def test_the_unlikely_stand_on_a_sheet_of_their_own(tables: dict, registry: Registry) -> None:
    ranking = tables["mart.ranking"]
    tables["mart.ranking"] = ranking.assign(tier=ranking["tier"].where(ranking["name"] != "Ås", "E"))
    listed, others, *_ = sheets(tables, registry)
    assert [cell.value for cell in listed["A"][HEAD:]] == ["Ærø", "=1+1"]
    assert (others.title, [cell.value for cell in others["A"][HEAD:]]) == ("Andre tenester", ["Ås"])


def test_only_what_is_worse_than_in_the_country_is_a_reason(tables: dict, registry: Registry) -> None:
    estimates = tables["mart.estimate"]
    tables["mart.estimate"] = estimates.assign(country_median=estimates["value"])
    sheet = sheets(tables, registry)[0]
    assert sheet.cell(HEAD + 1, columns(sheet)["Det som tel mest"]).value == "Ingen tal er dårlegare enn i landet."


def test_an_office_with_guided_services_has_their_verdicts(tables: dict, registry: Registry) -> None:
    page = next(each for each in sheets(tables, registry) if each.title == "Hjelpte rettleiinga")
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    told = [row[:3] for row in rows if row[0] in ("Ærø", "Ås")]
    assert [row[0] for row in told] == ["Ærø", "Ærø", "Ås", "Ås"]
    assert told[0][2] == "for lite å byggje på; for få saker før utveljinga"
    assert told[2][2] == "betra meir enn venta, ikkje stadfesta"
    [heading] = [cell for row in page.iter_rows() for cell in row if "Venta endring utan rettleiing" in str(cell.value)]
    assert (page.row_dimensions[heading.row].height or 0) >= 15 * len(
        str(heading.value)
    ) / 30  # the whole heading is seen
    head = [str(row[0]).replace("\N{NO-BREAK SPACE}", " ") for row in rows]
    assert any("er ikkje prov for noko" in each for each in head)
    assert any(
        "ein skilnad på om lag 7,0 poeng i 80 % av tilfella" in each and "ikkje ei enkelt teneste" in each
        for each in head
    )
    assert any("om lag 0,0 av dei 2 for pulja likevel blitt «betra meir enn venta»" in each for each in head)
    assert len(sheets(tables, registry, "innlandet")) == len(sheets(tables, registry)) - 1
    listed = tables | {"mart.cohort_service": tables["mart.cohort_service"].assign(is_synthetic=True)}
    assert "Hjelpte rettleiinga" not in [each.title for each in sheets(listed, registry)]
