"""A PxWebApi v2 such as Statistics Norway's: what it allows, its tables, their codes, their figures.

Where v2 does not have a table or does not answer, the same question is asked of v0, if there is one beside it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from math import prod
from typing import Any, TypeVar
from urllib.parse import urlencode

from pipeline.problems import PublisherError
from pipeline.sources.http import AGAIN, LOOK, Answer, Publishers
from pipeline.sources.pxweb_question import Question
from pipeline.sources.pxweb_v0 import PxwebV0

URL_LENGTH = 2000  # SSB answers a web page with 404 beyond about 2 100 characters
MAX_CELLS, CALLS, WINDOW_SECONDS = 800_000, 30, 60  # SSB's documentation; its /config says 0 for all three
PAGE_SIZE = 100  # tables on one page of a search
GONE = (404, 410)
T = TypeVar("T")


@dataclass(frozen=True)
class Config:
    """What the publisher allows, and the language it answers in when none is asked for."""

    max_cells: int = MAX_CELLS
    calls: int = CALLS
    window_seconds: float = WINDOW_SECONDS
    language: str = ""


@dataclass(frozen=True)
class Table:
    """What the publisher says of a table without its figures."""

    id: str
    updated: datetime
    is_discontinued: bool


@dataclass(frozen=True)
class Listed:
    """A table as a search finds it; periods as the publisher writes them."""

    id: str
    label: str
    first_period: str
    last_period: str
    is_discontinued: bool


class PxwebApi:
    """One PxWebApi v2; `base` is the address before `/tables/`. `instead` says which question went to v0, and why."""

    def __init__(self, publishers: Publishers, base: str) -> None:
        self._publishers, self._base = publishers, base
        self._older = PxwebV0.beside(publishers, base)
        self._down: PublisherError | None = None
        self.instead: list[str] = []

    @cached_property
    def config(self) -> Config:
        """The limits, read once and kept to from then on; those of the documentation while v2 does not answer."""
        try:
            given = self._get("/config")
        except PublisherError as error:
            if self._older is None or not _is_gone(error):
                raise
            self._down, given = error, {}
        config = Config(
            max_cells=int(given.get("maxDataCells") or MAX_CELLS),
            calls=int(given.get("maxCallsPerTimeWindow") or CALLS),
            window_seconds=float(given.get("timeWindow") or WINDOW_SECONDS),
            language=str(given.get("defaultLanguage") or ""),
        )
        self._publishers.keep_to(self._base, config.calls, config.window_seconds)
        return config

    def tables(self, words: str) -> Iterator[Listed]:
        """All tables that a search finds, discontinued ones too, page by page. v0 is not searched."""
        page, pages = 1, 1
        while page <= pages:
            asked = {"query": words, "includeDiscontinued": "true", "pageNumber": page, "pageSize": PAGE_SIZE}
            path = "/tables?" + urlencode(self._languages | asked)
            given = self._get(path)
            try:
                yield from (_listed(each) for each in given["tables"])
                pages = int(given["page"]["totalPages"])
            except (KeyError, TypeError, ValueError):
                raise PublisherError(self._base + path, "sends no list of tables with its pages", LOOK) from None
            page += 1

    def table(self, table: str) -> Table:
        """When a table was updated last. Raises PublisherError when it does not say."""

        def ask() -> Table:
            path = self._with_language(f"/tables/{table}")
            given = self._get(path)
            return Table(table, _updated(given.get("updated"), self._base + path), bool(given.get("discontinued")))

        def ask_older(older: PxwebV0) -> Table:
            return Table(table, _updated(older.updated(table), f"v0 of {table}"), is_discontinued=False)

        return self._or_older(table, ask, ask_older)

    def metadata(self, table: str) -> dict[str, Any]:
        """The dimensions of a table with all their codes, as JSON-stat2 without figures."""
        return self.described(table)[0]

    def described(self, table: str) -> tuple[dict[str, Any], Answer | None]:
        """The metadata, and as v2 sent them; v0 says less of a table, so its answer is not to be compared."""

        def ask() -> tuple[dict[str, Any], Answer | None]:
            answer = self._publishers.get(self._base + self._with_language(f"/tables/{table}/metadata"), "json")
            given = answer.json()
            if not isinstance(given.get("id"), list) or not set(given["id"]) <= set(given.get("dimension") or {}):
                raise PublisherError(answer.address, "the metadata lack their dimensions", LOOK)
            return given, answer

        return self._or_older(table, ask, lambda older: (older.metadata(table), None))

    def codelist(self, codelist: str) -> dict[str, Any]:
        """A code list: its label, its type, and its values, each with the codes it gathers (`valueMap`)."""
        path = self._with_language(f"/codelists/{codelist}")
        given = self._get(path)
        if not isinstance(given.get("values"), list):
            raise PublisherError(self._base + path, "the code list lacks its values", LOOK)
        return given

    def data(self, table: Table, question: Question) -> tuple[str, Answer]:
        """The question as it was put, and the answer. Raises PublisherError when it is not what was asked for."""
        query, answer = self._or_older(
            table.id, lambda: self._put(table.id, question), lambda older: older.data(table.id, question)
        )
        given = answer.json()
        size = given.get("size")
        if not isinstance(size, list) or prod(size) != question.cells:
            happened = f"sends {size} cells where {question.cells} were asked for"
            raise PublisherError(answer.address, happened, AGAIN)
        if other := _other_codes(given, question):
            raise PublisherError(answer.address, f"sends other codes of {other} than were asked for", LOOK)
        if _moment(given.get("updated") or "1") != table.updated:
            happened = (
                f"was updated {given.get('updated')}, while it was fetched (before: {table.updated:%Y-%m-%dT%H:%MZ})"
            )
            raise PublisherError(answer.address, happened, "fetch it again")
        return query, answer

    def _or_older(self, table: str, ask: Callable[[], T], ask_older: Callable[[PxwebV0], T]) -> T:
        """What v2 answers, or v0 where v2 lacks the table or fails for good. Raises PublisherError with both."""
        try:
            if self.config and self._down:
                raise self._down
            return ask()
        except PublisherError as error:
            if self._older is None or not _is_gone(error):
                raise
            newer = error
        try:
            answer = ask_older(self._older)
        except PublisherError as error:
            happened = f"{newer.happened}; and v0, {error.address}: {error.happened}"
            status = newer.status if is_missing(error) else error.status  # a table is missing when neither has it
            raise PublisherError(newer.address, happened, newer.remedy, status) from None
        if (told := f"{table} asked of v0, because v2 {newer.happened}") not in self.instead:
            self.instead.append(told)
        return answer

    @property
    def _languages(self) -> dict[str, Any]:
        return {"lang": self.config.language} if self.config.language else {}

    def _with_language(self, path: str) -> str:
        return path + ("?" + urlencode(self._languages) if self._languages else "")

    def _get(self, path: str) -> dict[str, Any]:
        return self._publishers.get(self._base + path, "json").json()

    def _put(self, table: str, question: Question) -> tuple[str, Answer]:
        """By GET while the address is short enough, which anybody can repeat in a browser; otherwise by POST."""
        form = self._languages | {"outputFormat": "json-stat2"}
        address = f"{self._base}/tables/{table}/data?"
        chosen = {f"valueCodes[{name}]": ",".join(codes) for name, codes in question.selection.items()}
        gathered = {f"codelist[{name}]": codelist for name, codelist in question.codelists.items()}
        if len(long := address + urlencode(form | chosen | gathered)) <= URL_LENGTH:
            return f"GET {long}", self._publishers.get(long, "json")
        body = {"selection": [_selection(name, question) for name in question.selection]}
        address += urlencode(form)
        return f"POST {address} {json.dumps(body)}", self._publishers.post(address, body, "json")


def is_missing(error: PublisherError) -> bool:
    """Whether the publisher answered that it has no such table."""
    return error.status in GONE or (error.status == 400 and "Non-existent table" in error.happened)


def _is_gone(error: PublisherError) -> bool:
    """Whether v2 lacks the table, cannot be reached, or fails for good; not when it refuses what was asked."""
    return error.status is None or error.status >= 500 or is_missing(error)


def _selection(name: str, question: Question) -> dict[str, Any]:
    gathered = {"codelist": question.codelists[name]} if name in question.codelists else {}
    return {"variableCode": name, **gathered, "valueCodes": list(question.selection[name])}


def _listed(given: dict[str, Any]) -> Listed:
    first, last = (str(given.get(name) or "") for name in ("firstPeriod", "lastPeriod"))
    return Listed(given["id"], str(given.get("label") or ""), first, last, bool(given.get("discontinued")))


def _updated(given: Any, address: str) -> datetime:
    try:
        return _moment(given)
    except (TypeError, ValueError):
        raise PublisherError(address, f"does not say when the table was updated (updated: {given!r})", LOOK) from None


def _other_codes(given: dict[str, Any], question: Question) -> str:
    """The first dimension that was answered with other codes than asked for; nothing when all are right."""
    for name, codes in question.codes.items():
        category = given.get("dimension", {}).get(name, {}).get("category", {})
        if set(category.get("index") or category.get("label") or ()) != set(codes):
            return name
    return ""


def _moment(text: str) -> datetime:
    """`2026-06-15T06:00:00Z`; without a zone it is UTC, as the interface's description says."""
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=UTC)
