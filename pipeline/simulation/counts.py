"""The counts themselves: who was investigated, helped, placed and visited, per municipality and period."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from pipeline.simulation.effects import TrueEffects, share_at_level
from pipeline.simulation.parameters import Levels, Parameters, level_at, stream
from pipeline.simulation.places import Places

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

# The half-yearly indicators; a low share of the last two is a need, so their effects turn.
HALF_YEARLY = {
    "deadline_breaches": 1,
    "foster_supervision_missed": 1,
    "foster_follow_up_missed": 1,
    "action_plan_in_place": -1,
    "action_plan_evaluated": -1,
}


@dataclass(frozen=True)
class Draws:
    """Named draws: each has a random stream of its own."""

    parameters: Parameters
    seed: int

    def normal_by(self, part: str, key: pd.Series, sd: float) -> Floats:
        """One normal draw per distinct value of the key, repeated for its rows."""
        distinct = sorted(key.unique())
        draws = stream(self.seed, part).normal(0, sd, len(distinct))
        return key.map(dict(zip(distinct, draws, strict=True))).to_numpy()

    def spread_total(self, part: str, mean: Floats, group: pd.Series, total: dict[int, float]) -> Counts:
        """Counts with given national totals per group: Poisson counts, conditioned on their sum.

        mean: expected counts up to a factor per group. group: number of each row's group.
        """
        generator, counts = stream(self.seed, part), np.zeros(len(mean), dtype=np.int64)
        for each in sorted(total):
            rows = (group == each).to_numpy()
            counts[rows] = generator.multinomial(round(total[each]), mean[rows] / mean[rows].sum())
        return counts

    def binomial(self, part: str, n: Counts, p: Floats | float) -> Counts:
        """Binomial counts."""
        return stream(self.seed, part).binomial(n, p)


def yearly(places: Places, parameters: Parameters, effects: TrueEffects, seed: int) -> pd.DataFrame:
    """One row per municipality and year: all counts of children and positions.

    mean_* and true_* are the means and true shares they were drawn from. Positions have one decimal.
    """
    draws = Draws(parameters, seed)
    frame = places.units.copy()
    step = frame["year"] - parameters.first_year
    service = frame["service_id"]
    for indicator in ("caseload", "qualified_positions", "caseworker_turnover"):
        frame[f"effect_{indicator}"] = effects.of_years(indicator, service, step)
    _add_positions(frame, draws)
    _add_children(frame, draws)
    _add_placed(frame, draws)
    _add_turnover(frame, draws)
    return frame


def _national(frame: pd.DataFrame, levels: dict[int, float]) -> dict[int, float]:
    return {int(year): level_at(levels, int(year)) for year in frame["year"].unique()}


def _scaled(mean: Floats, group: pd.Series, total: dict[int, float]) -> Floats:
    """The means, scaled so that they sum to the total in each group."""
    sums = pd.Series(mean, index=group.index).groupby(group).transform("sum").to_numpy()
    return mean * group.map(total).to_numpy() / sums


def _add_positions(frame: pd.DataFrame, draws: Draws) -> None:
    """Positions in case handling, and those with professional education."""
    composition, national = draws.parameters.composition, _national(frame, draws.parameters.totals.positions)
    rate = frame["children"] * np.exp(-frame["effect_qualified_positions"])
    mean = _scaled(rate.to_numpy(), frame["year"], national)
    noise = composition.position_noise
    drawn = stream(draws.seed, "positions").gamma(mean * noise, 1 / noise)
    frame["mean_positions"] = mean
    frame["positions"] = _scaled(drawn, frame["year"], national).round(1)
    logit = special.logit(composition.qualified_share)
    personal = draws.normal_by("qualified", frame["service_id"], composition.qualified_sd)
    frame["true_qualified_share"] = special.expit(logit + personal)
    frame["qualified"] = (frame["positions"] * frame["true_qualified_share"]).round(1)


def _add_children(frame: pd.DataFrame, draws: Draws) -> None:
    """Children 0-17 only investigated, only with measures, or both; and what goes with them."""
    composition, totals = draws.parameters.composition, draws.parameters.totals
    investigated = _national(frame, totals.children_investigated)
    with_measures = _national(frame, totals.children_with_measures)
    young = {year: composition.share_0_17 * total for year, total in with_measures.items()}
    either = {year: (investigated[year] + young[year]) / (1 + composition.both_share) for year in young}
    both = {year: composition.both_share * each for year, each in either.items()}
    union = frame["mean_positions"].to_numpy() * np.exp(frame["effect_caseload"].to_numpy())
    frame["mean_children"] = _scaled(union, frame["year"], either)
    national = {
        "only_investigated": {year: investigated[year] - both[year] for year in both},
        "only_measures": {year: young[year] - both[year] for year in both},
        "both": both,
    }
    share = _group_shares(frame, draws, composition.both_share)
    for group, total in national.items():
        frame[f"mean_{group}"] = frame["mean_children"] * share[group]
        frame[group] = draws.spread_total(group, frame[f"mean_{group}"].to_numpy(), frame["year"], total)
    mean_measures = (frame["mean_only_measures"] + frame["mean_both"]).to_numpy()
    older = {year: total - young[year] for year, total in with_measures.items()}
    frame["measures_18_22"] = draws.spread_total("older", mean_measures, frame["year"], older)
    _add_reported(frame, draws, mean_measures)


def _add_reported(frame: pd.DataFrame, draws: Draws, mean_measures: Floats) -> None:
    """Children with a report of concern, and emergency decisions."""
    composition, totals = draws.parameters.composition, draws.parameters.totals
    place = draws.normal_by("reported", frame["current_code"], composition.location_sd / 2)
    reported = (frame["mean_only_investigated"] + frame["mean_both"]).to_numpy() * np.exp(place)
    frame["children_reported"] = draws.spread_total(
        "reported", reported, frame["year"], _national(frame, totals.children_reported)
    )
    place = draws.normal_by("emergency", frame["current_code"], composition.location_sd)
    urgent = mean_measures * np.exp(place)
    frame["emergency"] = draws.spread_total(
        "emergency", urgent, frame["year"], _national(frame, totals.emergency_decisions)
    )


def _group_shares(frame: pd.DataFrame, draws: Draws, both_share: float) -> dict[str, Floats]:
    """How a service's children fall into the three groups; the shares of a row sum to 1."""
    rest = (1 - both_share) / 2
    sd = draws.parameters.composition.group_sd
    weight = {
        "only_investigated": rest * np.exp(draws.normal_by("share investigated", frame["service_id"], sd)),
        "only_measures": np.full(len(frame), rest),
        "both": both_share * np.exp(draws.normal_by("share both", frame["service_id"], sd)),
    }
    total = np.sum(list(weight.values()), axis=0)
    return {group: each / total for group, each in weight.items()}


