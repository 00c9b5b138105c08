"""What people and timers start: build a release, write the reports, do what is due; check what is declared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from pipeline import intake
from pipeline.alerts import tell as alerts
from pipeline.alerts.news import BUILT, REFUSED
from pipeline.alerts.tell import Sent
from pipeline.analysis.effect import effect_tables
from pipeline.analysis.outliers import outlier_tables
from pipeline.analysis.peers import peer_tables
from pipeline.analysis.rounds import need_tables
from pipeline.analysis.service_tables import service_tables
from pipeline.analysis.tracking import tracking_tables
from pipeline.problems import BadInput, Problem, bad_input
from pipeline.progress import Say
from pipeline.registry.load import HOME, jurisdictions, load, read
from pipeline.reports.list_letter import letter_name, list_letter
from pipeline.reports.write import put, write
from pipeline.schedule import serve
from pipeline.schedule.ledger import AlreadyRunning, Ledger, Run
from pipeline.settings import Settings
from pipeline.sources.landing import ArchivedFile
from pipeline.warehouse import register, release
from pipeline.warehouse.build import Built, build, known_files
from pipeline.warehouse.geography import TABLES, geography
from pipeline.warehouse.list_check import Entry, ListCheck, check_list, list_dataset

REPORTED = "report files"  # how the ledger says that a run wrote some
ANALYSES = (need_tables, peer_tables, tracking_tables, service_tables, effect_tables, outlier_tables)
Came = list[Run] | AlreadyRunning | BadInput  # of a jurisdiction that was to be served


def build_release(jurisdiction: str, as_of: date | None, again: bool, say: Say) -> Built:
    """Builds the release of a jurisdiction and makes it the current one.

    Raises BadInput; when a declaration cannot be read, with what else is wrong in the register of services.
    """
    try:
        registry = load(jurisdiction)
    except BadInput as error:
        raise BadInput(sorted({*error.problems, *check_services(jurisdiction, say).problems})) from None
    analyses = [partial(each, say=say) if each is need_tables else each for each in ANALYSES]  # the one that takes long
    return build(registry, Settings(), analyses, as_of, again, say)


def write_reports(jurisdiction: str, say: Say) -> list[Path]:
    """Writes pages and packs from the current release, and then which it is; returns them, the page to open first."""
    settings = Settings()
    registry = load(jurisdiction)
    path = release.current(settings.processed / jurisdiction)
    _written(jurisdiction).unlink(missing_ok=True)  # reports that are cut short are of no release
    with release.connect(path) as con:
        pages = write(con, registry, settings.reports / jurisdiction, say)
    put(_written(jurisdiction), path.stem.encode())
    return pages


def _written(jurisdiction: str) -> Path:
    """What says which release the reports are of; it lies among them, so that it is lost with them."""
    return Settings().reports / jurisdiction / ".release"


@dataclass(frozen=True)
class ServicesCheck:
    """What the check of the joint services came to.

    published: the publisher's list, where there is one. problems: what must be mended. letter: to the list's owner.
    """

    published: ListCheck | None
    problems: tuple[Problem, ...]
    letter: Path | None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was found in the published list, errors first."""
        return self.published.entries if self.published else ()


def check_services(jurisdiction: str, say: Say) -> ServicesCheck:
    """Holds the register of services against the code list, and the published list against its rules.

    Writes the letter to the list's owner. Needs the archive and the registry, no release; of a register that cannot be
    read in places, the rest is checked.
    """
    settings = Settings()
    registry, problems = read(jurisdiction)
    if registry is None or any(problem.field == "TOML" for problem in problems):
        raise BadInput(problems)
    dataset = list_dataset(registry)
    if dataset is None and not (registry.joint_services or registry.alone):
        return ServicesCheck(None, tuple(problems), None)
    say("checking the register of services")
    files = known_files(settings.raw / jurisdiction, registry)
    newest = max(
        (each for each in files if dataset and each.sidecar.dataset == dataset.id), key=_published, default=None
    )
    if dataset and newest:
        dataset = dataset.on(newest.published_on)
    with geography(registry, files, [*TABLES, *register.TABLES]) as con:
        problems += register.register_problems(con, registry, is_whole=not problems)
        published = check_list(con, dataset, registry) if dataset else None
    if dataset is None or published is None or newest is None:
        return ServicesCheck(None, tuple(sorted(problems)), None)
    letter = None
    if any(entry.is_error for entry in published.entries):
        content = list_letter(published, dataset, newest.sidecar)
        letter = put(settings.reports / jurisdiction / letter_name(dataset), content)
    return ServicesCheck(published, tuple(sorted({*problems, *published.problems})), letter)


def _published(file: ArchivedFile) -> datetime:
    return file.sidecar.published


def scheduled() -> list[str]:
    """The jurisdictions that declare a calendar, also those whose declarations cannot be read just now."""
    return [each for each in jurisdictions() if (HOME / each / "calendar.toml").exists()]


