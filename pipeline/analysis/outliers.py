"""Figures to look at again in the newest period: far from all others, from their own past, or from the period before.

Table: result.outlier. Counts are judged, not percentages, so that one case more in a small place is no alarm; of what
is pointed out in a series, at most one in twenty is expected to be chance. Pointing out is not correcting.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.methods.outliers import discoveries, expected_from, moved, scatter, surprise
from pipeline.registry.load import Registry

Floats = NDArray[np.float64]

FALSE_SHARE = 0.05
TINY = 1e-12
OUTLIER = {"indicator_id": "str", "era": "str", "municipality_code": "str", "period": "str", "judged_by": "str"}
OUTLIER |= {"period_before": "str", "numerator": "float64", "denominator": "float64", "expected_numerator": "float64"}
OUTLIER |= {
    "scatter": "float64",
    "surprise": "float64",
    "direction": "str",
    "is_outlier": "bool",
    "is_synthetic": "bool",
}

# A hidden count stands in with the middle of its bounds in what is expected, and is never judged itself.
CELLS = """
SELECT
    indicator_id,
    era,
    unit_code,
    period,
    status = 'ok' AS is_known,
    CASE status WHEN 'ok' THEN numerator ELSE (numerator_low + numerator_high) / 2 END AS numerator,
    CASE status WHEN 'ok' THEN denominator ELSE denominator_bounded END AS denominator,
    is_synthetic
FROM core.indicator_value
WHERE unit_kind = 'municipality' AND is_newest AND status IN ('ok', 'suppressed_source')
    AND NOT is_estimated AND NOT is_split
ORDER BY ALL
"""


@dataclass(frozen=True)
class _Series:
    """Counts of a series, shape (n_units, n_periods) with the newest last; NaN where there are none."""

    units: list[str]
    periods: list[str]
    known: Floats
    count: Floats
    size: Floats
    law: str
    is_ratio: bool

    def share(self, expected: Floats, size: Floats) -> Floats:
        """The share expected, of counts of a whole; 0 of others."""
        return expected / size if self.law == "binomial" else np.zeros(len(size))

    def noise(self, size: Floats) -> Floats:
        """Squared coefficient of variation of the denominator: that of a ratio is a count of its own (positions)."""
        return np.where(self.is_ratio & (size > 0), 1 / np.where(size > 0, size, 1), 0.0)


def outlier_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """One row a series, municipality and way of judging that could be judged in the newest period, outlier or not."""
    cells = con.execute(CELLS).df()
    judged = [
        table.assign(indicator_id=str(indicator), era=str(era), is_synthetic=bool(rows["is_synthetic"].any()))
        for (indicator, era), rows in cells.groupby(["indicator_id", "era"])
        for table in _judged(_series(registry, str(indicator), str(era), rows))
    ]
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in OUTLIER.items()})
    return {"result.outlier": pd.concat(judged, ignore_index=True)[list(OUTLIER)].astype(OUTLIER) if judged else empty}


def _series(registry: Registry, indicator: str, era: str, rows: pd.DataFrame) -> _Series:
    declared = registry.indicators[indicator].in_era(era)
    assert declared is not None
    count, size = (
        rows.pivot(index="unit_code", columns="period", values=each) for each in ("numerator", "denominator")
    )
    is_known = rows.pivot(index="unit_code", columns="period", values="is_known").eq(True)
    has_size = size > 0
    return _Series(
        units=[str(each) for each in count.index],
        periods=[str(each) for each in count.columns],
        known=count.where(is_known & has_size).to_numpy(float),
        count=count.where(has_size).to_numpy(float),
        size=size.where(has_size & count.notna()).to_numpy(float),
        law=declared.likelihood,
        is_ratio=registry.indicators[indicator].unit == "ratio",
    )


def _judged(series: _Series) -> Iterator[pd.DataFrame]:
    """The newest period held against all others, all earlier periods, and the one before."""
    yield _table(series, "level", "", *_level(series))
    if len(series.periods) > 1:
        yield _table(series, "history", series.periods[0], *_against_own(series, lambda period: slice(0, period)))
        yield _table(
            series, "change", series.periods[-2], *_against_own(series, lambda period: slice(period - 1, period))
        )


def _level(series: _Series) -> tuple[Floats, Floats, float]:
    """(expected count, variation, scatter): the rate of all units together, and how much units differ."""
    count, size = series.count[:, -1], series.size[:, -1]
    exposure = np.nansum(size)
    expected = (np.nansum(count) / exposure if exposure > 0 else np.nan) * size
    noise = series.noise(size)
    spread = scatter(series.known[:, -1], expected, 1 / np.maximum(noise, TINY), series.share(expected, size))
    return expected, spread + noise, spread


def _against_own(series: _Series, before: Callable[[int], slice]) -> tuple[Floats, Floats, float]:
    """(expected count, variation, scatter) from a unit's own earlier periods.

    The scatter is how well the same way would have foretold the periods before the newest; the newest itself stands in
    for them where there are only two.
    """
    newest = len(series.periods) - 1
    learned = range(1, newest) if newest > 1 else [newest]
    told = {period: _foretold(series, period, before(period)) for period in (*learned, newest)}
    expected, certain = (np.concatenate([told[period][part] for period in learned]) for part in (0, 1))
    size = np.concatenate([series.size[:, period] for period in learned])
    known = np.concatenate([series.known[:, period] for period in learned])
    spread = scatter(known, expected, certain, series.share(expected, size))
    expected, certain = told[newest]
    return expected, spread + 1 / certain, spread


def _foretold(series: _Series, period: int, before: slice) -> tuple[Floats, Floats]:
    """(expected count, the count it rests on) of a period, the movement of all units together taken in."""
    had = ~np.isnan(series.count[:, before])
    count, size = (np.where(had, each[:, before], 0).sum(axis=1) for each in (series.count, series.size))
    trend = moved(series.count[:, period], series.size[:, period], count, size, series.law)
    expected, certain = expected_from(count, size, series.size[:, period], trend, series.law)
    return expected, 1 / (1 / certain + series.noise(size) + series.noise(series.size[:, period]))


def _table(
    series: _Series, judged_by: str, period_before: str, expected: Floats, variation: Floats, spread: float
) -> pd.DataFrame:
    count, size = series.known[:, -1], series.size[:, -1]
    p = surprise(count, expected, variation, size, series.law)
    table = pd.DataFrame(
        {
            "municipality_code": series.units,
            "period": series.periods[-1],
            "judged_by": judged_by,
            "period_before": period_before,
            "numerator": count,
            "denominator": size,
            "expected_numerator": expected,
            "scatter": spread,
            "surprise": p,
            "direction": np.where(count > expected, "high", "low"),
            "is_outlier": discoveries(p, FALSE_SHARE),
        }
    )
    return table[~np.isnan(p)]
