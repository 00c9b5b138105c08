"""Three formats, one truth: what the readers read is what the simulation wrote, and where two formats say the same they agree."""

from functools import cache

import pandas as pd
import pytest

from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.simulation import truth
from pipeline.sources import bufdir, delimited, pxweb
from pipeline.sources.landing import scan
from pipeline.synthetic import reference

READ = {"delimited": delimited.read, "pxweb": pxweb.read, "bufdir_zip": bufdir.read}
REGISTRY = load("norway")
FORMATS = [
    ("khr_investigations", "khr"), ("khr_supervision", "khr"), ("khr_follow_up", "khr"), ("khr_plans", "khr"),
    ("khr_plans_evaluated", "khr"), ("ssb_12305", "json-stat2"), ("ssb_12275", "json-stat2"),
    ("ssb_12286", "json-stat2"), ("ssb_12870", "json-stat2"), ("ssb_12615", "json-stat2"), ("bufdir_monitor", "zip"),
]  # fmt: skip


@cache
def cells(dataset_id: str) -> pd.DataFrame:
    """The newest delivery of a dataset, as its reader reads it."""
    files = [file for file in scan(Settings().raw / "norway", REGISTRY.datasets) if file.sidecar.dataset == dataset_id]
    dataset = REGISTRY.datasets[dataset_id]
    return READ[dataset.kind](files[-1].body(), dataset, files[-1].file_id)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    """One row a cell of the truth: value before hiding, status, and what was published."""
    return truth(REGISTRY, *reference(REGISTRY)).counts


@pytest.mark.parametrize(("dataset_id", "kind"), FORMATS, ids=[dataset for dataset, _ in FORMATS])
def test_a_reader_reads_the_truth(counts: pd.DataFrame, dataset_id: str, kind: str) -> None:
    """Every cell that was published is read with its value, every other with the reason it was written with."""
    written = counts[counts["dataset"] == dataset_id].rename(
        columns={"municipality_code": "unit_code", "selection": "dimensions", "status": "reason", "value": "true_value"}
    )
    both = cells(dataset_id).merge(written, on=["unit_code", "period", "measure", "dimensions"], validate="one_to_one")
    assert len(both) == len(written) > 1000
    shown = both[both["reason"] == "ok"]
    assert (shown["status"] == "ok").all()
    pd.testing.assert_series_equal(shown["value"], shown["published"], check_names=False)
    hidden = both[both["reason"] == "suppressed_source"]
    assert hidden["value"].isna().all()
    # The monitor has one sign, "..", for hidden and for not reported: what the publisher merges cannot be told apart.
    assert (hidden["status"] == ("not_reported" if kind == "zip" else "suppressed_source")).all()
    assert (both.loc[both["reason"] == "not_reported", "status"] == "not_reported").all()
    assert ((both["value"] == 0) == (both["published"] == 0)).all()


@pytest.mark.parametrize(
    ("in_zip", "numerator", "denominator", "per", "decimals"),
    [
        ("1E Andel", ("ssb_12870", "KOSbvbarnust0000", "KOKalder0000=F000-017"), ("ssb_12305", "KOSsumfunksjon240000", ""), 1, 0),
        ("3C Andel", ("ssb_12305", "KOSsumfagutdanni0000", ""), ("ssb_07459", "Personer1", "Alder=000-017"), 1000, 1),
        ("1B Andel", ("ssb_12286", "KOSbvbarnus0000", ""), ("ssb_07459", "Personer1", "Alder=000-017"), 100, 1),
    ],
)  # fmt: skip
def test_the_zip_and_json_stat_agree(
    in_zip: str, numerator: tuple[str, ...], denominator: tuple[str, ...], per: int, decimals: int
) -> None:
    """A share of the monitor is the ratio of KOSTRA's counts, rounded; from 2020, as the monitor has today's borders."""

    def part(dataset: str, measure: str, dimensions: str) -> "pd.Series[float]":
        table = cells(dataset)
        chosen = table[(table["measure"] == measure) & (table["dimensions"] == dimensions) & (table["status"] == "ok")]
        return chosen.set_index(["unit_code", "period"])["value"]

    ratio = part(*numerator) / part(*denominator).where(lambda n: n > 0) * per
    monitor = cells("bufdir_monitor")
    shares = monitor[(monitor["measure"] == in_zip) & (monitor["status"] == "ok")].set_index(["unit_code", "period"])
    both = pd.concat({"ratio": ratio, "share": shares["value"]}, axis=1).dropna()
    both = both[both.index.get_level_values("unit_code").str.fullmatch(r"\d{4}")]
    both = both[both.index.get_level_values("period") >= "2020"]
    assert len(both) > 1200
    assert ((both["ratio"] - both["share"]).abs() <= 0.5 * 10**-decimals + 1e-9).all()


def test_khr_and_kostra_agree_on_nothing_being_lost() -> None:
    """KHR's country row is the sum of what was reported, so the reader's rows add up to the reader's own total."""
    table = cells("khr_plans")
    rows = table[table["unit_code"] != "0"].groupby(["period", "measure"])["value"].sum()
    country = table[table["unit_code"] == "0"].set_index(["period", "measure"])["value"]
    pd.testing.assert_series_equal(rows.sort_index(), country.sort_index())
