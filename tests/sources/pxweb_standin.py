"""A small PxWebApi v2 on a real socket: it serves recorded bodies as tables, and refuses what the real one refuses.

It also refuses each request that the published description of the interface does not allow.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.sources.pxweb_description import asked_wrongly
from tests.sources.pxweb_recorded import RECORDED, recorded

TOO_LONG = 2100


class StandIn:
    """Tables by id; `meddle` may answer instead, before anything else; `asked` remembers every call.

    `said` overrides what is said of a table in searches; `codelists` are as the interface shows them.
    """

    def __init__(self, server: HTTPServer, root: str = "/api/v2", **config: Any) -> None:
        self.root, self.base = root, server.url_for(root)
        self.config = recorded("scb_v2_config") | {"defaultLanguage": "no"} | config
        self.tables: dict[str, dict[str, Any]] = {}
        self.said: dict[str, dict[str, Any]] = {}
        self.codelists: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[float, str, str]] = []
        self.meddle: Callable[[Request], Response | None] = lambda _: None
        server.expect_request(re.compile(re.escape(root) + "/.*")).respond_with_handler(self._answer)

    @property
    def calls(self) -> list[str]:
        """The calls as `GET /tables/12305`."""
        return [f"{method} {path}" for _, method, path in self.asked]

    def most_in_a_window(self, seconds: float) -> int:
        moments = [moment for moment, _, _ in self.asked]
        return max(sum(start <= moment < start + seconds for moment in moments) for start in moments)

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix(self.root)
        self.asked.append((time.monotonic(), request.method, path))
        if wrong := asked_wrongly(self.root, request):
            return as_json({"type": "Not as described", "title": wrong, "status": 400}, 400)
        if meddled := self.meddle(request):
            return meddled
        if len(request.url) > TOO_LONG:
            page = (RECORDED / "ssb_v2_404_html_url_too_long_truncated500.html").read_bytes()
            return Response(page, status=404, content_type="text/html")
        if path == "/config":
            return as_json(self.config)
        if path == "/tables":
            return self._search(request)
        kind, name = path.split("/")[1:3]
        if kind == "codelists":
            return as_json(self.codelists[name]) if name in self.codelists else _problem("Non-existent codelist", 404)
        body = self.tables.get(name)
        if body is None:
            return _problem("Non-existent table", 404)
        if path.endswith("/metadata"):
            return as_json(
                {name: part for name, part in body.items() if name not in ("value", "status")} | {"value": []}
            )
        if path.endswith("/data"):
            return self._data(body, request)
        return as_json(self._told(name) | {"language": "no"})

    def _told(self, table: str) -> dict[str, Any]:
        """What is said of a table beside its codes and figures."""
        body = self.tables[table]
        periods = sorted(body["dimension"]["Tid"]["category"]["index"])
        told = {"id": table, "label": body["label"], "updated": body["updated"], "discontinued": None}
        told |= {"firstPeriod": periods[0], "lastPeriod": periods[-1], "variableNames": body["id"]}
        return recorded("PxTools_TableById_tab004") | told | self.said.get(table, {})

    def _search(self, request: Request) -> Response:
        """Page by page; all words must stand in the title, as at Statistics Norway."""
        found = [self._told(table) for table in self.tables]
        words = request.args.get("query", "").lower().split()
        found = [each for each in found if all(word in each["label"].lower() for word in words)]
        if request.args.get("includeDiscontinued") != "true":
            found = [each for each in found if not each["discontinued"]]
        page, size = (
            int(request.args.get("pageNumber", 1)),
            min(int(request.args.get("pageSize", 20)), self.largest_page),
        )
        pages = max(1, -(-len(found) // size))
        if page > pages:
            return _problem("Out of range", 404)
        told = {"pageNumber": page, "pageSize": size, "totalElements": len(found), "totalPages": pages}
        return as_json({"language": "no", "tables": found[(page - 1) * size : page * size], "page": told})

    largest_page = 100

    def _data(self, body: dict[str, Any], request: Request) -> Response:
        if request.method == "POST":
            selection = request.get_json()["selection"]
            chosen = {each["variableCode"]: each["valueCodes"] for each in selection}
            lists = {each["variableCode"]: each["codelist"] for each in selection if "codelist" in each}
        else:
            chosen = {name: split_codes(text) for name, text in _named(request, "valueCodes").items()}
            lists = _named(request, "codelist")
        try:
            for name, codelist in lists.items():
                body = gathered(body, name, self.codelists[codelist])
            sliced = cut(body, chosen)
        except KeyError as error:
            return _problem(error.args[0], 400)
        if len(sliced["value"]) > self.config["maxDataCells"]:
            return _problem("Too many cells selected", 403, 403)
        return as_json(sliced)


def as_json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status=status, content_type="application/json")


def _problem(title: str, said: int, status: int = 400) -> Response:
    """Statistics Norway answers 400 also where its words say 404."""
    return as_json({"type": "Parameter error", "title": title, "status": said}, status)


def _named(request: Request, name: str) -> dict[str, str]:
    """The parameters `name[X]=…`, by X."""
    return {key[len(name) + 1 : -1]: text for key, text in request.args.items() if key.startswith(f"{name}[")}


def split_codes(text: str) -> list[str]:
    """At the commas that stand outside brackets."""
    return re.findall(r"(?:\[[^\]]*\]|\([^)]*\)|[^,\[(])+", text)


def gathered(body: dict[str, Any], name: str, codelist: dict[str, Any]) -> dict[str, Any]:
    """The body with a dimension's codes summed as a code list says; a missing cell makes its sum missing."""
    axis = body["id"].index(name)
    index = list(body["dimension"][name]["category"]["index"])
    cells = np.array(body["value"], dtype=float).reshape(body["size"])
    parts = [[index.index(code) for code in each["valueMap"]] for each in codelist["values"]]
    sums = np.stack([cells.take(part, axis).sum(axis) for part in parts], axis)
    category = {
        "index": {each["code"]: number for number, each in enumerate(codelist["values"])},
        "label": {each["code"]: each["label"] for each in codelist["values"]},
    }
    return body | {
        "size": list(sums.shape),
        "dimension": body["dimension"] | {name: body["dimension"][name] | {"category": category}},
        "value": [None if np.isnan(each) else each for each in sums.ravel()],
        "status": {str(at): ".." for at in np.flatnonzero(np.isnan(sums.ravel()))},
    }


