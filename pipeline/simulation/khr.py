"""The half-yearly report (KHR), 2013-2020: one delimited file per indicator, as the cube's extracts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.registry.dataset import DelimitedDataset
from pipeline.registry.load import Registry
from pipeline.registry.model import Part
from pipeline.simulation.world import World, half_away

# Bufdir hides 1-3 in the supervision table, and only there.
HIDING = "khr_supervision"
SHARE_COLUMNS = {
    "khr_investigations": "Fosthj Fylkesmannens vurd fristovers andel",
    "khr_supervision": "Fosthj Andel barn plassert mer enn 1 år tilsynskrav ikke oppfylt",
}


@dataclass(frozen=True)
class Report:
    """One file: its dataset, its indicator, and the columns of the numerator and the denominator."""

    dataset: DelimitedDataset
    indicator: str
    numerator: str
    denominator: str

    @property
    def header(self) -> list[str]:
        """The header as published."""
        share = SHARE_COLUMNS.get(self.dataset.id, "Andel")
        return ["Rapporteringsenhet", "År", "Halvår", self.numerator, self.denominator, share]


def reports(registry: Registry) -> list[Report]:
    """The KHR files that ranked indicators are read from, by dataset id."""
    found = []
    for indicator in registry.ranked:
        for series in indicator.series:
            numerator, dataset = series.numerator, registry.datasets[series.denominator.dataset]
            if series.frequency == "half_year" and numerator and isinstance(dataset, DelimitedDataset):
                found.append(Report(dataset, indicator.id, _only(numerator), _only(series.denominator)))
    return sorted(found, key=lambda each: each.dataset.id)


def _only(part: Part) -> str:
    (measure,) = part.measures
    return measure


def khr_cells(world: World, report: Report) -> pd.DataFrame:
    """One row per municipality and half-year: true numerator and denominator, and their statuses.

    written_numerator carries a planted error; status_share is that of the ready-made share.
    """
    half_years = world.half_years[world.half_years["year"] <= world.parameters.khr_last_year]
    cells = half_years[["code", "year", "half", "period", "not_reported_khr"]].copy()
    for part in ("numerator", "denominator"):
        cells[part] = half_years[f"{report.indicator}_{part}"]
    cells["written_numerator"] = cells["numerator"] * _planted_factor(world, report, cells)
    hides = report.dataset.id == HIDING
    limits = report.dataset.hidden
    for part in ("numerator", "denominator"):
        written = cells["written_numerator" if part == "numerator" else part]
        hidden = hides & written.between(limits.low, limits.high) if limits else written < 0
        cells[f"status_{part}"] = np.select(
            [cells["not_reported_khr"], hidden], ["not_reported", "suppressed_source"], "ok"
        )
    any_hidden = (cells[["status_numerator", "status_denominator"]] == "suppressed_source").any(axis=1)
    cells["status_share"] = np.select(
        [cells["not_reported_khr"], any_hidden, cells["denominator"] == 0],
        ["not_reported", "suppressed_source", "zero_denominator"],
        "ok",
    )
    return cells.reset_index(drop=True)


def _planted_factor(world: World, report: Report, cells: pd.DataFrame) -> pd.Series:
    factor = pd.Series(1, index=cells.index)
    for error in world.parameters.planted_errors:
        if error.indicator == report.indicator:
            place = (cells["code"] == error.municipality_code) & (cells["period"] == error.period)
            factor[place] = error.factor
    return factor


def khr_body(world: World, report: Report) -> bytes:
    """The file: ISO-8859-1, decimal comma, CRLF; codes have lost their leading zero; 0 is the country."""
    cells = khr_cells(world, report)
    signs = {"ok": None, "not_reported": "", "suppressed_source": ":", "zero_denominator": ""}
    share = half_away(cells["written_numerator"] / cells["denominator"].where(cells["denominator"] > 0) * 100, 1)
    written = pd.DataFrame(
        {
            "code": cells["code"].astype(int),
            "year": cells["year"],
            "half": cells["half"],
            "numerator": _signed(cells["written_numerator"].astype(str), cells["status_numerator"], signs),
            "denominator": _signed(cells["denominator"].astype(str), cells["status_denominator"], signs),
            "share": _signed(pd.Series(_comma(share), index=cells.index), cells["status_share"], signs),
        }
    )
    rows = pd.concat([_country(cells), written]).sort_values(["year", "half", "code"], kind="stable")
    lines = [report.dataset.separator.join(report.header)]
    lines += [report.dataset.separator.join(map(str, row)) for row in rows.itertuples(index=False)]
    return ("\r\n".join(lines) + "\r\n").encode(report.dataset.encoding)


def _country(cells: pd.DataFrame) -> pd.DataFrame:
    """The country per half-year: the sum of what was reported, errors and hidden numbers included."""
    reported = cells[~cells["not_reported_khr"]]
    sums = reported.groupby(["year", "half"], as_index=False)[["written_numerator", "denominator"]].sum()
    share = half_away(sums["written_numerator"] / sums["denominator"] * 100, 1)
    return pd.DataFrame(
        {
            "code": 0,
            "year": sums["year"],
            "half": sums["half"],
            "numerator": sums["written_numerator"].astype(str),
            "denominator": sums["denominator"].astype(str),
            "share": _comma(share),
        }
    )


def _comma(share: np.ndarray) -> list[str]:
    return [f"{each:.1f}".replace(".", ",") for each in share]


def _signed(text: pd.Series, status: pd.Series, signs: dict[str, str | None]) -> pd.Series:
    """The text, or the publisher's sign where the status is not ok."""
    return text.where(status == "ok", status.map(signs))
