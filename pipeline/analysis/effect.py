"""Did guidance help a group? For each protocol: every outcome, comparison and method, with what may be said of it.

Tables: result.effect, result.effect_by_period, result.power. Method: docs/methods.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis import effect_methods as methods
from pipeline.analysis.effect_methods import Answer, Question
from pipeline.analysis.effect_panel import COMPOSITE, Panel, column, panel
from pipeline.analysis.effect_power import POWER, power_rows
from pipeline.analysis.effect_words import course, departures, judged, why_not
from pipeline.methods.imputation import NEVER
from pipeline.methods.randomisation import holm
from pipeline.registry.load import Registry
from pipeline.registry.protocol import Check, Comparison, Placebo, Protocol
from pipeline.warehouse.frames import frame

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Row = dict[str, Any]

RUNS = 200  # simulated programmes behind result.power; `veiviser power` takes as many as wanted
KEY = {"protocol_id": "str", "outcome_id": "str", "kind": "str", "unit": "str", "comparison": "str"}
EFFECT = KEY | {
    "method": "str",
    "part": "str",
    "is_primary": "bool",
    **dict.fromkeys(["estimate", "low", "high", "p_value", "p_holm", "level"], "float64"),
    "n_guided": "int64",
    "n_comparison": "int64",
    **dict.fromkeys(
        ["guided_before", "guided_now", "comparison_before", "comparison_now", "change", "change_low", "change_high"],
        "float64",
    ),
    "smallest_visible": "float64",
    "verdict": "str",
    "reason": "str",
    "follows_protocol": "bool",
    "departures": "str",
}
BY_PERIOD = KEY | {"periods_since_start": "int64", "phase": "str", "estimate": "float64", "low": "float64", "high": "float64"}  # fmt: skip


def effect_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """One evaluation a declared protocol, one below the other."""
    effect: list[Row] = []
    by_period: list[Row] = []
    power: list[Row] = []
    for protocol in registry.protocols:
        of = panel(con, registry, protocol)
        own_power = power_rows(of, registry, protocol, RUNS)
        evaluation = Evaluation(of, registry, protocol, {row["outcome_id"]: row["smallest_visible"] for row in own_power})
        effect += evaluation.rows()
        by_period += evaluation.event_rows()
        power += own_power
    return {
        "result.effect": frame(effect, EFFECT),
        "result.effect_by_period": frame(by_period, BY_PERIOD),
        "result.power": frame(power, POWER),
    }


class Evaluation:
    """A protocol's questions of a panel, and the rows of their answers."""

    def __init__(self, of: Panel, registry: Registry, protocol: Protocol, visible: dict[str, float]) -> None:
        cohorts = {each.id: each for each in registry.cohorts}
        self.of, self.registry, self.protocol, self.visible = of, registry, protocol, visible
        self.cohorts = [cohorts[name] for name in protocol.cohorts]
        self.windows = protocol.windows(self.cohorts[0])
        self.outcomes = of.scale.outcomes(of.values()) if of.scale.dimensions else {}
        self.start = np.min([of.start[name] for name in protocol.cohorts], axis=0)
        self.elsewhere = np.isfinite(np.min([NEVER + 0 * self.start, *of.start.values()], axis=0)) & np.isinf(self.start)
        self.need = self._need()

    def rows(self) -> list[Row]:
        """Rows of result.effect."""
        return [row for comparison in get_args(Comparison) for row in self._compared(comparison)]

    def event_rows(self) -> Iterator[Row]:
        """Rows of result.effect_by_period: of the imputation estimate, each comparison that has members."""
        first, last = round(self.windows.baseline[0]), round(self.windows.scored[1])
        for comparison in get_args(Comparison):
            for name, y in self.outcomes.items():
                asked = self.question(y, comparison).told()
                if methods.too_few(asked):
                    continue
                for event, effect in methods.by_event(asked, first, last).items():
                    row = self._key(name, comparison) | {"periods_since_start": event, "phase": self._phase(event)}
                    yield row | {"estimate": effect.value, "low": effect.low, "high": effect.high}

    def question(
        self, outcome: Floats, comparison: Comparison, with_splits: bool = False, kept: Bools | bool = True
    ) -> Question:
        """An outcome asked of a comparison: the guided, and those they are held against.

        Who was guided in a cohort of another protocol is in neither; split services only where they are asked for.
        """
        of, inference = self.of, self.protocol.inference
        guided = np.isfinite(self.start)
        others = self._others(comparison)
        eligible = guided | others
        if comparison == "all_not_guided" and inference.eligible is not None:
            could = of.asked["not_offered"] | of.asked["declined"]
            eligible = guided | (could if could.any() else self._neediest(inference.eligible)) & others
        whole = Question(
            outcome,
            of.weight(self.protocol.weight),
            self.start,
            eligible,
            self.need,
            np.unique(of.peer_group, return_inverse=True)[1],
            self.windows,
            inference.draws,
            inference.seed,
            inference.level_percent / 100,
        )
        return whole.only((guided | others) & (with_splits | ~of.is_split) & kept)

    def _others(self, comparison: Comparison) -> Bools:
        never = np.isinf(self.start) & ~self.elsewhere
        if comparison == "all_not_guided":
            return never
        return never & self.of.asked["declined" if comparison == "declined" else "not_offered"]

    def _need(self) -> Floats:
        """The mean composite of the periods in which units were chosen, of the first start that saw them worst."""
        y = self.outcomes.get(COMPOSITE)
        if y is None:
            return np.full(len(self.start), np.nan)
        found = []
        for each in np.unique(self.start[np.isfinite(self.start)]).astype(int):
            window = y[:, max(each + round(self.windows.baseline[1]) + 1, 0) : each]
            seen = np.isfinite(window).sum(1)
            found.append(np.nansum(window, axis=1) / np.where(seen > 0, seen, np.nan))
        return np.fmax.reduce(found) if found else np.full(len(self.start), np.nan)

    def _neediest(self, places: int) -> Bools:
        order = np.argsort(-np.nan_to_num(self.need, nan=-np.inf), kind="stable")[:places]
        return np.isin(np.arange(len(self.need)), order)

    def _compared(self, comparison: Comparison) -> Iterator[Row]:
        """All outcomes and methods of one comparison."""
        asked = {name: self.question(y, comparison).told() for name, y in self.outcomes.items()}
        found = {name: methods.tested(each, each.draws) for name, each in asked.items()}
        if not self._others(comparison).any():
            found = dict.fromkeys(found, "nobody_declared")
        p = np.array([np.nan if isinstance(each := found[name], str) else each.p_value() for name in self.of.scale.dimensions])
        adjusted = dict(zip(self.of.scale.dimensions, holm(p), strict=True))
        plain = dict(zip(self.of.scale.dimensions, p, strict=True))
        for name, each in asked.items():
            p_holm = adjusted.get(name, np.nan)
            # At this level the interval holds 0 exactly when Holm's rule does not reject.
            strict = 1 - (1 - each.level) * plain[name] / p_holm if np.isfinite(p_holm) and p_holm > 0 else each.level
            answer = methods.answer(found[name], each.level)
            if answer.reason:
                answer = replace(answer, reason=why_not(answer.reason, name, self.of, self.registry, self.windows, self.start))
            word = judged(each, methods.answer(found[name], strict).effect, answer.reason) if self._is_tested(name) else ""
            key = self._key(name, comparison) | {"n_guided": int(each.guided.sum()), "n_comparison": int((~each.guided).sum())}
            key |= course(each) | {"smallest_visible": self.visible.get(name, np.nan), "level": each.level}
            yield key | self._row(answer, "imputation", name, comparison) | {"p_holm": p_holm, "verdict": word}
            if not isinstance(found[name], str):
                for method, other in self._others_asked(name, each, answer, comparison):
                    yield key | self._row(other, method, name, comparison)

    def _others_asked(self, name: str, asked: Question, answer: Answer, comparison: Comparison) -> Iterator[tuple[str, Answer]]:
        """(method, answer) of each check and placebo that the protocol names."""
        for check in self.protocol.checks:
            if check == "without_each_cohort":
                yield from ((check, each) for each in self._without_each_cohort(name, comparison))
            else:
                yield check, self._check(check, name, asked, answer, comparison)
        for placebo in self.protocol.placebos:
            yield placebo, self._placebo(placebo, asked)

    def _check(self, check: Check, name: str, asked: Question, answer: Answer, comparison: Comparison) -> Answer:
        match check:
            case "callaway_santanna_never":
                return methods.callaway_santanna(asked, "never")
            case "callaway_santanna_not_yet":
                return methods.callaway_santanna(asked, "not_yet")
            case "sun_abraham":
                return methods.sun_and_abraham(asked)
            case "two_way_shown_only":
                return methods.two_way(asked)
            case "unweighted":
                return methods.unweighted(asked)
            case "peer_group_by_time":
                return methods.within_strata(asked)
            case "drift_bounds":
                return methods.drift_bounds(asked, answer.effect)
            case "covid_left_out":
                return methods.without_columns(asked, self._covid())
            case "split_services_in":
                return methods.imputed(self.question(self.outcomes[name], comparison, with_splits=True).told())
            case _:
                logits = self.of.logits(name)
                return Answer(reason="no_logit_of_an_index") if logits is None else methods.imputed(self.question(logits, comparison).told())

    def _placebo(self, placebo: Placebo, asked: Question) -> Answer:
        return methods.earlier_start(asked) if placebo == "earlier_start" else methods.next_in_line(asked)

    def _without_each_cohort(self, name: str, comparison: Comparison) -> Iterator[Answer]:
        if len(self.protocol.cohorts) == 1:
            yield Answer(reason="one_cohort_only")
            return
        for each in self.protocol.cohorts:
            kept = np.isinf(self.of.start[each])
            yield replace(methods.imputed(self.question(self.outcomes[name], comparison, kept=kept).told()), part=each)

    def _covid(self) -> Bools:
        """The columns of the periods that the protocol leaves out of a check."""
        return np.isin(self.of.periods, [column(each, self.of.is_yearly) for each in self.protocol.covid_periods])

    def _phase(self, event: int) -> str:
        (first, last), (scored, _) = self.windows.baseline, self.windows.scored
        if first <= event <= last:
            return "baseline"
        return "selection" if event < 0 else "start_up" if event < scored else self.protocol.scored_phase

    def _is_tested(self, name: str) -> bool:
        return name in (*self.of.scale.dimensions, COMPOSITE)

    def _key(self, name: str, comparison: Comparison) -> Row:
        indicators = {each.id: each for each in self.of.scale.indicators}
        kind = "indicator" if name in indicators else "composite" if name == COMPOSITE else "dimension"
        unit = indicators[name].unit if name in indicators else "points"
        return {"protocol_id": self.protocol.id, "outcome_id": name, "kind": kind, "unit": unit, "comparison": comparison}

    def _row(self, answer: Answer, method: str, name: str, comparison: Comparison) -> Row:
        departed = departures(self.of, self.registry, self.protocol, name, comparison)
        effect = answer.effect
        return {
            "method": method,
            "part": answer.part,
            "is_primary": (method, name, comparison) == ("imputation", COMPOSITE, self.protocol.comparisons[0]),
            "estimate": effect.value,
            "low": effect.low,
            "high": effect.high,
            "p_value": answer.p_value,
            "reason": answer.reason,
            "follows_protocol": not departed,
            "departures": " ".join(departed),
            "p_holm": np.nan,
            "verdict": "",
        }
