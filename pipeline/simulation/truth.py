"""What is true in the synthetic country: true rates, exact counts, and why a cell cannot be seen."""

from dataclasses import dataclass

import pandas as pd

from pipeline.registry.dataset import PxwebDataset
from pipeline.registry.model import Indicator
from pipeline.simulation.counts import HALF_YEARLY
from pipeline.simulation.khr import khr_cells, reports
from pipeline.simulation.monitor_cells import monitor_cells
from pipeline.simulation.pxweb import pxweb_cells
from pipeline.simulation.pxweb_tables import TABLES
from pipeline.simulation.world import World

COUNTS = ["dataset", "measure", "selection", "municipality_code", "period", "value", "status", "published"]
YEARLY = {  # indicator: expected numerator and expected denominator
    "caseload": ("mean_children", "mean_positions"),
    "caseworker_turnover": ("mean_leavers", "mean_positions"),
    "qualified_positions": ("mean_qualified", "children"),
}


@dataclass(frozen=True)
class Truth:
    """The known truth.

    services: one row per municipality and year: year, municipality_code, current_code, service_id.
    rates: one row per service, ranked indicator and period of its series: service_id, indicator_id, era, period,
        rate in the unit of the indicator, exposure (expected denominator).
    counts: one row per dataset, measure, selection, municipality and period that existed; KOSTRA is the revised
        vintage. value is true; published is what the file shows, and is NaN unless status is "ok". A planted
        error is the one place where a published number differs from the value.
        selection: other dimension values, such as "KOKalder0000=F000-017". In bufdir_monitor, municipality_code
        is that of the last year (country and counties too), a measure is "<letter> <Tallformat>", history is
        summed, and a share is rounded as published.
    effects: one row per service and ranked indicator: effect is the persistent one, positive = greater need, on
        the logit scale for shares and the log scale for others.
    """

    services: pd.DataFrame
    rates: pd.DataFrame
    counts: pd.DataFrame
    effects: pd.DataFrame


def truth_of(world: World) -> Truth:
    """The truth of a country."""
    services = world.years[["year", "code", "current_code", "service_id"]]
    services = services.rename(columns={"code": "municipality_code"})
    counts = pd.concat([_khr(world), _pxweb(world), _monitor(world)], ignore_index=True)[COUNTS]
    wide = pd.DataFrame(world.effects.persistent).assign(service_id=world.effects.services)
    effects = wide.melt(id_vars="service_id", var_name="indicator_id", value_name="effect")
    return Truth(services.reset_index(drop=True), _rates(world), counts, effects)


def _rates(world: World) -> pd.DataFrame:
    """True rates of all ranked indicators in all their series."""
    parts = []
    for indicator in world.registry.ranked:
        expected = _expected(world, indicator.id)
        for series in indicator.series:
            by_year = series.frequency == "year"
            period = expected["year"].astype(str) if by_year else expected["period"]
            frame = expected.assign(period=period, era=series.era, indicator_id=indicator.id)
            shown = frame[(period >= series.first_period) & (period <= (series.last_period or "9999"))]
            pooled = _pooled(_published_only(shown, indicator, world))
            parts.append(pooled.assign(rate=pooled["rate"] * indicator.per))
    return pd.concat(parts, ignore_index=True)


def _expected(world: World, indicator: str) -> pd.DataFrame:
    """Expected numerator and denominator per municipality and half-year, or year."""
    if indicator in HALF_YEARLY:
        frame = world.half_years
        exposure = frame[f"mean_{indicator}"]
        expected = exposure * frame[f"true_{indicator}"]
    else:
        numerator, denominator = YEARLY[indicator]
        frame = world.years.assign(
            mean_leavers=world.years["mean_positions"] * world.years["true_turnover"],
            mean_qualified=world.years["mean_positions"] * world.years["true_qualified_share"],
        )
        exposure, expected = frame[denominator], frame[numerator]
    columns = {
        "service_id": frame["service_id"],
        "year": frame["year"],
        "numerator": expected,
        "denominator": exposure,
    }
    period = frame["period"] if "period" in frame else frame["year"].astype(str)
    return pd.DataFrame(columns | {"period": period})


def _published_only(frame: pd.DataFrame, indicator: Indicator, world: World) -> pd.DataFrame:
    """Turnover ends with the last year of the monitor's workbook; the registry leaves its series open."""
    if indicator.id != "caseworker_turnover":
        return frame
    return frame[frame["year"] <= world.parameters.monitor.turnover_last_year]


def _pooled(frame: pd.DataFrame) -> pd.DataFrame:
    """Rate and exposure per service and period, over its municipalities."""
    keys = ["service_id", "indicator_id", "era", "period"]
    sums = frame.groupby(keys, as_index=False)[["numerator", "denominator"]].sum()
    sums["rate"] = sums["numerator"] / sums["denominator"]
    return sums.rename(columns={"denominator": "exposure"})[[*keys, "rate", "exposure"]]


def _khr(world: World) -> pd.DataFrame:
    parts = []
    for report in reports(world.registry):
        cells = khr_cells(world, report).rename(columns={"code": "municipality_code"})
        for part, measure in (("numerator", report.numerator), ("denominator", report.denominator)):
            written = cells["written_numerator" if part == "numerator" else part]
            frame = cells.assign(dataset=report.dataset.id, measure=measure, selection="", value=cells[part])
            status = frame[f"status_{part}"]
            parts.append(frame.assign(status=status, published=written.where(status == "ok")))
    return pd.concat(parts)[COUNTS]


def _pxweb(world: World) -> pd.DataFrame:
    parts = []
    for table, cells in TABLES.items():
        dataset = world.registry.datasets[table]
        if not isinstance(dataset, PxwebDataset):
            continue
        for cell in cells:
            frame = pxweb_cells(world, dataset, cell).rename(columns={"code": "municipality_code"})
            frame = frame.assign(dataset=table, measure=cell.measure, selection=cell.selection)
            parts.append(frame.assign(period=frame["year"].astype(str)))
    frame = pd.concat(parts)
    return frame.assign(published=frame["value"].where(frame["status"] == "ok"))[COUNTS]


def _monitor(world: World) -> pd.DataFrame:
    cells = monitor_cells(world).rename(columns={"region": "municipality_code"})
    return cells.assign(
        dataset="bufdir_monitor",
        selection="",
        measure=cells["letter"] + " " + cells["number_format"],
        period=cells["year"].astype(str),
        published=cells["value"].where(cells["status"] == "ok"),
    )[COUNTS]
