"""Real municipalities, their populations, and the service each belongs to, year by year."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.simulation.parameters import Parameters, PopulationFill

BANDS = ["age_0_17", "age_0_22", "total"]


@dataclass(frozen=True)
class Places:
    """Municipalities by year, and what became of them.

    units: one row per municipality and year: year, code, name, current_code, service_id, children (0-17),
        children_0_22, total; sorted by year and code.
    current: one row per municipality of the last year: code, name; sorted.
    broken_until: current code → first year after a split it got a part of; earlier years cannot be summed.
    """

    units: pd.DataFrame
    current: pd.DataFrame
    broken_until: dict[str, int]


class Successors:
    """Where a code went. Of a split, the declared main successor, else the first named."""

    def __init__(self, changes: pd.DataFrame, parameters: Parameters) -> None:
        self._main_successor = parameters.main_successor
        self._steps: dict[tuple[date, str], list[str]] = defaultdict(list)
        moved = changes[changes["old_code"] != changes["new_code"]]
        for old, new, day in moved[["old_code", "new_code", "changed_on"]].itertuples(index=False):
            self._steps[date.fromisoformat(str(day)[:10]), old].append(new)
        self._days = sorted({day for day, _ in self._steps})

    def current(self, code: str, on: date, until: date) -> str:
        """The code on `until` of a municipality that had `code` on `on`."""
        for day in self._days:
            if on < day <= until and (day, code) in self._steps:
                code = self._main_successor.get(code, self._steps[day, code][0])
        return code

    def broken(self, minor: tuple[str, ...], first: date, until: date) -> dict[str, int]:
        """Current code → year of the last split in (first, until] it got a part of; `minor` splits do not count."""
        years: dict[str, int] = {}
        for (day, old), successors in sorted(self._steps.items()):
            if first < day <= until and len(successors) > 1 and old not in minor:
                years |= {self.current(new, day, until): day.year for new in successors}
        return years


def read_places(
    registry: Registry,
    parameters: Parameters,
    codes: pd.DataFrame,
    changes: pd.DataFrame,
    population: pd.DataFrame,
) -> Places:
    """The municipalities of every simulated year, with population, successor in the last year, and service."""
    successors = Successors(changes, parameters)
    until = date(parameters.last_year, 1, 1)
    units = codes.assign(year=codes["year"].astype(int))[["year", "code", "name"]]
    units = units[units["year"].isin(parameters.years) & (units["code"] != "9999")]
    units = units.sort_values(["year", "code"], ignore_index=True)
    pairs = zip(units["code"], units["year"], strict=True)
    units["current_code"] = [successors.current(code, date(year, 1, 1), until) for code, year in pairs]
    services = _services(registry, successors, until)
    units["service_id"] = [services.get(code, code) for code in units["current_code"]]
    units = _with_population(units, population, parameters)
    current = units.loc[units["year"] == parameters.last_year, ["code", "name"]].reset_index(drop=True)
    first = date(parameters.first_year, 1, 1)
    broken = successors.broken(parameters.monitor.minor_splits, first, until)
    return Places(units, current, broken)


def _services(registry: Registry, successors: Successors, until: date) -> dict[str, str]:
    """Current municipality code → id of the joint service it belongs to."""
    return {
        successors.current(member.code, each.code_date, until): each.id
        for each in registry.joint_services
        for member in each.members
        if each.valid_to is None or until < each.valid_to
    }


def _with_population(units: pd.DataFrame, population: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Adds the population of 1 January; a year the file does not reach has that of its last year."""
    known = population.assign(year=population["year"].astype(int))[["code", "year", *BANDS]]
    known = pd.concat([known, _filled(known, parameters.population_fill, parameters.first_year)])
    last = int(known["year"].max())
    merged = units.assign(_year=units["year"].clip(upper=last)).merge(
        known.rename(columns={"year": "_year"}), on=["code", "_year"], how="left", validate="many_to_one"
    )
    lacking = merged.loc[merged["total"].isna(), ["code", "year"]]
    if len(lacking):
        raise ValueError(f"no population for {lacking.to_dict('records')[:5]} ({len(lacking)} in all)")
    merged[BANDS] = merged[BANDS].astype(int)
    named = {"age_0_17": "children", "age_0_22": "children_0_22"}
    return merged.drop(columns="_year").rename(columns=named)


def _filled(known: pd.DataFrame, fill: PopulationFill, first_year: int) -> pd.DataFrame:
    """Population of the municipalities that the file lacks before they merged, by declared shares."""
    whole = known[(known["code"] == fill.from_code) & (known["year"] == fill.from_year)].iloc[0]
    rows = [
        {"code": code, "year": year, **{band: round(whole[band] * share) for band in BANDS}}
        for code, share in fill.shares.items()
        for year in range(first_year, fill.from_year)
        if not ((known["code"] == code) & (known["year"] == year)).any()
    ]
    return pd.DataFrame(rows, columns=known.columns)
