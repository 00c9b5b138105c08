"""Callaway and Sant'Anna: every row of the reference, and what the reference does not show."""

from typing import Any

import numpy as np
import pytest

from pipeline.methods.group_time import GroupTime, group_time_effects, standard_error

VARIANTS = [
    ("", "never", "doubly_robust"), ("", "not_yet", "doubly_robust"),
    *[("log_population", control, method) for control in ("never", "not_yet")
      for method in ("doubly_robust", "weighting", "regression")],
]  # fmt: skip


def told(each: GroupTime) -> dict[tuple[str, Any, Any], tuple[float, float]]:
    """Every effect and standard error, by the reference's names; years for group and calendar."""
    found: dict[tuple[str, Any, Any], tuple[float, float]] = {
        ("group_time", group + 2003, period + 2003): (effect, standard_error(each.influence[:, cell]))
        for cell, (group, period, effect) in enumerate(zip(each.group, each.period, each.effect, strict=True))
    }
    for by in ("simple", "group", "dynamic", "calendar"):
        mean = each.aggregated(by)
        found[f"{by}_overall", None, None] = mean.overall, mean.overall_error
        year = 0 if by == "dynamic" else 2003
        for key, effect, error in zip(mean.key, mean.effect, mean.standard_error, strict=True):
            found[by, key + year, None] = effect, error
    return found


def error_of_the_wrong_groups(each: GroupTime) -> float:
    """R's standard error of the mean by group: sizes vary as those of the first rows' group do (did 2.1.2, aggte)."""
    groups = np.unique(each.group)
    cells = [(each.group == group) & (each.period >= group) for group in groups]
    effects = np.array([each.effect[cell].mean() for cell in cells])
    size = np.array([(each.start == group).mean() for group in groups])
    member = np.array([each.start == each.group[place] for place in range(len(groups))]).T - size
    sizes = member / size.sum() - member.sum(1, keepdims=True) * size / size.sum() ** 2
    influence = np.column_stack([each.influence[:, cell].mean(1) for cell in cells]) @ (size / size.sum())
    return standard_error(influence + sizes @ effects)


@pytest.mark.parametrize(("covariate", "control", "method"), VARIANTS)
def test_every_row_of_the_reference(golden: Any, wages: Any, covariate: str, control: Any, method: Any) -> None:
    y, start, population = wages
    each = group_time_effects(y, start, covariates=population if covariate else None, control=control, method=method)
    table = golden("did/group_time.csv").fillna({"covariate": ""}).astype({"key": object, "period": object})
    table = table.where(table.notna(), None)
    rows = table[(table["control"] == control) & (table["method"] == method) & (table["covariate"] == covariate)]
    assert len(rows) == 30
    found = told(each)
    for row in rows.itertuples():
        effect, error = found[row.aggregation, row.key, row.period]
        assert effect == pytest.approx(row.effect, abs=1e-9), row
        if row.aggregation == "group_overall":
            assert error_of_the_wrong_groups(each) == pytest.approx(row.standard_error, abs=1e-9)
            assert error == pytest.approx(row.standard_error, rel=0.006)
        else:
            assert error == pytest.approx(row.standard_error, abs=1e-9), row


def test_weights_count_like_copies(wages: Any) -> None:
    """A county of weight 2 brings what two counties with its figures would."""
    y, start, population = (each[::4] for each in wages)
    weight = 1 + (np.arange(len(start)) % 2)
    twice = np.repeat(np.arange(len(start)), weight)
    weighted = group_time_effects(y, start, weight, population)
    copied = group_time_effects(y[twice], start[twice], covariates=population[twice])
    np.testing.assert_allclose(weighted.effect, copied.effect, atol=1e-12)
    assert weighted.aggregated("simple").overall == pytest.approx(copied.aggregated("simple").overall, abs=1e-12)


def test_skipped_periods_are_no_base() -> None:
    """What happens in the periods before the start moves no effect when they are skipped."""
    rng = np.random.default_rng(4)
    y, start = rng.normal(size=(60, 8)), np.repeat([4.0, 6.0, np.inf], 20)
    spoilt = y.copy()
    spoilt[:20, 3] += 10
    spoilt[20:40, 5] += 10
    plain, skipping = (group_time_effects(spoilt, start, skipped=skip).aggregated("simple").overall for skip in (0, 1))
    assert skipping == pytest.approx(group_time_effects(y, start, skipped=1).aggregated("simple").overall, abs=1e-12)
    assert plain < skipping - 5


def test_a_unit_with_a_gap_is_left_out_where_it_is_needed() -> None:
    rng = np.random.default_rng(5)
    y, start = rng.normal(size=(30, 4)), np.repeat([2.0, np.inf], 15)
    y[0, 3] = np.nan
    each = group_time_effects(y, start)
    [last] = each.effect[each.period == 3]
    assert last == pytest.approx((y[1:15, 3] - y[1:15, 1]).mean() - (y[15:, 3] - y[15:, 1]).mean())
    assert np.isfinite(each.influence).all()


def test_groups_without_a_base_or_a_comparison_are_left_out() -> None:
    y = np.arange(12.0).reshape(3, 4)
    assert group_time_effects(y, np.array([0, 0, np.inf])).effect.size == 0
    assert group_time_effects(y, np.array([2.0, 2, 2])).effect.size == 0


def test_a_universal_base_changes_only_what_lies_before_it(wages: Any) -> None:
    y, start, _ = wages
    varying, universal = (group_time_effects(y, start, base_period=each) for each in ("varying", "universal"))
    plain = dict(zip(zip(varying.group, varying.period, strict=True), varying.effect, strict=True))
    for group, period, effect in zip(universal.group, universal.period, universal.effect, strict=True):
        if period >= group:
            assert effect == plain[group, period]
            continue
        change = y[:, int(period)] - y[:, int(group) - 1]  # never guided against the group, by hand
        assert effect == pytest.approx(change[start == group].mean() - change[np.isinf(start)].mean(), abs=1e-12)
    assert set(zip(universal.group, universal.period, strict=True)) - set(plain) == {(1, 0), (3, 0), (4, 0)} - set(
        plain
    )


def test_balanced_means_are_of_the_groups_that_have_all_of_the_periods(wages: Any) -> None:
    y, start, _ = wages
    found = group_time_effects(y, start)
    mean = found.aggregated("dynamic", balanced=1)
    last = y.shape[1] - 1
    assert mean.key.tolist() == [-2, -1, 0, 1]  # not of those that started last
    own = (last - found.group >= 1) & (found.period - found.group == 1)
    size = np.array([(start == group).sum() for group in found.group[own]])
    assert mean.effect[-1] == pytest.approx(np.average(found.effect[own], weights=size), abs=1e-12)
    assert mean.overall == pytest.approx(mean.effect[mean.key >= 0].mean(), abs=1e-12)
    with pytest.raises(ValueError, match="not to those by group"):
        found.aggregated("group", balanced=1)


def test_scored_is_the_mean_by_size_of_its_cells(wages: Any) -> None:
    y, start, _ = wages
    found = group_time_effects(y, start)
    dynamic = found.aggregated("dynamic")
    for event, effect, error in zip(dynamic.key, dynamic.effect, dynamic.standard_error, strict=True):
        assert found.scored(event, event) == pytest.approx((effect, error), abs=1e-14)
    simple = found.aggregated("simple")
    assert found.scored(0, 99) == pytest.approx((simple.overall, simple.overall_error), abs=1e-14)
    assert np.isnan(found.scored(50, 60)).all()
