"""How an effect is looked for, written down before anybody looks."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.methods.imputation import Windows
from pipeline.registry.model import Declaration, Identifier, Period, Sure, Text
from pipeline.registry.programme import Cohort, Phase

Weight = Literal["children", "root_children", "none"]
Comparison = Literal["eligible_not_offered", "all_not_guided", "declined"]
Check = Literal[
    "callaway_santanna_never",
    "callaway_santanna_not_yet",
    "sun_abraham",
    "two_way_shown_only",
    "without_each_cohort",
    "weighted_by_children",
    "unweighted",
    "logit_scale",
    "peer_group_by_time",
    "covid_left_out",
    "split_services_in",
    "drift_bounds",
]
Placebo = Literal["earlier_start", "next_in_line"]


class Composite(Declaration):
    """The index over some of its dimensions, 0–100 points."""

    dimensions: Annotated[tuple[Identifier, ...], Field(min_length=1)]


class SmallestEffect(Declaration):
    """The smallest improvement that the design can show, in points of the primary outcome, and where it comes from."""

    points: Annotated[float, Field(gt=0)]
    power_percent: Annotated[float, Field(gt=0, lt=100)]
    basis: str
    sure: Sure


class Inference(Declaration):
    """Randomisation inference: assignments drawn, and the seed that draws them again.

    eligible: among how many, those with the highest need in the selection phase, starts are dealt anew where it is not
    public who could have been guided; all services when left out.
    """

    draws: Annotated[int, Field(ge=199)]
    seed: Annotated[int, Field(ge=0)]
    level_percent: Annotated[float, Field(ge=50, lt=100)]
    eligible: Annotated[int, Field(ge=2)] | None = None


class Amendment(Declaration):
    """A later change; one made after outcomes were read says so, and is reported beside the result as planned."""

    day: date
    what: Text
    why: Text
    after_outcomes_were_read: bool


class Protocol(Declaration):
    """The plan for the effect on one cohort, or on several together: written first, dated, and kept.

    The windows are the cohorts' phases, as far from the start in each. weight: how a service counts, by its children,
    by their root (a large service more, but not so much that a few are all), or like any other. comparisons: the first
    is the primary one. multiplicity is over the primary outcome's dimensions; single indicators are described, not
    tested. covid_periods: what the check `covid_left_out` leaves out. outcomes_read_on: the first day anybody read
    outcomes of the scored phase; left out as long as nobody has.
    """

    id: Identifier
    cohorts: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    decided_on: date
    decided_by: Text
    outcomes_read_on: date | None = None
    primary: Composite
    baseline_phase: Literal["baseline"]
    scored_phase: Literal["during", "after"]
    estimator: Literal["imputation"]
    weight: Weight
    comparisons: Annotated[tuple[Comparison, ...], Field(min_length=1)]
    checks: tuple[Check, ...] = ()
    placebos: tuple[Placebo, ...] = ()
    covid_periods: tuple[Period, ...] = ()
    multiplicity: Literal["holm"]
    smallest_effect: SmallestEffect
    inference: Inference
    note: Text | None = None
    amendments: tuple[Amendment, ...] = ()

    @model_validator(mode="after")
    def _was_written_first(self) -> "Protocol":
        read = self.outcomes_read_on
        if read and read <= self.decided_on:
            raise ValueError(f"decided_on {self.decided_on} must be before the outcomes were read, on {read}")
        for each in self.amendments:
            if each.day < self.decided_on:
                raise ValueError(f"the amendment of {each.day} must not be before decided_on {self.decided_on}")
            if each.after_outcomes_were_read != bool(read and each.day >= read):
                said = "true" if read and each.day >= read else "false"
                raise ValueError(f"after_outcomes_were_read of the amendment of {each.day} must be {said}")
        for name in ("cohorts", "comparisons", "checks", "placebos"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                raise ValueError(f"{name} are named once each")
        if ("covid_left_out" in self.checks) != bool(self.covid_periods):
            raise ValueError("covid_periods and the check covid_left_out go together")
        return self

    @property
    def amended_late(self) -> bool:
        """Whether something was changed after outcomes were read."""
        return any(each.after_outcomes_were_read for each in self.amendments)

    def windows(self, cohort: Cohort) -> Windows:
        """The cohort's phases as periods counted from the first guided one, which is the first of `start_up`."""
        zero, baseline, scored = (cohort.phase(name) for name in ("start_up", self.baseline_phase, self.scored_phase))
        if not (zero and baseline and scored):
            raise ValueError(f"{cohort.id} lacks a phase of {self.id}")
        first = ordinal(zero.first_period)

        def since(phase: Phase) -> tuple[int, int]:
            return ordinal(phase.first_period) - first, ordinal(phase.last_period) - first

        choice = cohort.phase("selection")
        return Windows(since(baseline), since(scored), since(choice) if choice else (since(baseline)[1] + 1, -1))


def ordinal(period: Period) -> int:
    """A whole number that rises by one from a period to the next of its kind."""
    return 2 * int(period[:4]) + (period[4:] == "H2") if period[4:] else int(period)


def phase_mistakes(protocol: Protocol, cohorts: Sequence[Cohort]) -> Iterator[tuple[str, str, str]]:
    """(field, given, allowed) where windows are no phases of the cohorts, lie on the wrong side, or differ."""
    found = {}
    for cohort in cohorts:
        for field, phase in (
            ("baseline_phase", protocol.baseline_phase),
            ("scored_phase", protocol.scored_phase),
            ("cohorts", "start_up"),
        ):
            if cohort.phase(phase) is None:
                yield field, repr(phase), f"a phase of {cohort.id}: " + ", ".join(each.id for each in cohort.phases)
                return
        if protocol.inference.eligible and cohort.phase("selection") is None:
            allowed = f"a phase selection in {cohort.id}, in which need is read; or left out"
            yield "inference.eligible", str(protocol.inference.eligible), allowed
        try:
            found[cohort.id] = protocol.windows(cohort), cohort.era
        except ValueError as error:
            yield "baseline_phase", str(error), "a baseline before the start_up phase and a scored phase from it on"
            return
    if len(set(found.values())) > 1:
        told = ", ".join(f"{name} {each.baseline} and {each.scored} in {era}" for name, (each, era) in found.items())
        yield "cohorts", told, "cohorts of one era with phases as far from their start; others in another protocol"
