"""The joint dynamic model of need: all indicators and half-years of all services at once.

logit or log rate of service i, indicator j, half-year t:  level[j,t] + lasting[i,j] + passing[i,j,t]

The level is the country's, free in each half-year. The lasting part is normal over services and correlated over
indicators; the passing part fades from one half-year to the next (AR(1), one memory, a variance an indicator). Counts
are binomial or Poisson, hidden ones are intervals, missing ones say nothing.

The posterior is the nearest normal one (Gaussian variational approximation); level, covariance, variances and memory
are those under which the counts are most likely (EM). What a later vintage will still move is a normal term of its cell
alone, integrated out. docs/methods.md has the formulas and the witnesses.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from pipeline.methods.sites import Counts, Sites

Floats = NDArray[np.float64]

SMALLEST_VARIANCE = 1e-6
MEMORY_BOUNDS = (0.0, 0.98)
ROUNDS = 300
TOLERANCE = 1e-3  # of log variances, memory and levels, from one round to the next
GROWTH, LONGEST_STRIDE = 1.2, 12.0  # how the step of a creeping variance is stretched
LONGEST_MOVE = 1.0  # logits, a round
STEP = 0.9  # of the way to the new approximation, each round


@dataclass(frozen=True)
class Dynamics:
    """What is common to all services.

    level: shape (J, T), logit or log rate of the country. lasting: covariance of the lasting parts, shape (J, J).
    passing: variance of the passing part, shape (J,). memory: correlation from one half-year to the next, 0..1.
    times: shape (T,), in half-years. rounds: how many the fit took; fewer than `ROUNDS` when it settled.
    """

    level: Floats
    lasting: Floats
    passing: Floats
    memory: float
    times: Floats
    rounds: int = 0

    def fading(self, times: Floats | None = None) -> Floats:
        """Correlation of the passing part between the times, shape (T, T)."""
        at = self.times if times is None else times
        return np.asarray(self.memory ** np.abs(at[:, None] - at[None, :]))


@dataclass(frozen=True)
class Posterior:
    """What the counts of each service say, given what is common; normal.

    lasting_mean: shape (S, J); lasting_covariance: shape (S, J, J).
    passing_own: shape (S, J, T), mean of the passing part were the lasting one 0; passing_pull: shape (S, J, T), how
    far it gives way per unit of the lasting part; passing_covariance: shape (S, J, T, T), given the lasting part.
    own_precision: shape (S, J), what the service's own counts say about the lasting part, as a precision.
    """

    lasting_mean: Floats
    lasting_covariance: Floats
    passing_own: Floats
    passing_pull: Floats
    passing_covariance: Floats
    own_precision: Floats

    @property
    def passing_mean(self) -> Floats:
        """Shape (S, J, T)."""
        return self.passing_own - self.passing_pull * self.lasting_mean[..., None]

    @property
    def effect_mean(self) -> Floats:
        """Mean of lasting and passing part together, shape (S, J, T)."""
        return self.lasting_mean[..., None] + self.passing_mean

    @property
    def effect_variance(self) -> Floats:
        """Variance of lasting and passing part together, shape (S, J, T)."""
        lasting = np.diagonal(self.lasting_covariance, axis1=-2, axis2=-1)[..., None]
        return lasting * (1 - self.passing_pull) ** 2 + np.diagonal(self.passing_covariance, axis1=-2, axis2=-1)


def fit(
    counts: Counts,
    has_passing: bool = True,
    say: Callable[[int], None] = lambda _: None,
    start: Dynamics | None = None,
) -> Dynamics:
    """What is common to all services, under which their counts are most likely.

    counts: at least three services with counts for each indicator; see `Counts`. has_passing: False for the static
    model, in which rates stand still. say: is told the number of each round. start: what was found of nearly the same
    counts, with the same indicators and half-years; saves rounds.
    Raises ValueError for an indicator that fewer than three services have counts of.
    """
    sites, stride = Sites(counts), 1.0
    few = (sites.known.any(axis=2).sum(axis=0) < 3).nonzero()[0]
    if few.size:
        raise ValueError(f"Indicators {few.tolist()} (by number) have counts of fewer than three services.")
    at = start or _start(counts, has_passing)
    precision, shift = _settled(sites, at) if start else _nothing(sites)
    before = np.zeros(at.passing.size + 1)
    for number in range(1, ROUNDS + 1):
        say(number)
        posterior, centre = _centred(_posterior(at, precision, shift, sites.revision), sites.known)
        at, shift = replace(at, level=at.level + centre), shift - precision * centre
        precision, shift, slope, curvature = _approximated(sites, at, posterior, precision, shift)
        after = _improved(at, posterior, sites.known, slope, curvature, has_passing)
        if number > 5 and _distance(at, after, sites.known) < TOLERANCE:
            return replace(after, rounds=number)
        move = _passing_move(at, after)
        stride = min(stride * GROWTH, LONGEST_STRIDE) if number > 5 and move @ before > 0 else 1.0
        at, before = _farther(at, after, stride), move
    return replace(at, rounds=ROUNDS)


def posterior(at: Dynamics, counts: Counts, rounds: int = 30) -> Posterior:
    """The posterior of services given what is common: of those it was fitted to, or of others or with other counts."""
    sites = Sites(counts)
    return _posterior(at, *_settled(sites, at, rounds), sites.revision)


def _nothing(sites: Sites) -> tuple[Floats, Floats]:
    """Normal terms that say nothing yet: precision and shift of each cell."""
    return np.zeros(sites.known.shape), np.zeros(sites.known.shape)


def _settled(sites: Sites, at: Dynamics, rounds: int = 5) -> tuple[Floats, Floats]:
    """The normal terms of the cells after some rounds with what is common held fixed."""
    precision, shift = _nothing(sites)
    for _ in range(rounds):
        found = _posterior(at, precision, shift, sites.revision)
        precision, shift, _, _ = _approximated(sites, at, found, precision, shift)
    return precision, shift


def _approximated(
    sites: Sites, at: Dynamics, found: Posterior, precision: Floats, shift: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """The normal term of each cell nearer to its likelihood, and the slope and curvature there.

    Where a step would carry a rate farther than `LONGEST_MOVE`, it is cut: a share near none or all is flat there, and
    a full step would overshoot for ever.
    """
    said = 1 + precision * sites.revision  # what a later vintage will move belongs to the cell's rate as published
    mean = (found.effect_mean + sites.revision * shift) / said
    variance = sites.revision / said + found.effect_variance / said**2
    slope, curvature = sites.slope_and_curvature(at.level + mean, variance)
    pull = slope - (shift - precision * mean)
    move = np.abs(pull) / (1 / variance - precision + curvature)
    step = STEP * np.minimum(1, LONGEST_MOVE / np.maximum(move, LONGEST_MOVE))
    return (
        precision + step * (curvature - precision),
        shift + step * (slope + curvature * mean - shift),
        slope,
        curvature,
    )


def _start(counts: Counts, has_passing: bool) -> Dynamics:
    """Crude shares of the country, and spreads of a middling size."""
    known = counts.is_known
    hidden = np.where(counts.hidden_cases > 0, (counts.hidden_low + counts.hidden_high) / 2, 0)
    total = np.where(known, counts.numerator + hidden, 0).sum(axis=0)
    size = np.where(known, counts.denominator, 0).sum(axis=0)
    unseen = size == 0
    total = np.where(unseen, total.sum(axis=1, keepdims=True), total)
    size = np.where(unseen, size.sum(axis=1, keepdims=True), size)
    is_share = np.array([law == "binomial" for law in counts.law])[:, None]
    share = (total + 0.5) / (size + 1)
    level = np.where(is_share, special.logit(np.clip(share, 1e-9, 1 - 1e-9)), np.log((total + 0.5) / size))
    variance = np.full(len(counts.law), 0.25)
    passing = variance / 2 if has_passing else np.full_like(variance, SMALLEST_VARIANCE)
    return Dynamics(level, np.diag(variance), passing, 0.5 if has_passing else 0.0, np.asarray(counts.times, float))


def _posterior(at: Dynamics, precision: Floats, shift: Floats, revision: Floats) -> Posterior:
    """Combines the prior with one normal term a cell: exp(shift·effect − precision·effect²/2).

    revision: shape (J, T), variance of a further normal part of the effect that is the cell's own; integrated out.
    """
    said = 1 + precision * revision
    precision, shift = precision / said, shift / said
    prior = np.linalg.inv(at.passing[:, None, None] * at.fading())
    within = prior + precision[..., None] * np.eye(at.times.size)
    covariance = np.linalg.inv(within)
    pull = np.einsum("sjtu,sju->sjt", covariance, precision)
    own = np.einsum("sjtu,sju->sjt", covariance, shift)
    own_precision = (precision * (1 - pull)).sum(axis=-1)
    evidence = (shift - precision * own).sum(axis=-1)
    lasting = np.linalg.inv(np.linalg.inv(at.lasting) + own_precision[..., None] * np.eye(at.passing.size))
    mean = np.einsum("sjk,sk->sj", lasting, evidence)
    return Posterior(mean, np.asarray(lasting), own, pull, np.asarray(covariance), np.maximum(own_precision, 0))


def _centred(found: Posterior, known: NDArray[np.bool_]) -> tuple[Posterior, Floats]:
    """The posterior with the means of the services' parts taken out, and these means, shape (J, T), for the level.

    Without it the level creeps where counts are large: each service's part already says what the level should.

    Liu, Rubin & Wu (1998), Biometrika 85:755 (parameter expansion).
    """
    seen = known.any(axis=2).astype(float)
    size = seen.sum(axis=0)
    lasting = (seen * found.lasting_mean).sum(axis=0) / size
    passing = (seen[..., None] * found.passing_mean).sum(axis=0) / size[:, None]
    own = found.passing_own - passing - found.passing_pull * lasting[:, None]
    return replace(found, lasting_mean=found.lasting_mean - lasting, passing_own=own), lasting[:, None] + passing


def _improved(
    at: Dynamics,
    found: Posterior,
    known: NDArray[np.bool_],
    slope: Floats,
    curvature: Floats,
    has_passing: bool,
) -> Dynamics:
    """The M-step: each parameter at its best, given the posterior."""
    has_data = known.any(axis=(1, 2))
    size = curvature.sum(axis=0)
    step = np.divide(slope.sum(axis=0), size, out=np.zeros_like(size), where=size > 0)
    level = at.level + np.clip(step, -1, 1)
    mean, covariance = found.lasting_mean[has_data], found.lasting_covariance[has_data]
    lasting = (np.einsum("sj,sk->jk", mean, mean) + covariance.sum(axis=0)) / has_data.sum()
    lasting = _calmed(lasting, int(has_data.sum()))
    if not has_passing:
        return replace(at, level=level, lasting=lasting)
    passing, memory = _passing(at, found, known)
    return Dynamics(level, lasting, passing, memory, at.times)


def _calmed(covariance: Floats, services: int) -> Floats:
    """Correlations drawn a little to none, by as many imaginary services as there are indicators; spreads are kept."""
    kept = services / (services + covariance.shape[0])
    spread = np.maximum(np.diag(covariance), SMALLEST_VARIANCE)
    return np.asarray(kept * covariance + np.diag(spread - kept * np.diag(covariance)))


def _passing(at: Dynamics, found: Posterior, known: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Variance of each indicator's passing part, and the memory that is common to them."""
    mean, pull = found.passing_mean, found.passing_pull
    lasting = np.diagonal(found.lasting_covariance, axis1=-2, axis2=-1)[..., None, None]
    second = mean[..., :, None] * mean[..., None, :] + found.passing_covariance
    second += pull[..., :, None] * pull[..., None, :] * lasting
    seen = known.any(axis=2)
    moment = np.einsum("sj,sjtu->jtu", seen.astype(float), second) / seen.sum(axis=0)[:, None, None]
    periods = at.times.size

    def variances(memory: float) -> tuple[Floats, float]:
        fading = replace(at, memory=memory).fading()
        inverse = np.linalg.inv(fading)
        variance = np.maximum(np.einsum("tu,jtu->j", inverse, moment) / periods, SMALLEST_VARIANCE)
        return variance, float(np.linalg.slogdet(fading)[1])

    def misfit(memory: float) -> float:
        variance, spread = variances(memory)
        return float(seen.sum(axis=0) @ (periods * np.log(variance) + spread))

    best = float(optimize.minimize_scalar(misfit, bounds=MEMORY_BOUNDS, method="bounded").x)
    return variances(best)[0], best