def _add_placed(frame: pd.DataFrame, draws: Draws) -> None:
    """Of the children with measures, those placed outside the home."""
    composition = draws.parameters.composition
    personal = draws.normal_by("placed", frame["service_id"], composition.placed_sd)
    share = special.expit(special.logit(composition.placed_share) + personal)
    frame["mean_placed"] = (frame["mean_only_measures"] + frame["mean_both"]) * share
    young = (frame["only_measures"] + frame["both"]).to_numpy()
    frame["placed"] = draws.binomial("placed young", young, share)
    frame["placed_18_22"] = draws.binomial("placed older", frame["measures_18_22"].to_numpy(), share)


def _add_turnover(frame: pd.DataFrame, draws: Draws) -> None:
    """Case workers who left; the base is the positions, rounded to persons."""
    level = draws.parameters.indicators["caseworker_turnover"].level or {}
    frame["staff"] = np.floor(frame["positions"] + 0.5).astype(int)
    shares = np.zeros(len(frame))
    for year in draws.parameters.years:
        rows = (frame["year"] == year).to_numpy()
        effect = frame["effect_caseworker_turnover"].to_numpy()[rows]
        weight = frame["mean_positions"].to_numpy()[rows]
        shares[rows] = share_at_level(effect, weight, level_at(level, year) / 100)
    frame["true_turnover"] = shares
    frame["leavers"] = draws.binomial("leavers", frame["staff"].to_numpy(), shares)