def cut(body: dict[str, Any], chosen: dict[str, list[str]]) -> dict[str, Any]:
    """The chosen cells of a body; a dimension that is left out goes, at the value that stands for all."""
    indexes, gone, dimension = [], [], {}
    for axis, name in enumerate(body["id"]):
        index = list(body["dimension"][name]["category"]["index"])
        extension = body["dimension"][name].get("extension", {})
        if name not in chosen:
            if not extension.get("elimination"):
                raise KeyError("Missing selection for mandantory variable")
            indexes.append([index.index(extension["eliminationValueCode"])])
            gone.append(axis)
            continue
        codes = expanded(chosen[name], index)
        indexes.append([index.index(code) for code in codes])
        labels = body["dimension"][name]["category"]["label"]
        category = {
            "index": {code: at for at, code in enumerate(codes)},
            "label": {code: labels[code] for code in codes},
        }
        dimension[name] = body["dimension"][name] | {"category": category}
    cells = np.arange(np.prod(body["size"])).reshape(body["size"])[np.ix_(*indexes)].ravel().tolist()
    status = body.get("status") or {}
    kept = [name for name in body["id"] if name in dimension]
    return body | {
        "id": kept,
        "size": [len(dimension[name]["category"]["index"]) for name in kept],
        "dimension": dimension,
        "value": [body["value"][cell] for cell in cells],
        "status": {str(at): status[str(cell)] for at, cell in enumerate(cells) if str(cell) in status},
    }


def expanded(codes: list[str], index: list[str]) -> list[str]:
    """Codes and expressions as codes; `from` and `range` go by the order of the dimension."""
    found = []
    for code in codes:
        words = re.fullmatch(r"\[?(from|range)\(([^,]+)(?:,([^,]+))?\)\]?", code)
        if words and set(words.groups()[1:]) - {None} <= set(index):
            last = index.index(words[3]) if words[3] else len(index) - 1
            found += index[index.index(words[2]) : last + 1]
        elif code == "*":
            found += index
        elif code in index:
            found.append(code)
        else:
            raise KeyError("Non-existent value")
    return found
