"""The fetch step of a scheduled run: news and failures reach the rules, and what lasts is said once."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import intake, jobs
from pipeline.cli import app
from pipeline.progress import Say
from pipeline.registry.load import Registry, load
from pipeline.schedule.due import due_times, opens
from pipeline.schedule.ledger import AlreadyRunning, Asked, Ledger, Run
from pipeline.schedule.serve import Told
from pipeline.schedule.status import rows, status
from pipeline.settings import Settings
from pipeline.sources.fetch import Outcome
from pipeline.warehouse import release
from pipeline.warehouse.build import Built
from tests.schedule.drawn import NORWAY, calendar, rule, utc

RUNNER = CliRunner()
NOW = utc("2026-11-22 10:00")
Says = Callable[[Sequence[str]], Iterator[Outcome]]


class Fetched:
    """In the place of `Fetching`: answers what a test says, without any publisher."""

    says: Says

    def __init__(self, registry: Registry, folder: Path, publishers: object, door: object) -> None:
        pass

    def outcomes(self, names: Sequence[str], say: Say) -> Iterator[Outcome]:
        return type(self).says(names)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    folder = tmp_path / "data" / "processed" / "norway"
    (folder / "releases").mkdir(parents=True)
    monkeypatch.setattr(intake, "Fetching", Fetched)
    monkeypatch.setattr(jobs, "build_release", lambda *_, **__: Built(release.path_of(folder, "first"), is_new=False))
    monkeypatch.setattr(jobs, "write_reports", lambda *_: [Path("index.html")])
    release.path_of(folder, "first").touch()
    release.make_current(folder, "first")
    return tmp_path


def says(*outcomes: Outcome) -> None:
    Fetched.says = staticmethod(lambda names: iter(outcomes))  # type: ignore[assignment]


def ledger() -> Ledger:
    return Ledger(Settings().processed / "norway" / "runs")


def test_news_failures_and_refusals_are_told_apart() -> None:
    said: list[str] = []
    fetch_step = jobs.steps("norway", said.append)[0]
    assert fetch_step.fetches and fetch_step.do([]) == Told() and ledger().asked() == {}, "no name would mean all"
    a, b = Outcome("a", "new vintage", "of today"), Outcome("b", "changed metadata", "a label")
    c, d = Outcome("c", "failed", "no answer", "publisher"), Outcome("d", "not fetched", "synthetic", "ours")
    says(a, b, c, d, Outcome("e", "no change", "of May"))
    told = fetch_step.do(["a", "b", "c", "d", "e"])
    assert told == Told(news=("a", "b"), failed={"c": "no answer"})
    assert said[:4] == [str(each) for each in (a, b, c, d)]
    says(c, d)
    fetch_step.do(["c", "d"])
    assert len(said) == 5, "what lasts is said once"
    says(replace(d, detail="another reason"))
    fetch_step.do(["d"])
    assert said[5:] == ["d: not fetched (another reason)"]
    assert ledger().asked()["c"].outcome == "failed" and ledger().runs() == []


def test_two_fetches_never_run_at_once(home: Path) -> None:
    said = "another fetch of norway is at work; wait for it, or stop it"
    says()
    with ledger().alone(lock_name="fetching"):
        done = RUNNER.invoke(app, ["fetch"])
        assert str(done.exception) == said  # main() ends with 4 there
        with pytest.raises(AlreadyRunning, match=said):
            jobs.steps("norway", lambda step: None)[0].do(["a"])
        told = RUNNER.invoke(app, ["discover"])
        assert str(told.exception) == said, "both together would ask more often than the publisher allows"
    assert RUNNER.invoke(app, ["fetch"]).exit_code == 0


def test_what_is_put_off_by_quiet_hours_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """`veiviser fetch && veiviser run` must not go on with the old figures."""
    monkeypatch.setattr(intake, "now", lambda: utc("2026-11-23 05:00"))
    says(Outcome("bufdir_monitor", "no change", "of May"))
    done = RUNNER.invoke(app, ["fetch", "ssb_12275", "bufdir_monitor"])
    assert done.exit_code == 4, done.output
    assert "ssb_12275: not fetched (its tables may be half replaced until 08:15 (Europe/Oslo)" in done.stdout
    assert "bufdir_monitor: no change" in done.stdout


def test_the_watch_has_one_word_a_dataset() -> None:
    drawn = rule(title={"nb": "x", "nn": "x", "en": "x"}, datasets=["a", "b", "c", "d", "e"], expects_news=True)
    other = rule(id="other", datasets=["b"])
    here, old = utc("2026-11-22 08:00"), utc("2026-01-01 08:00")
    vintages = {"a": here, "b": old, "c": old, "d": old}
    runs = [Run("1", each, here, here, here, "done") for each in ("drawn", "other")]
    asked = {
        name: Asked(name, here, outcome, "why")
        for name, outcome in (("a", "changed metadata"), ("b", "no change"), ("c", "failed"), ("d", "not fetched"))
    }
    found = list(rows(calendar(drawn, other), runs, vintages, NOW, asked=asked))
    words = {"a": "changed metadata", "b": "late", "c": "failed", "d": "not fetched", "e": "late"}
    assert {row.dataset: row.watch for row in found} == words
    assert [row.watch for row in found if row.dataset == "b"] == ["late", "late"], "the same in all its rules"
    late = {row.dataset: row.late for row in found if row.rule == "drawn"}
    assert late["d"] is None, "what is not fetched is not waited for"
    assert late["b"] is not None and late["b"].startswith("a new one was expected")


def test_that_metadata_changed_stands_until_something_newer() -> None:
    ledger().start({"klass": NOW}, NOW)
    ledger().end(ledger().runs()[0], NOW, "done")
    said = []
    for outcome in ("changed metadata", "no change", "new vintage", "no change"):
        ledger().answer(Asked("klass_codes", NOW, outcome, f"told {outcome}"))
        found = status("norway", NOW)
        assert found is not None
        said += [(row.watch, row.watch_words) for row in found.rows if row.dataset == "klass_codes"]
    assert said == [
        ("changed metadata", "told changed metadata"), ("changed metadata", "told changed metadata"),
        ("new vintage", "told new vintage"), ("no change", "told no change"),
    ]  # fmt: skip


def test_the_status_tells_the_watch_as_text_and_as_json(home: Path) -> None:
    ledger().answer(Asked("ssb_12305", utc("2026-11-22 09:00"), "changed metadata", "ContentsCode: label changed"))
    ledger().answer(Asked("ssb_07459", utc("2026-11-22 09:00"), "not fetched", "the archive has synthetic figures"))
    text = RUNNER.invoke(app, ["status", "-j", "norway"]).stdout
    assert "    ssb_07459: none yet; late, asked 2026-11-22 10:00; LATE: not looked for since" in text
    found = json.loads(RUNNER.invoke(app, ["status", "-j", "norway", "--json"]).stdout)
    [row] = [each for each in found if (each["rule"], each["dataset"]) == ("population", "ssb_07459")]
    assert (row["watch"], row["asked"]) == ("late", "2026-11-22T09:00:00+00:00")


# A year as it was, with a publisher that publishes when Statistics Norway did.

PUBLISHED = [utc(each) for each in ("2019-03-15 07:00", "2019-06-17 06:00", "2020-03-16 07:00", "2020-06-15 06:00")]


def test_a_year_and_a_half_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KOSTRA on 17 June 2019 and 16 March 2020, when the 15th was at a weekend; fetched by 08:15 the same morning.

    The rules of each hour and day are left out, so that the days which have a name are alone.
    """
    assert NORWAY is not None
    own = NORWAY.model_copy(update={"rule": tuple(each for each in NORWAY.rule if each.every not in ("hour", "day"))})
    norway = replace(load("norway"), calendar=own)
    for each in (jobs, intake):
        monkeypatch.setattr(each, "load", lambda name: norway)
    start, end = utc("2019-03-01 12:00"), utc("2020-06-30 12:00")
    now, held, asked_at = start, {}, []
    monkeypatch.setattr(intake, "now", lambda: now)

    def publisher(names: Sequence[str]) -> Iterator[Outcome]:
        asked_at.append(now)
        for name in names:
            out = max((each for each in PUBLISHED if each <= now), default=None) if name in KOSTRA else None
            is_new = out is not None and held.get(name) != out
            held[name] = out
            yield Outcome(name, "new vintage" if is_new else "no change", f"of {out}")

    Fetched.says = staticmethod(publisher)  # type: ignore[assignment]
    kostra = next(each for each in own.rule if each.id == "kostra")
    KOSTRA = kostra.datasets
    for _ in range(300):  # some 150 are needed; a schedule that does not get on ends here, and not never
        if now >= end:
            break
        jobs.run_due("norway", lambda step: None)
        now = max(jobs._wakes("norway"), now + timedelta(minutes=1))
    assert now >= end, "the schedule gets on"
    runs = ledger().runs()
    for each in own.rule:
        mine = [run for run in runs if run.rule == each.id]
        assert {run.outcome for run in mine} == {"done"}
        assert [run.due for run in mine[1:]] == due_times(own, each, mine[0].due, end), "each once, none twice"
        assert all(opens(own, each, run.started) == run.started for run in mine), "none in quiet hours"
    mornings = [morning(run) for run in runs if run.rule == "kostra"][1:]
    assert mornings == [
        ("2019-03-15 07:15", "2019-03-15 07:00"), ("2019-06-17 06:15", "2019-06-17 06:00"),
        ("2020-03-16 07:15", "2020-03-16 07:00"), ("2020-06-15 06:15", "2020-06-15 06:00"),
    ]  # fmt: skip
    news = [(run.started, name) for run in runs for name in run.news if name in KOSTRA]
    assert news == [
        (run.started, name) for run in runs if run.rule == "kostra" and run.started > start for name in KOSTRA
    ]
    assert len(asked_at) == len({run.id for run in runs}), "one fetch a run"


def morning(run: Run) -> tuple[str, str]:
    return f"{run.started:%Y-%m-%d %H:%M}", f"{run.due:%Y-%m-%d %H:%M}"
