"""Checks made from the registry on the tables of a release; those on what was sent stand in `delivery_checks`."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, get_args

import duckdb
import pandas as pd
import pandera.pandas as pa

from pipeline.methods.verdict import Verdict
from pipeline.problems import BadInput, Problem
from pipeline.registry.dataset import Status
from pipeline.registry.load import Registry

STATUSES = list(get_args(Status))
SHOWN = 100  # characters of a check's name


def stored(registry: Registry) -> dict[str, pa.DataFrameSchema]:
    """What the stored tables must hold, table by table."""
    indicators = list(registry.indicators)
    top = [f"probability_top_{k}" for k in registry.index.top]
    share = pa.Check.in_range(0, 1)
    values = pa.DataFrameSchema(
        {
            "indicator_id": pa.Column(str, pa.Check.isin(indicators)),
            "status": pa.Column(str, pa.Check.isin(STATUSES)),
            "denominator": pa.Column(float, pa.Check.ge(0), nullable=True),
            "numerator": pa.Column(float, pa.Check.ge(0), nullable=True),
        },
        checks=[
            pa.Check(_share_at_most_whole, error="numerator ≤ denominator for a percentage"),
            pa.Check(lambda t: t["value"].notna() | (t["status"] != "ok"), error="a value where the status is ok"),
        ],
        unique=["indicator_id", "era", "unit_kind", "unit_code", "period", "vintage"],
    )
    return {
        "core.municipality": pa.DataFrameSchema(
            {
                "municipality_code": pa.Column(str, pa.Check.str_matches(registry.jurisdiction.unit_code_pattern)),
                "county": pa.Column(str),
            },
            unique=["municipality_code", "valid_from"],
        ),
        "core.service_member": pa.DataFrameSchema(
            {"service_id": pa.Column(str)}, unique=["municipality_code", "valid_from"]
        ),
        "core.service": pa.DataFrameSchema(
            {"host": pa.Column(str)},
            checks=pa.Check(
                lambda t: t["office_id"].notna() | t["not_ranked_reason"].notna(),
                error="an office for every service that is ranked: declare the county's in offices.toml",
            ),
            unique=["service_id", "valid_from"],
        ),
        "core.indicator_value": values,
        "core.indicator_value_then": values,
        "result.need_rank": pa.DataFrameSchema(
            {name: pa.Column(float, share, nullable=True) for name in top}, unique=["round_id", "service_id"]
        ),
        "result.need_refit": pa.DataFrameSchema({"reason": pa.Column(nullable=True)}, unique=["round_id", "refit"]),
        "result.need_refit_rank": pa.DataFrameSchema(
            {"probability": pa.Column(float, share), "rank_mean": pa.Column(float, pa.Check.ge(1))},
            unique=["round_id", "refit", "service_id"],
        ),
        "result.need_expert": pa.DataFrameSchema(
            {name: pa.Column(float, share) for name in ("probability_least", "probability", "probability_most")},
            unique=["round_id", "service_id"],
        ),
        "result.need_shift": pa.DataFrameSchema(
            {"probability_then": pa.Column(float, share)}, unique=["round_id", "service_id", "shift"]
        ),
        "result.service_peer": pa.DataFrameSchema(
            {"place": pa.Column(int, pa.Check.ge(1)), "distance": pa.Column(float, pa.Check.ge(0))},
            checks=pa.Check(lambda t: t["service_id"] != t["peer_id"], error="nobody is a peer of itself"),
            unique=["round_id", "service_id", "peer_id"],
        ),
        "result.effect": pa.DataFrameSchema(
            {
                "p_value": pa.Column(float, share, nullable=True),
                "p_holm": pa.Column(float, share, nullable=True),
                "smallest_visible": pa.Column(float, pa.Check.ge(0), nullable=True),
            },
            checks=[
                pa.Check(
                    lambda t: t["estimate"].isna() | ((t["low"] <= t["estimate"]) & (t["estimate"] <= t["high"])),
                    error="an estimate within its interval",
                ),
                pa.Check(lambda t: t["estimate"].notna() | t["reason"].notna(), error="a reason without an estimate"),
            ],
            unique=["protocol_id", "outcome_id", "comparison", "method", "part"],
        ),
        "result.effect_by_period": pa.DataFrameSchema(
            unique=["protocol_id", "outcome_id", "comparison", "periods_since_start"]
        ),
        "result.power": pa.DataFrameSchema(
            {"detected": pa.Column(float, share), "smallest_visible": pa.Column(float, pa.Check.ge(0))},
            unique=["protocol_id", "outcome_id", "odds_ratio"],
        ),
        "result.baseline": pa.DataFrameSchema(
            {
                "indicator_id": pa.Column(checks=pa.Check.isin(indicators)),
                "denominator": pa.Column(float, pa.Check.gt(0)),
                "frozen_reason": pa.Column(checks=pa.Check.isin(["known_then", "first_vintage"])),
            },
            unique=["cohort_id", "service_id", "indicator_id"],
        ),
        "result.service_change": pa.DataFrameSchema(
            {
                "verdict": pa.Column(checks=pa.Check.isin([str(each) for each in Verdict])),
                "probability_fell_5_points": pa.Column(float, share, nullable=True),
            },
            checks=[
                pa.Check(
                    lambda t: t["reason"].isna() | t["verdict"].isin([Verdict.TOO_LITTLE_DATA, Verdict.SERIES_BREAK]),
                    error="no verdict where there is a reason for none",
                ),
                pa.Check(_in_order, error="every limit on its side"),
            ],
            unique=["cohort_id", "service_id", "outcome", "phase"],
        ),
        "result.alarm": pa.DataFrameSchema(
            {
                "status": pa.Column(
                    checks=pa.Check.isin(["raised", "not_raised", "not_improved", "too_little", "not_public"])
                )
            },
            unique=["cohort_id", "service_id", "outcome", "phase", "alarm_id"],
        ),
        "result.need_adjusted": pa.DataFrameSchema(
            {"probability_top": pa.Column(float, share), "rank_best": pa.Column(int, pa.Check.ge(1))},
            checks=pa.Check(lambda t: t["rank_best"] <= t["rank_worst"], error="best before worst"),
            unique=["round_id", "service_id"],
        ),
        "result.indicator_context": pa.DataFrameSchema(
            {
                "probability_more_need": pa.Column(float, share),
                "beyond": pa.Column(checks=pa.Check.isin(["more_need", "less_need", "as_expected"])),
            },
            unique=["round_id", "indicator_id", "service_id"],
        ),
        "result.context_model": pa.DataFrameSchema(
            {"explained_share": pa.Column(float, share)}, unique=["round_id", "indicator_id"]
        ),
        "result.funnel_limit": pa.DataFrameSchema(
            {"denominator": pa.Column(float, pa.Check.gt(0)), "low_95": pa.Column(float, pa.Check.ge(0))},
            checks=pa.Check(
                lambda t: (
                    (t["low_998"] <= t["low_95"]) & (t["low_95"] <= t["high_95"]) & (t["high_95"] <= t["high_998"])
                ),
                error="the wider limits around the narrower ones",
            ),
            unique=["round_id", "indicator_id", "denominator"],
        ),
        "result.need_vintage": pa.DataFrameSchema(
            {name: pa.Column(float, share, nullable=True) for name in ("probability", "probability_first")},
            unique=["round_id", "service_id"],
        ),
        "result.outlier": pa.DataFrameSchema(
            {
                "indicator_id": pa.Column(checks=pa.Check.isin(indicators)),
                "judged_by": pa.Column(checks=pa.Check.isin(["level", "history", "change"])),
                "numerator": pa.Column(float, pa.Check.ge(0)),
                "denominator": pa.Column(float, pa.Check.gt(0)),
                "expected_numerator": pa.Column(float, pa.Check.ge(0)),
                "scatter": pa.Column(float, pa.Check.ge(0)),
                "surprise": pa.Column(float, share),
                "direction": pa.Column(checks=pa.Check.isin(["high", "low"])),
                "is_outlier": pa.Column(bool),
            },
            unique=["indicator_id", "era", "municipality_code", "period", "judged_by"],
        ),
    }


def _in_order(table: pd.DataFrame) -> "pd.Series[bool]":
    """Whether low ≤ value ≤ high of each interval of a row that is known."""
    found = pd.Series(True, index=table.index)
    for name in ("change", "expected_change", "beyond"):
        value, low, high = (table[each] for each in (name, f"{name}_low", f"{name}_high"))
        found &= value.isna() | low.isna() | ((low <= value + 1e-9) & (value <= high + 1e-9))
    return found


def _share_at_most_whole(table: pd.DataFrame) -> "pd.Series[bool]":
    percent = (table["unit"] == "percent") & table["numerator"].notna()
    return ~percent | (table["numerator"] <= table["denominator"] + 1e-9)


class Outcome(NamedTuple):
    """What a check of a table came to; an error stops the build, a warning does not."""

    table_name: str
    check_name: str
    severity: Literal["error", "warning"]
    rows_checked: int
    rows_failing: int
    passed: bool
    fell_short: str


def check_stored(con: duckdb.DuckDBPyConnection, registry: Registry, layer: str) -> list[Outcome]:
    """One outcome a check of the stored tables of a layer. Raises BadInput where any falls short."""
    outcomes = []
    for name, schema in stored(registry).items():
        if not name.startswith(f"{layer}."):
            continue
        table = con.execute(f"SELECT * FROM {name}").df()
        try:
            schema.validate(table, lazy=True)
            outcomes += [passed(name, check, len(table)) for check in _names(schema)]
        except pa.errors.SchemaErrors as error:
            for check, cases in error.failure_cases.groupby("check", sort=False):
                told = _told(table, cases)
                outcomes.append(Outcome(name, str(check), "error", len(table), len(cases), False, told))
    _raise_if_short(outcomes, registry.jurisdiction.id)
    return outcomes


def passed(table: str, check: str, rows: int) -> Outcome:
    """A check that would have stopped the build, and did not."""
    return Outcome(table, check, "error", rows, 0, True, "")


def _names(schema: pa.DataFrameSchema) -> Iterator[str]:
    """The checks of a schema in words."""
    for name, column in schema.columns.items():
        yield f"{name}: is there" + ", never empty" * (not column.nullable)
        yield from (
            f"{name}: {check.error if len(str(check.error)) < SHOWN else check.name}" for check in column.checks
        )
    yield from (str(check.error) for check in schema.checks)
    if schema.unique:
        yield "one row for each " + ", ".join(schema.unique)


def _told(table: pd.DataFrame, cases: pd.DataFrame) -> str:
    """The first failing row, and how many there are."""
    rows = cases["index"].dropna().unique()
    first: Any = table.loc[rows[0]].to_dict() if len(rows) else cases["failure_case"].iloc[0]
    return f"{len(cases)} failing; first {first}"


def _raise_if_short(outcomes: list[Outcome], jurisdiction: str) -> None:
    """Stops a build whose tables fall short, with one problem a check."""
    short = [
        Problem(jurisdiction, each.table_name, each.check_name, each.fell_short, "a table that passes")
        for each in outcomes
        if not each.passed
    ]
    if short:
        raise BadInput(short)
