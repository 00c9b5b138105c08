"""Programmes whose effect is known: no bias where plain comparisons have one, the error rates said, and power.

Few countries, so that it is quick; benchmarks/README.md has three hundred. Bounds are those of chance at these numbers.
"""

import numpy as np
import pytest

from pipeline.analysis import effect_methods as methods
from pipeline.analysis.effect_methods import Question
from pipeline.analysis.effect_words import course, judged
from pipeline.methods.imputation import Windows
from pipeline.methods.programme_power import estimates
from pipeline.methods.randomisation import holm
from pipeline.methods.verdict import Verdict
from pipeline.simulation.programme_country import COMPOSITE, ODDS, OUTCOMES, SCENARIOS, Programme, Seen, seen

COUNTRIES = 80
DRAWS = 199


@pytest.fixture(scope="module")
def countries() -> list[Seen]:
    return [seen(Programme(), seed) for seed in range(COUNTRIES)]


def asked(of: Seen, ratio: int, outcome: int) -> Question:
    """As a protocol asks that deals anew among the 45 in most need."""
    units = np.arange(len(of.start))
    eligible = np.isin(units, np.argsort(-of.need, kind="stable")[:45]) | np.isfinite(of.start)
    y = of.outcomes[ratio, outcome]
    return Question(y, of.weight, of.start, eligible, of.need, 0 * units, Windows(), DRAWS, 7, 0.95).told()


def truth(of: Seen, ratio: int, outcome: int) -> float:
    """The mean true difference over the scored cells with a figure, by children."""
    y = of.outcomes[ratio, outcome]
    mass = (Windows().scored_cells(of.start, y.shape[1]) & np.isfinite(y)) * of.weight[:, None]
    return float(((of.truth[ratio, outcome] - of.truth[0, outcome]) * mass).sum() / mass.sum())


def test_without_effect_plain_comparisons_find_one_and_the_design_does_not(countries: list[Seen]) -> None:
    design, plain = (
        np.array([estimates(each.outcomes, each.weight, each.start, windows)[0] for each in countries])
        for windows in (Windows(), Windows((-4, -1), (2, 5)))
    )
    before_after = np.array([course(asked(each, 0, COMPOSITE))["change"] for each in countries])
    error = design.std(axis=0, ddof=1) / np.sqrt(COUNTRIES)
    assert (np.abs(design.mean(0)) < 2.5 * error).all()
    assert plain[:, 0].mean() < -1.5 and plain[:, COMPOSITE].mean() < -2.5
    assert (plain.mean(0) < -3 * error).all()
    assert abs(before_after.mean()) < 2.5 * before_after.std() / np.sqrt(COUNTRIES)  # no trend here, so nothing else


def test_a_true_null_is_kept_and_nothing_is_said_of_it_too_often(countries: list[Seen]) -> None:
    rejected, said = 0, 0
    for each in countries[:40]:
        questions = [asked(each, 0, outcome) for outcome in range(3, 7)]
        found = [methods.tested(question, DRAWS) for question in questions]
        p = np.array([one.p_value() for one in found if not isinstance(one, str)])
        adjusted = np.append(holm(p[:-1]), p[-1])
        words = [
            judged(question, methods.answer(one, 1 - 0.05 * own / after).effect)
            for question, one, own, after in zip(questions, found, p, adjusted, strict=True)
        ]
        rejected += p[-1] <= 0.05
        said += Verdict.IMPROVED_MORE in words
    assert rejected <= 5 and said <= 4  # of 40; more than 5 have a chance of 1 %


def test_a_true_effect_is_found_and_held(countries: list[Seen]) -> None:
    found, held = 0, 0
    for each in countries[:40]:
        one = methods.tested(asked(each, 2, COMPOSITE), DRAWS)
        assert not isinstance(one, str)
        low, high = one.interval()
        found += one.p_value() <= 0.05 and one.estimate < 0
        held += low <= truth(each, 2, COMPOSITE) <= high
    assert found >= 36 and held >= 34  # of 40


@pytest.mark.parametrize("name", SCENARIOS)
def test_mergers_hidden_late_and_broken_figures_change_what_is_seen_not_what_is_true(name: str) -> None:
    switched = SCENARIOS[name](Programme())
    missed = []
    for seed in range(100, 106):
        of = seen(switched, seed)
        assert of.outcomes.shape == of.truth.shape == (len(ODDS), len(OUTCOMES), len(of.start), 20)
        assert np.isfinite(of.truth).all() and len(of.start) == len(of.weight) == 240
        assert np.isfinite(of.start).sum() in (range(9, 14) if switched.mergers else [13])
        found = estimates(of.outcomes, of.weight, of.start, Windows())
        missed.append([found[2, outcome] - truth(of, 2, outcome) for outcome in (0, COMPOSITE)])
        is_gone = np.isnan(of.outcomes[:, [0, 3, COMPOSITE], :, 16:]).all()
        assert is_gone == (switched.break_at is not None) and np.isfinite(of.outcomes[0, 5]).any()
    # One country misses by about 4; the effect is -11 percentage points and -29 index points.
    assert (np.abs(np.mean(missed, axis=0)) < 3 * 4 / np.sqrt(len(missed))).all()


def test_hidden_counts_are_replaced_within_their_bounds() -> None:
    plain, hidden = (seen(Programme(hides=each), 5) for each in (False, True))
    assert (plain.start == hidden.start).all()
    apart = np.abs(plain.outcomes[0, 0] - hidden.outcomes[0, 0])
    assert 0.02 < (apart > 1e-9).mean() < 0.9
    assert abs(np.nanmean(plain.outcomes[0, 0]) - np.nanmean(hidden.outcomes[0, 0])) < 1.5
