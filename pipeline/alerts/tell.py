"""Tells each channel what it has not been told yet, and writes down what it was told. Never stops a run.

data/processed/alerts/2026.jsonl    one line for each digest and channel: sent, or failed and why; what it knows now
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filelock import FileLock, Timeout

from pipeline.alerts.config import FILE, Alerts, alerts
from pipeline.alerts.digest import Digest, Said, digest
from pipeline.alerts.faults import Fault, faults
from pipeline.alerts.news import News, news, unheard
from pipeline.alerts.send import NotSent, channels, where_to
from pipeline.problems import BadInput
from pipeline.progress import Say, Step, run_id
from pipeline.schedule.ledger import Ledger, add_line, read_lines
from pipeline.settings import Settings


@dataclass(frozen=True)
class Sent:
    """What became of a digest: `sent` or `failed`, where to or why, as one line of the ledger of alerts has it."""

    channel: str
    at: datetime
    outcome: str
    words: str


@dataclass(frozen=True)
class Channel:
    """What a channel knows: open faults, and the keys of what was new, a set a jurisdiction. last: the last attempt."""

    known: dict[str, Said]
    news: dict[str, set[str]]
    last: Sent | None


def tell(where: Sequence[str], now: datetime, say: Say) -> list[Sent]:
    """Sends what is worth it about some jurisdictions; whatever goes wrong is said, and shown by the status."""
    settings = Settings()
    try:
        declared = alerts(settings)
        if declared is None:
            return []
        folder = settings.processed / "alerts"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "telling.lock", timeout=0):
            return list(_told(declared, where, now, settings, say))
    except Timeout:
        return []  # another process tells the same right now
    except Exception as error:  # a run that went well must not fail because nobody could be told
        say(Step(f"no alert could be sent: {error}", "alert", level="error"))
        return []


def _told(declared: Alerts, where: Sequence[str], now: datetime, settings: Settings, say: Say) -> Iterator[Sent]:
    there = {each: news(each) for each in where}
    for channel, made in _digests(declared, there, now, settings).items():
        if made.is_worth_sending:
            sent = _sent(channel, made, declared, settings)
            heard = channel_state(channel, settings).news
            fresh = {each: sorted({one.key for one in there[each]} - heard.get(each, set())) for each in where}
            add_line(settings.processed / "alerts", now, _line(sent, made, fresh))
            if sent.outcome == "failed":
                say(Step(f"no alert by {channel}: {sent.words}", "alert", level="error"))
            yield sent


def _digests(
    declared: Alerts, there: Mapping[str, Sequence[News]], now: datetime, settings: Settings
) -> dict[str, Digest]:
    """Channel → what it is to be told now. there: jurisdiction → all that ever was new."""
    found = [fault for each in there for fault in faults(each, now)]
    made = {}
    for channel in where_to(declared, settings):
        was = channel_state(channel, settings)
        fresh = [one for each, some in there.items() for one in unheard(some, was.news.get(each), now)]
        made[channel] = digest(declared, now, _run(list(there), settings), list(there), found, fresh, was.known)
    return made


def _run(where: Sequence[str], settings: Settings) -> str:
    """The last scheduled run, which ledger, log and release name the same; otherwise this process's own."""
    runs = [run.id for each in where for run in Ledger(settings.processed / each / "runs").runs()]
    return max(runs, default=run_id())


def _sent(channel: str, made: Digest, declared: Alerts, settings: Settings) -> Sent:
    try:
        return Sent(channel, made.at, "sent", channels(declared, settings)[channel](made))
    except NotSent as error:
        return Sent(channel, made.at, "failed", str(error))
    except Exception as error:  # what nobody foresaw may name a secret, so only its kind is told
        return Sent(channel, made.at, "failed", f"our own failure ({type(error).__name__})")


def _line(sent: Sent, made: Digest, fresh: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    said: list[Fault] = [*made.begins, *made.lasts]
    return {
        "run": made.run, "channel": sent.channel, "outcome": sent.outcome, "words": sent.words,
        "faults": {each.key: made.title(each) for each in said},
        "over": [each.key for each in made.over], "news": fresh,
    }  # fmt: skip


def channel_state(channel: str, settings: Settings) -> Channel:
    """What a channel knows: only what reached it counts, so what could not be sent is still to be said."""
    known: dict[str, Said] = {}
    heard: dict[str, set[str]] = {}
    last = None
    for line in read_lines(settings.processed / "alerts"):
        if line["channel"] != channel:
            continue
        at = datetime.fromisoformat(line["at"])
        last = Sent(channel, at, line["outcome"], line["words"])
        if line["outcome"] == "sent":
            known |= {key: Said(key, title, at) for key, title in line["faults"].items()}
            for key in line["over"]:
                known.pop(key, None)
            for jurisdiction, keys in line["news"].items():
                heard.setdefault(jurisdiction, set()).update(keys)
    return Channel(known, heard, last)


def plan(where: Sequence[str], now: datetime) -> dict[str, tuple[str, Digest]]:
    """Channel → where it leads, and what it would be told now. Raises BadInput; empty when nothing is declared."""
    settings = Settings()
    declared = alerts(settings)
    if declared is None:
        return {}
    leads = where_to(declared, settings)
    there = {each: news(each) for each in where}
    return {name: (leads[name], made) for name, made in _digests(declared, there, now, settings).items()}


def try_out(where: Sequence[str], now: datetime) -> list[Sent]:
    """Sends a test digest to each channel: how things stand, whatever was told before. Nothing is written down."""
    settings = Settings()
    declared = alerts(settings)
    if declared is None:
        return []
    found = tuple(fault for each in where for fault in faults(each, now) if fault.kind in declared.tell)
    made = Digest(declared.language, now, _run(where, settings), begins=found, is_test=True)
    return [_sent(channel, made, declared, settings) for channel in where_to(declared, settings)]


def standing() -> list[Sent]:
    """The last attempt of each channel, `never` before the first; one row that says so where they cannot be read."""
    settings = Settings()
    now = datetime.now().astimezone()
    try:
        declared = alerts(settings)
    except BadInput as error:
        return [Sent(FILE, now, "failed", str(error))]
    names = where_to(declared, settings) if declared else {}
    return [
        channel_state(name, settings).last or Sent(name, now, "never", f"nothing was worth it yet; {leads}")
        for name, leads in names.items()
    ]
