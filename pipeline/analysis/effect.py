"""Did guidance help a group? For each protocol: every outcome, comparison and method, with what may be said of it.

Tables: result.effect, result.effect_by_period, result.power. Method: docs/methods.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from pipeline.analysis import effect_methods as methods
from pipeline.analysis.effect_methods import Answer, Question
from pipeline.analysis.effect_panel import COMPOSITE, panel
from pipeline.analysis.effect_power import POWER, power_rows
from pipeline.analysis.effect_questions import COMPARISONS, Questions
from pipeline.analysis.effect_words import course, departures, judged, why_not
from pipeline.methods.randomisation import Reassigned, holm
from pipeline.registry.load import Registry
from pipeline.registry.protocol import Check, Comparison
from pipeline.warehouse.frames import frame

Row = dict[str, Any]


def _floats(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "float64")


KEY = dict.fromkeys(["protocol_id", "outcome_id", "kind", "unit", "comparison"], "str")
EFFECT = (
    KEY
    | {"method": "str", "part": "str", "is_primary": "bool"}
    | _floats("estimate low high p_value p_holm level")
    | {"n_guided": "int64", "n_comparison": "int64"}
    | _floats(
        "guided_before guided_now comparison_before comparison_now change change_low change_high smallest_visible"
    )
    | {"verdict": "str", "is_confirmed": "bool", "reason": "str", "follows_protocol": "bool", "departures": "str"}
)
BY_PERIOD = KEY | {"periods_since_start": "int64", "phase": "str"} | _floats("estimate low high")


def effect_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """One evaluation a declared protocol, one below the other."""
    effect: list[Row] = []
    by_period: list[Row] = []
    power: list[Row] = []
    for protocol in registry.protocols:
        of = panel(con, registry, protocol)
        questions = Questions(of, protocol, [each for each in registry.cohorts if each.id in protocol.cohorts])
        could_show = power_rows(of, registry, protocol)
        visible = {row["outcome_id"]: row["smallest_visible"] for row in could_show}
        for comparison in COMPARISONS:
            effect += effect_rows(questions, registry, comparison, visible)
            by_period += _event_rows(questions, comparison)
        power += could_show
    return {
        "result.effect": frame(effect, EFFECT),
        "result.effect_by_period": frame(by_period, BY_PERIOD),
        "result.power": frame(power, POWER),
    }


def effect_rows(of: Questions, registry: Registry, comparison: Comparison, visible: dict[str, float]) -> Iterator[Row]:
    """All outcomes and methods of one comparison; without anybody to compare with, the primary method says so."""
    asked = {name: of.ask(outcome, comparison) for name, outcome in of.outcomes.items()}
    found = {name: _tested(of, each, comparison) for name, each in asked.items()}
    strict, adjusted = _after_holm(of, found)
    for name, one in asked.items():
        answer = methods.answer(found[name], one.level)
        answer = replace(answer, reason=why_not(answer.reason, name, of, registry))
        key = _key(of, name, comparison) | {"level": one.level}
        key |= {"smallest_visible": _smallest_visible(of, found[name], comparison, visible.get(name, np.nan))}
        key |= {"n_guided": int(one.guided.sum()), "n_comparison": int((~one.guided).sum())} | course(one)
        departed = departures(of, name, comparison)
        key |= {"follows_protocol": not departed, "departures": " ".join(departed)}
        beyond = methods.answer(found[name], strict.get(name, one.level)).effect
        is_tested = key["kind"] != "indicator"
        others = list(_checked(of, name, one, answer, comparison)) if answer.effect.is_known else []
        is_doubted = any(
            method in of.protocol.placebos and (each.effect.low > 0 or each.effect.high < 0) for method, each in others
        )
        yield key | _told("imputation", answer) | {
            "is_primary": name == COMPOSITE and comparison == of.protocol.comparisons[0],
            "p_holm": adjusted.get(name, np.nan),
            "verdict": judged(one, beyond, answer.reason) if is_tested else None,
            "is_confirmed": not is_doubted,
        }  # fmt: skip
        for method, other in others:
            yield key | _told(method, other)


def _smallest_visible(of: Questions, found: Reassigned | str, comparison: Comparison, simulated: float) -> float:
    """The larger of what the programme could show in simulation, against all others, and of what this test could."""
    told = [simulated] if comparison == "all_not_guided" else []
    if not isinstance(found, str):
        wanted = of.protocol.smallest_effect.power_percent / 100
        told.append(found.smallest_visible(of.protocol.inference.level_percent / 100, wanted))
    return float(np.max(told)) if told else np.nan


def _tested(of: Questions, asked: Question, comparison: Comparison) -> Reassigned | str:
    return methods.tested(asked, asked.draws) if of.others(comparison).any() else "nobody_declared"


def _after_holm(of: Questions, found: dict[str, Reassigned | str]) -> tuple[dict[str, float], dict[str, float]]:
    """(level, adjusted p) of each dimension.

    At this level the interval holds 0 just when Holm's rule does not reject.
    """
    p = {name: each.p_value() for name in of.of.scale.dimensions if not isinstance(each := found[name], str)}
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    alpha = 1 - of.protocol.inference.level_percent / 100
    return {name: 1 - alpha * p[name] / adjusted[name] for name in p}, adjusted


def _checked(
    of: Questions, name: str, asked: Question, answer: Answer, comparison: Comparison
) -> Iterator[tuple[str, Answer]]:
    """(method, answer) of each check and placebo that the protocol names."""
    for check in of.protocol.checks:
        if check in methods.CHECKS:
            yield check, methods.CHECKS[check](asked)
        else:
            yield from ((check, each) for each in _asked_anew(of, check, name, asked, answer, comparison))
    for placebo in of.protocol.placebos:
        yield placebo, methods.PLACEBOS[placebo](asked)


def _asked_anew(
    of: Questions, check: Check, name: str, asked: Question, answer: Answer, comparison: Comparison
) -> Iterator[Answer]:
    """The checks that need more than the question as it stands: other units, another scale, other periods."""
    outcome, logits, cohorts = of.outcomes[name], of.of.logits(name), of.protocol.cohorts
    if check == "drift_bounds":
        yield methods.drift_bounds(asked, answer.effect)
    elif check == "covid_left_out":
        yield methods.without_columns(asked, of.covid)
    elif check == "weighted_by_children":
        yield methods.imputed(of.ask(outcome, comparison, weight="children"))
    elif check == "split_services_in":
        yield methods.imputed(of.ask(outcome, comparison, with_splits=True))
    elif check == "without_each_cohort" and len(cohorts) == 1:
        yield Answer(reason="one_cohort_only")
    elif check == "without_each_cohort":
        for cohort in cohorts:
            rest = of.ask(outcome, comparison, kept=np.isinf(of.of.start[cohort]))
            yield replace(methods.imputed(rest), part=cohort)
    elif logits is None:
        yield Answer(reason="no_logit_of_an_index")
    else:
        yield methods.imputed(of.ask(logits, comparison))


def _event_rows(of: Questions, comparison: Comparison) -> Iterator[Row]:
    """The imputation estimate by periods since the start, where there is anybody to compare with."""
    first, last = round(of.windows.baseline[0]), round(of.windows.scored[1])
    for name, outcome in of.outcomes.items():
        asked = of.ask(outcome, comparison)
        if methods.too_few(asked):
            continue
        for event, effect in methods.by_event(asked, first, last).items():
            row = {"periods_since_start": event, "phase": of.phase(event)}
            limits = {"estimate": effect.value, "low": effect.low, "high": effect.high}
            yield _key(of, name, comparison) | row | limits


def _key(of: Questions, name: str, comparison: Comparison) -> Row:
    units = {each.id: each.unit for each in of.of.scale.indicators}
    kind = "indicator" if name in units else "composite" if name == COMPOSITE else "dimension"
    unit = units.get(name, "points")
    return {"protocol_id": of.protocol.id, "outcome_id": name, "kind": kind, "unit": unit, "comparison": comparison}


def _told(method: str, answer: Answer) -> Row:
    effect = answer.effect
    limits = {"estimate": effect.value, "low": effect.low, "high": effect.high, "p_value": answer.p_value}
    said = {"method": method, "part": answer.part or None, "reason": answer.reason or None}
    return said | limits | {"is_primary": False, "p_holm": np.nan, "verdict": None, "is_confirmed": True}