def half_yearly(years: pd.DataFrame, parameters: Parameters, effects: TrueEffects, seed: int) -> pd.DataFrame:
    """One row per municipality and half-year: <indicator>_numerator and <indicator>_denominator.

    mean_<indicator> is the expected denominator, true_<indicator> the true share.
    """
    draws = Draws(parameters, seed)
    frame = pd.concat([years.assign(half=half) for half in (1, 2)]).sort_values(
        ["year", "half", "code"], ignore_index=True
    )
    frame["period"] = frame["year"].astype(str) + "H" + frame["half"].astype(str)
    frame["step"] = 2 * (frame["year"] - parameters.first_year) + frame["half"] - 1
    for indicator in HALF_YEARLY:
        mean, total = _exposure(frame, indicator, parameters, draws)
        frame[f"mean_{indicator}"] = mean
        if total is None:  # of the children who have a plan
            with_plan = frame["action_plan_in_place_numerator"].to_numpy()
            exposure = draws.binomial("continuous", with_plan, parameters.composition.continuous_share)
        else:
            exposure = draws.spread_total(f"{indicator} denominator", mean, frame["step"], total)
        frame[f"{indicator}_denominator"] = exposure
        share = _true_share(frame, indicator, parameters, effects)
        frame[f"true_{indicator}"] = share
        frame[f"{indicator}_numerator"] = draws.binomial(f"{indicator} numerator", exposure, share)
    return frame


def _exposure(
    frame: pd.DataFrame, indicator: str, parameters: Parameters, draws: Draws
) -> tuple[Floats, dict[int, float] | None]:
    """Expected denominators, and the national totals by number of the half-year, where they are declared."""
    totals, composition = parameters.totals, parameters.composition
    investigated = frame["mean_only_investigated"] + frame["mean_both"]
    with_measures = frame["mean_only_measures"] + frame["mean_both"]
    if indicator == "action_plan_evaluated":
        plans = frame["mean_action_plan_in_place"] * frame["true_action_plan_in_place"]
        return plans.to_numpy() * composition.continuous_share, None
    if indicator == "deadline_breaches":
        total = _halves(totals.investigations_concluded, parameters)
        return _scaled(investigated.to_numpy(), frame["step"], total), total
    if indicator == "foster_supervision_missed":  # where the foster home is, not whose child it is
        place = draws.normal_by("foster homes", frame["current_code"], composition.location_sd)
        levels, mean = totals.foster_children_supervised, frame["children"].to_numpy() * np.exp(place)
    elif indicator == "foster_follow_up_missed":
        levels, mean = totals.foster_children_followed_up, frame["mean_placed"].to_numpy()
    else:
        levels, mean = totals.children_in_assistance, (with_measures - frame["mean_placed"]).to_numpy()
    total = {step: level_at(levels, int(period[:4])) for step, period in enumerate(parameters.periods)}
    return _scaled(mean, frame["step"], total), total


def _halves(levels: Levels, parameters: Parameters) -> dict[int, float]:
    """A year's total in two halves that make the whole to the unit; by number of the half-year."""
    halves: dict[int, float] = {}
    for number, year in enumerate(parameters.years):
        whole = round(level_at(levels, year))
        halves[2 * number] = round(whole * parameters.composition.first_half_share)
        halves[2 * number + 1] = whole - halves[2 * number]
    return halves


def _true_share(frame: pd.DataFrame, indicator: str, parameters: Parameters, effects: TrueEffects) -> Floats:
    """True shares whose exposure-weighted national mean is the declared level, half-year by half-year."""
    level = parameters.indicators[indicator].level or {}
    effect = HALF_YEARLY[indicator] * effects.of_half_years(indicator, frame["service_id"], frame["step"])
    share, mean = np.zeros(len(frame)), frame[f"mean_{indicator}"].to_numpy()
    for step, year in frame[["step", "year"]].drop_duplicates().itertuples(index=False):
        rows = (frame["step"] == step).to_numpy()
        share[rows] = share_at_level(effect[rows], mean[rows], level_at(level, int(year)) / 100)
    return share