def _passing_move(before: Dynamics, after: Dynamics) -> Floats:
    """The step of the log variances of the passing parts and of the memory, shape (J + 1,)."""
    return np.append(np.log(after.passing / before.passing), after.memory - before.memory)


def _farther(before: Dynamics, after: Dynamics, stride: float) -> Dynamics:
    """As far again along the step of the passing part: EM alone creeps where little passes.

    Salakhutdinov & Roweis (2003), Adaptive overrelaxed bound optimization methods, ICML 20:664.
    """
    if stride == 1:
        return after
    passing = before.passing * (after.passing / before.passing) ** stride
    memory = float(np.clip(before.memory + stride * (after.memory - before.memory), *MEMORY_BOUNDS))
    return replace(after, passing=np.maximum(passing, SMALLEST_VARIANCE), memory=memory)


def _distance(before: Dynamics, after: Dynamics, known: NDArray[np.bool_]) -> float:
    """The largest change of a level, of a log variance, of a correlation or of the memory."""
    spreads = np.log(np.diag(after.lasting) / np.diag(before.lasting)), np.log(after.passing / before.passing)
    levels = np.where(known.any(axis=0), after.level - before.level, 0)
    return float(max(np.abs(each).max() for each in (*spreads, levels, np.array([after.memory - before.memory]))))
