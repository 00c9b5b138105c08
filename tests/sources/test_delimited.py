"""Text files of separated values, as KHR and the English releases come."""

import pytest

from pipeline.problems import BadInput
from pipeline.registry.dataset import DelimitedDataset, ReferenceDataset
from pipeline.registry.load import load
from pipeline.sources.delimited import read, read_reference

KHR = load("norway").datasets["khr_plans_evaluated"]
NUMERATOR, DENOMINATOR = KHR.measures
HEADER = f"Rapporteringsenhet;År;Halvår;{NUMERATOR};{DENOMINATOR};Andel"


def khr(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode("iso-8859-1")


def refused(body: bytes, dataset: DelimitedDataset = KHR) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(body, dataset, "khr.csv")
    return [str(problem) for problem in caught.value.problems]


def test_the_double_space_in_a_column_name_is_declared() -> None:
    assert "Med  Tiltaksplan" in NUMERATOR


def test_lost_zeros_come_back_and_missing_keeps_its_reason() -> None:
    cells = read(
        khr("101;2019;1;3;20;15,0", "301;2019;2;:;20;", "1103;2019;2;;..;", "2111;2019;2;0;0;"), KHR, "khr.csv"
    )
    rows = cells.set_index(["unit_code", "measure"])
    assert rows.loc[("0101", NUMERATOR), ["period", "value", "place"]].tolist() == [
        "2019H1", 3.0, f"row 2, column {NUMERATOR}",
    ]  # fmt: skip
    assert rows.loc[("0301", NUMERATOR), "status"] == "suppressed_source"
    assert rows.loc["1103", "status"].tolist() == ["not_reported", "not_reported"]
    assert rows.loc["2111", "value"].tolist() == [0.0, 0.0]


def test_the_country_row_is_not_padded_to_a_municipality() -> None:
    assert read(khr("0;2019;1;3;20;15,0"), KHR, "khr.csv")["unit_code"].unique().tolist() == ["0"]


def test_decimal_comma() -> None:
    assert read(khr("301;2019;1;3,5;20;17,5"), KHR, "khr.csv")["value"].tolist() == [3.5, 20.0]


def test_more_decimals_than_declared() -> None:
    assert refused(khr("301;2019;1;3,5;20;17,5"), KHR.model_copy(update={"decimals": 0})) == [
        f"khr.csv: row 2, column {NUMERATOR}: {NUMERATOR}: given '3,5'; allowed: at most 0 decimals"
    ]


def test_a_decimal_point_where_a_comma_is_declared() -> None:
    assert refused(khr("301;2019;1;3.5;20;17,5")) == [
        f"khr.csv: row 2, column {NUMERATOR}: {NUMERATOR}: given '3.5'; allowed: a number with decimal comma, or a "
        "symbol: ':', '..', '.'"
    ]


def test_an_empty_file() -> None:
    assert refused(b"") == ["khr.csv: file: given 'an empty file'; allowed: a header and at least one row"]
    assert refused(khr()) == ["khr.csv: row 2: row: given no rows; allowed: at least one row below the header"]


def test_a_header_that_changed() -> None:
    header = HEADER.replace("  ", " ")
    assert refused(khr("301;2019;1;3;20;15,0", header=header)) == [
        f"khr.csv: row 1: header: given {header!r}; allowed: one column named {name!r}" for name in KHR.measures
    ]


def test_a_row_with_too_few_fields_is_not_filled_up() -> None:
    assert refused(khr("301;2019;1;3;20;15,0", "1103;2019;1;3")) == [
        "khr.csv: row 3: row: given 4 fields; allowed: 6 fields"
    ]


def test_years_and_half_years() -> None:
    assert refused(khr("301;19;1;3;20;15,0")) == ["khr.csv: row 2: År: given '19'; allowed: a year of four digits"]
    assert refused(khr("301;2019;3;3;20;15,0")) == ["khr.csv: row 2: Halvår: given '3'; allowed: 1 or 2"]


def test_bytes_that_are_not_in_the_declared_encoding() -> None:
    dataset = KHR.model_copy(update={"encoding": "utf-8"})
    [problem] = refused(khr("301;2019;1;3;20;15,0"), dataset)
    assert problem.startswith("khr.csv: byte 19: encoding: given b'\\xc5r;H'; allowed: utf-8")


def test_many_bad_cells_are_counted_not_all_told() -> None:
    problems = refused(khr(*(f"{code};2019;1;x;20;" for code in range(1000, 1030))))
    assert len(problems) == 21 and "30 such cells" in problems[-1]


def test_the_first_filled_unit_column_counts() -> None:
    dataset = load("england").datasets["ons_population"]
    body = b"time_period,old_la_code,region_code,country_code,population_estimate\n2024,,,E92000001,3\n2024,301,E12000007,E92000001,3\n"
    assert read(body, dataset, "ons.csv")["unit_code"].tolist() == ["E92000001", "301"]


def test_a_code_list_gets_the_names_of_its_role() -> None:
    dataset = load("norway").datasets["klass_codes"]
    assert isinstance(dataset, ReferenceDataset)
    body = b"year,code,name,validFrom,validTo\n2024,0301,Oslo,,\n2024,9999,Uoppgitt,,\n"
    table = read_reference(body, dataset, "codes.csv")
    assert table.to_dict("records") == [{"year": "2024", "code": "0301", "name": "Oslo", "line": "2"}]
