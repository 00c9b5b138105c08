"""Did the guidance help? The group, then each service, and what cannot be said. One offline page a language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.registry.load import Registry
from pipeline.registry.programme import Cohort
from pipeline.registry.protocol import Protocol
from pipeline.reports import breaks, courses, guidance_effect, guidance_services, guidance_who, pages, run_charts
from pipeline.reports.facts import SHARED_TABLES, Facts, Tables, gather
from pipeline.reports.figures import Synthetic, marked
from pipeline.reports.guidance_event import event_figure
from pipeline.reports.guidance_services import Entry
from pipeline.reports.overview import inlined
from pipeline.reports.overview_sections import Section
from pipeline.reports.voice import Voice, sentence

NAME = "guidance"
TABLES = (
    *SHARED_TABLES,
    "mart.coverage",
    "mart.cohort_service",
    "mart.path",
    "mart.effect",
    "mart.measure_timeline",
    "mart.service_change",
    "result.alarm",
    "result.baseline",
    "result.change",
    "result.effect_by_period",
    "result.milestone",
    "result.power",
    "result.run_chart",
    "result.run_chart_series",
    "result.synthetic_control",
    "core.cohort_timeline",
    "core.guided_measure",
)


@dataclass(frozen=True)
class Part(Section):
    """A section that may have a part for each service, with words above its charts."""

    entries: Sequence[Entry] = ()
    charts_lead: str = ""


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """The pages by file name; none in a country where nobody is known to have been guided."""
    if not registry.cohorts:
        return {}
    facts = gather(tables, registry)
    return pages.in_all_languages(registry, NAME, lambda say: _page(facts, say))


def _page(facts: Facts, say: Voice) -> dict[str, object]:
    return {
        "as_of": say("revisions.as_of", day=say.date(facts.as_of)),
        "is_synthetic": facts.is_synthetic,
        "is_list_synthetic": any(_is_list_synthetic(facts, each) for each in facts.registry.cohorts),
        "sections": list(_sections(facts, say)),
        **inlined(say),
    }


def _sections(facts: Facts, say: Voice) -> Iterator[Part]:
    """Who, then protocol by protocol what was decided, the answer and the estimates; then the cohorts' figures."""
    cohorts = facts.registry.cohorts
    yield from (_who(facts, say, each, is_last=each == cohorts[-1]) for each in cohorts)
    for protocol in facts.registry.protocols:
        yield from _evaluation(facts, say, protocol)
    for cohort in cohorts:
        yield from _course(facts, say, cohort)
        yield _services(facts, say, cohort)


def _title(facts: Facts, say: Voice, name: str, cohorts: Sequence[Cohort]) -> str:
    """A heading; where there are several cohorts it says which."""
    words = say(f"guidance.{name}")
    return words if len(facts.registry.cohorts) == 1 else f"{words}: {say.list(say.of(each.label) for each in cohorts)}"


def _who(facts: Facts, say: Voice, cohort: Cohort, is_last: bool) -> Part:
    planned = any(cohort.id in each.cohorts for each in facts.registry.protocols)
    return Part(
        f"who-{cohort.id}",
        _title(facts, say, "who", [cohort]),
        warning=say("guidance.warning"),
        points=[
            *guidance_who.points(say, facts, cohort),
            *guidance_who.not_declared(say, facts, cohort),
            *(guidance_who.not_included(say, facts) if is_last else []),
            *([] if planned else [say("plan.none")]),
        ],
        details=[guidance_who.timeline(say, facts, cohort), guidance_who.measures(say, facts, cohort)],
    )


def _evaluation(facts: Facts, say: Voice, protocol: Protocol) -> Iterator[Part]:
    cohorts = [each for each in facts.registry.cohorts if each.id in protocol.cohorts]
    is_synthetic = _is_synthetic(facts, cohorts[0])
    plan = list(guidance_who.plan(say, facts, protocol))
    yield Part(f"protocol-{protocol.id}", _title(facts, say, "protocol", cohorts), points=plan)
    answer = guidance_effect.answer(say, facts, protocol)
    power = guidance_effect.of(facts, protocol, "result.power")
    odds = (
        say("answer.odds_lead", runs=say.number(power["runs"].max()), n=power["n_guided"].max()) if len(power) else ""
    )
    yield Part(
        f"answer-{protocol.id}",
        marked(say, _title(facts, say, "answer", cohorts), is_synthetic),
        lead=" ".join(answer.lead),
        points=[*answer.points, *([odds] if odds else [])],
        tables=[guidance_effect.odds(say, facts, protocol, is_synthetic)] if odds else [],
    )
    drawn = event_figure(say, facts, protocol, is_synthetic)
    yield Part(
        f"estimates-{protocol.id}",
        _title(facts, say, "estimates", cohorts),
        lead=say("effect.lead"),
        points=list(guidance_effect.nobody(say, facts, protocol)),
        figures=[drawn] if drawn else [],
        tables=[guidance_effect.table(say, facts, protocol, "primary", is_synthetic)],
        details=[guidance_effect.table(say, facts, protocol, "other", is_synthetic)],
    )


def _course(facts: Facts, say: Voice, cohort: Cohort) -> Iterator[Part]:
    """The guided services beside the rest of the country, indicator by indicator."""
    path, is_synthetic = facts.tables["mart.path"], _is_synthetic(facts, cohort)
    path = path[path["cohort_id"] == cohort.id]
    if path.empty:
        return
    table = courses.path_table(say, facts, cohort, is_synthetic)
    yield Part(
        f"course-{cohort.id}",
        _title(facts, say, "course", [cohort]),
        warning=say("guidance.warning"),
        points=list(breaks.of_drawn(say, facts.registry, path)),
        figures=[courses.follow_up(say, facts, cohort, path, table, is_synthetic)],
        tables=[courses.change_table(say, facts, cohort, is_synthetic)],
    )


def _services(facts: Facts, say: Voice, cohort: Cohort) -> Part:
    series = facts.tables["result.run_chart_series"]
    return Part(
        f"services-{cohort.id}",
        _title(facts, say, "services", [cohort]),
        lead=say("single.lead"),
        points=[sentence(each) for each in guidance_services.points(say, facts, cohort)],
        entries=list(guidance_services.entries(say, facts, cohort, _is_synthetic(facts, cohort))),
        charts_lead=run_charts.expected_by_chance(say, series[series["cohort_id"] == cohort.id]),
    )


def _is_synthetic(facts: Facts, cohort: Cohort) -> Synthetic:
    """Whether figures of the cohort's era, or else the list of who was in it, were made by a simulation."""
    eras = facts.tables["mart.coverage"]
    if eras.loc[eras["era"] == cohort.era, "is_synthetic"].any():
        return True
    return "list" if _is_list_synthetic(facts, cohort) else False


def _is_list_synthetic(facts: Facts, cohort: Cohort) -> bool:
    services = facts.tables["mart.cohort_service"]
    return bool(services.loc[services["cohort_id"] == cohort.id, "is_synthetic"].any())
