"""Four kinds of nothing in one tiny country: each keeps its name from the file to the tables that pages are made from."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.jobs import ANALYSES
from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.sources.landing import archive
from pipeline.warehouse.build import build
from pipeline.warehouse.release import connect

NUMERATOR, DENOMINATOR = load("norway").datasets["khr_supervision"].measures
KHR = f"""Rapporteringsenhet;År;Halvår;{NUMERATOR};{DENOMINATOR};Andel
1101;2019;1;4;20;20,0
1103;2019;1;:;20;:
1106;2019;1;;;
1108;2019;1;0;0;
1111;2019;1;0;12;0,0
1112;2019;1;:;:;
"""
CODES = "year,code,name\n" + "".join(
    f"{year},{code},Kommune {code}\n" for year in (2019, 2020) for code in (1101, 1103, 1106, 1108, 1111, 1112, 1114)
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry, settings = load("norway"), Settings(home=tmp_path_factory.mktemp("tiny"))
    for dataset, body in (("khr_supervision", KHR.encode("iso-8859-1")), ("klass_codes", CODES.encode())):
        day = datetime(2021, 3, 1, tzinfo=UTC)
        archive(settings.raw / "norway", registry.datasets[dataset], body, "csv", day, day, synthetic=True)
    return build(
        replace(
            registry,
            corrections=(),
            joint_services=(),
            alone=(),
            regions=(),
            cohorts=(),
            measures=(),
            protocols=(),
            split_weights=(),
            split_parts=(),
        ),
        settings,
        ANALYSES,
        date(2021, 3, 1),
    ).path


@pytest.mark.parametrize(
    ("code", "status", "numerator", "denominator", "bounds"),
    [
        ("1101", "ok", 4, 20, (None, None)),
        ("1103", "suppressed_source", None, 20, (1, 3)),
        ("1106", "not_reported", None, None, (None, None)),
        ("1108", "zero_denominator", None, 0, (None, None)),
        ("1111", "ok", 0, 12, (None, None)),
        ("1112", "suppressed_source", None, None, (None, None)),
        ("1114", "not_reported", None, None, (None, None)),
    ],
)
def test_each_nothing_keeps_its_name(
    tiny: Path, code: str, status: str, numerator: float, denominator: float, bounds: tuple
) -> None:
    with connect(tiny) as con:
        [row] = con.execute(
            """SELECT status, numerator, denominator, numerator_low, numerator_high FROM core.indicator_value
               WHERE indicator_id = 'foster_supervision_missed' AND unit_kind = 'municipality' AND unit_code = ?""",
            [code],
        ).fetchall()
    assert row == (status, numerator, denominator, *bounds)


def test_the_country_sums_what_is_known_and_says_how_much_that_is(tiny: Path) -> None:
    with connect(tiny) as con:
        [row] = con.execute(
            """SELECT numerator, denominator, value, status, parts_present, parts_total FROM core.indicator_value
               WHERE indicator_id = 'foster_supervision_missed' AND unit_kind = 'country'"""
        ).fetchall()
    assert row == (4, 32, 12.5, "incomplete_merger", 3, 7)
