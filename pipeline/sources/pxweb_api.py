"""A PxWebApi v2 such as Statistics Norway's: what it allows, whether a table is new, its codes, its figures."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from math import prod
from typing import Any
from urllib.parse import urlencode

from pipeline.problems import PublisherError
from pipeline.sources.http import AGAIN, LOOK, Answer, Publishers
from pipeline.sources.pxweb_question import Question

URL_LENGTH = 2000  # SSB answers a web page with 404 beyond about 2 100 characters
MAX_CELLS, CALLS, WINDOW_SECONDS = 800_000, 30, 60  # SSB's documentation; its /config says 0 for all three


@dataclass(frozen=True)
class Config:
    """What the publisher allows, and the language it answers in when none is asked for."""

    max_cells: int
    calls: int
    window_seconds: float
    language: str


@dataclass(frozen=True)
class Table:
    """What the publisher says of a table without its figures."""

    id: str
    updated: datetime
    is_discontinued: bool


class PxwebApi:
    """One PxWebApi v2; `base` is the address before `/tables/`."""

    def __init__(self, publishers: Publishers, base: str) -> None:
        self._publishers, self._base = publishers, base

    @cached_property
    def config(self) -> Config:
        """The limits, read once and kept to from then on."""
        given = self._get("/config")
        config = Config(
            max_cells=int(given.get("maxDataCells") or MAX_CELLS),
            calls=int(given.get("maxCallsPerTimeWindow") or CALLS),
            window_seconds=float(given.get("timeWindow") or WINDOW_SECONDS),
            language=str(given.get("defaultLanguage") or ""),
        )
        self._publishers.keep_to(self._base, config.calls, config.window_seconds)
        return config

    def table(self, table: str) -> Table:
        """When a table was updated last. Raises PublisherError when it does not say."""
        address = f"/tables/{table}" + self._language
        given = self._get(address)
        try:
            updated = _moment(given["updated"])
        except (KeyError, TypeError, ValueError):
            happened = f"does not say when the table was updated (updated: {given.get('updated')!r})"
            raise PublisherError(self._base + address, happened, LOOK) from None
        return Table(table, updated, bool(given.get("discontinued")))

    def metadata(self, table: str) -> tuple[dict[str, Any], Answer]:
        """The dimensions of a table with all their codes, as JSON-stat2 without figures; and as they were sent."""
        answer = self._publishers.get(f"{self._base}/tables/{table}/metadata{self._language}", "json")
        given = answer.json()
        if not isinstance(given.get("id"), list) or not set(given["id"]) <= set(given.get("dimension") or {}):
            raise PublisherError(answer.address, "the metadata lack their dimensions", LOOK)
        return given, answer

    def data(self, table: Table, question: Question) -> tuple[str, Answer]:
        """The question as it was put, and the answer. Raises PublisherError when it is not what was asked for."""
        query, answer = self._put(table.id, question)
        given = answer.json()
        size = given.get("size")
        if not isinstance(size, list) or prod(size) != question.cells:
            happened = f"sends {size} cells where {question.cells} were asked for"
            raise PublisherError(answer.address, happened, AGAIN)
        if _moment(given.get("updated") or "1") != table.updated:
            happened = (
                f"was updated {given.get('updated')}, while it was fetched (before: {table.updated:%Y-%m-%dT%H:%MZ})"
            )
            raise PublisherError(answer.address, happened, "fetch it again")
        return query, answer

    @property
    def _language(self) -> str:
        return f"?lang={self.config.language}" if self.config.language else ""

    def _get(self, path: str) -> dict[str, Any]:
        return self._publishers.get(self._base + path, "json").json()

    def _put(self, table: str, question: Question) -> tuple[str, Answer]:
        """By GET while the address is short enough, which anybody can repeat in a browser; otherwise by POST."""
        form = {"lang": self.config.language, "outputFormat": "json-stat2"}
        address = f"{self._base}/tables/{table}/data?"
        chosen = {f"valueCodes[{name}]": ",".join(codes) for name, codes in question.selection.items()}
        if len(long := address + urlencode(form | chosen)) <= URL_LENGTH:
            return f"GET {long}", self._publishers.get(long, "json")
        body = {"selection": [{"variableCode": name, "valueCodes": list(c)} for name, c in question.selection.items()]}
        address += urlencode(form)
        return f"POST {address} {json.dumps(body)}", self._publishers.post(address, body, "json")


def _moment(text: str) -> datetime:
    """`2026-06-15T06:00:00Z`; without a zone it is UTC, as the interface's description says."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