def run_due(jurisdiction: str, say: Say) -> list[Run]:
    """Does what is due in a jurisdiction now; returns what became of each rule.

    Raises BadInput without a calendar, AlreadyRunning while another scheduled run goes on.
    """
    calendar = load(jurisdiction).calendar
    if calendar is None:
        raise bad_input(
            "schedule", "", "jurisdiction", jurisdiction, "one with a calendar.toml: " + ", ".join(scheduled())
        )
    return serve.serve(calendar, Ledger(intake.runs(jurisdiction)), steps(jurisdiction, say), intake.now, say)


def due(jurisdiction: str) -> dict[str, datetime]:
    """Rule → the due time that a scheduled run would answer now; for clocks other than our own."""
    calendar = load(jurisdiction).calendar
    if calendar is None:
        return {}
    return serve.due_now(calendar, Ledger(intake.runs(jurisdiction)).runs(), intake.now())


def serve_all(where: Sequence[str], say: Callable[[str], Say], tell: Callable[[str, Came], None]) -> list[Came]:
    """Does what is due in each jurisdiction, whatever stops another; `tell` hears of each. Then the alerts go out."""
    came: list[Came] = []
    try:
        for each in where:
            try:
                came.append(run_due(each, say(each)))
            except (AlreadyRunning, BadInput) as error:
                came.append(error)
            tell(each, came[-1])
    finally:
        alert(where, say(""))
    return came


def serve_always(
    where: Sequence[str], say: Callable[[str], Say], tell: Callable[[str, Came], None], sleep: Callable[[float], None]
) -> None:
    """As `serve_all`, then sleeps until something is due again, without end. Raises BadInput when all of them do."""

    def serve_once() -> None:
        bad = [each for each in serve_all(where, say, tell) if isinstance(each, BadInput)]
        if len(bad) == len(where):
            raise BadInput(problem for error in bad for problem in error.problems)

    serve.keep(serve_once, lambda: min(_wakes(each) for each in where), intake.now, sleep)


def alert(where: Sequence[str], say: Say) -> list[Sent]:
    """Sends one digest of what is wrong or new to each declared channel, when it is worth it; never raises."""
    return alerts.tell(where, intake.now(), say)


def steps(jurisdiction: str, say: Say) -> list[serve.Step]:
    """What a scheduled run does, in order."""

    def fetch_step(datasets: Sequence[str]) -> serve.Told:
        """Says only what is not as it was: a state that lasts, such as a refusal, is said once."""
        if not datasets:
            return serve.Told()
        known, outcomes = Ledger(intake.runs(jurisdiction)).asked(), []
        for each in intake.ask(jurisdiction, datasets, say):
            outcomes.append(each)
            last = known.get(each.dataset)
            if each.is_news or last is None or (last.outcome, last.detail) != (each.outcome, each.detail):
                say(str(each))
        return serve.Told(
            news=tuple(each.dataset for each in outcomes if each.is_news),
            failed={each.dataset: each.detail for each in outcomes if each.outcome == "failed"},
        )

    def build_step(datasets: Sequence[str]) -> serve.Told:
        built = build_release(jurisdiction, None, again=False, say=say)
        return serve.Told(news=(f"{BUILT}{built.path.stem}",) if built.is_new else ())

    def report_step(datasets: Sequence[str]) -> serve.Told:
        name, written = release.current(Settings().processed / jurisdiction).stem, _written(jurisdiction)
        if written.exists() and written.read_text(encoding="utf-8") == name:
            return serve.Told()
        return serve.Told(news=(f"{len(write_reports(jurisdiction, say))} {REPORTED}",))

    fetch_first = serve.Step("fetch", fetch_step, fetches=True)
    return [
        fetch_first,
        serve.Step("drop", lambda datasets: _dropped(jurisdiction)),
        serve.Step("build", build_step),
        serve.Step("report", report_step),
    ]


def _dropped(jurisdiction: str) -> serve.Told:
    """What hinders the files hinders nothing else: what is in the archive is built and reported all the same."""
    try:
        dropped = intake.drop(jurisdiction)
    except (BadInput, OSError) as error:
        return serve.Told(failed={"drop": str(error)})
    return serve.Told(
        news=tuple(
            f"{REFUSED}{taken}" if taken.outcome == "refused" else str(taken)
            for taken in dropped
            if taken.outcome not in ("left", "failed")
        ),
        failed={taken.name: taken.why for taken in dropped if taken.outcome == "failed"},
    )


def _wakes(jurisdiction: str) -> datetime:
    """When something is to be done next; after a nap where nobody can say."""
    try:
        calendar = load(jurisdiction).calendar
    except BadInput:
        calendar = None
    now = intake.now()
    return serve.wakes(calendar, Ledger(intake.runs(jurisdiction)).runs(), now) if calendar else now + serve.NAP
