"""The older PxWebApi v0 beside Statistics Norway's v2: the same tables and codes, asked when v2 does not answer."""

import json
from typing import Any

from pipeline.problems import PublisherError
from pipeline.sources.http import LOOK, Answer, Publishers
from pipeline.sources.pxweb_question import Question

NEWER, OLDER = "/api/pxwebapi/v2", "/api/v0/no/table"


class PxwebV0:
    """One PxWebApi v0; `base` is the address before the table's number."""

    def __init__(self, publishers: Publishers, base: str) -> None:
        self._publishers, self._base = publishers, base

    @classmethod
    def beside(cls, publishers: Publishers, newer: str) -> "PxwebV0 | None":
        """The v0 that stands beside a v2; nothing where the address of v2 does not tell where that would be."""
        host = newer.removesuffix(NEWER)
        return cls(publishers, host + OLDER) if host != newer else None

    def metadata(self, table: str) -> dict[str, Any]:
        """In the shape of v2's, as JSON-stat2; v0 names no code lists, units and notes."""
        answer = self._publishers.get(f"{self._base}/{table}", "json")
        given = answer.json()
        try:
            return {
                "label": given["title"],
                "id": [each["code"] for each in given["variables"]],
                "dimension": {each["code"]: _dimension(each) for each in given["variables"]},
                "role": {"time": [each["code"] for each in given["variables"] if each.get("time")]},
            }
        except (KeyError, TypeError, ValueError):
            raise PublisherError(answer.address, "the metadata lack their variables", LOOK) from None

    def updated(self, table: str) -> str:
        """When a table was updated last: v0 says so beside figures alone, so one cell is asked for."""
        dimensions = self.metadata(table)["dimension"]
        one = {name: tuple[str, ...](each["category"]["index"])[:1] for name, each in dimensions.items()}
        _, answer = self.data(table, Question(codes=one, selection=one, codelists={}))
        return str(answer.json().get("updated"))

    def data(self, table: str, question: Question) -> tuple[str, Answer]:
        """The question as it was put, and the answer."""
        address = f"{self._base}/{table}"
        query = {
            "query": [{"code": name, "selection": _selection(name, question)} for name in question.codes],
            "response": {"format": "json-stat2"},
        }
        return f"POST {address} {json.dumps(query)}", self._publishers.post(address, query, "json")


def _dimension(variable: dict[str, Any]) -> dict[str, Any]:
    codes = variable["values"]
    return {
        "label": variable["text"],
        "category": {
            "index": {code: number for number, code in enumerate(codes)},
            "label": dict(zip(codes, variable["valueTexts"], strict=True)),
        },
        "extension": {"elimination": bool(variable.get("elimination"))},
    }


def _selection(name: str, question: Question) -> dict[str, Any]:
    """All codes need one sign; `agg_X` of v2 is `agg:X` here."""
    if question.selection[name] == ("*",):
        return {"filter": "all", "values": ["*"]}
    kind, _, rest = question.codelists.get(name, "").partition("_")
    return {"filter": f"{kind}:{rest}" if rest else "item", "values": list(question.codes[name])}
