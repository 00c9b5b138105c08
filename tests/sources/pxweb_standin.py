"""A small PxWebApi v2 on a real socket: it serves recorded bodies as tables, and refuses what the real one refuses."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

RECORDED = Path(__file__).parent.parent / "recorded" / "pxweb"
TOO_LONG = 2100


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


class StandIn:
    """Tables by id; `meddle` may answer instead, before anything else; `asked` remembers every call."""

    def __init__(self, server: HTTPServer, **config: Any) -> None:
        self.base = server.url_for("/api/v2")
        self.config = recorded("scb_v2_config") | {"defaultLanguage": "no"} | config
        self.tables: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[float, str, str]] = []
        self.meddle: Callable[[Request], Response | None] = lambda _: None
        server.expect_request("/api/v2/config").respond_with_handler(self._answer)
        for path in ("", "/metadata", "/data"):
            for table in ("07459", "12275", "12286", "12305", "12615", "12870", "TAB6471", "12134"):
                server.expect_request(f"/api/v2/tables/{table}{path}").respond_with_handler(self._answer)

    @property
    def calls(self) -> list[str]:
        """The calls as `GET /tables/12305`."""
        return [f"{method} {path}" for _, method, path in self.asked]

    def most_in_a_window(self, seconds: float) -> int:
        moments = [moment for moment, _, _ in self.asked]
        return max(sum(start <= moment < start + seconds for moment in moments) for start in moments)

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v2")
        self.asked.append((time.monotonic(), request.method, path))
        if meddled := self.meddle(request):
            return meddled
        if len(request.url) > TOO_LONG:
            page = (RECORDED / "ssb_v2_404_html_url_too_long_truncated500.html").read_bytes()
            return Response(page, status=404, content_type="text/html")
        if path == "/config":
            return _json(self.config)
        body = self.tables.get(path.split("/")[2])
        if body is None:
            return _json({"type": "Parameter error", "title": "Non-existent table", "status": 404}, 400)
        if path.endswith("/metadata"):
            return _json({name: part for name, part in body.items() if name not in ("value", "status")})
        if path.endswith("/data"):
            return self._data(body, request)
        like = recorded("PxTools_TableById_tab004")
        return _json(like | {"id": path.split("/")[2], "updated": body["updated"], "discontinued": None})

    def _data(self, body: dict[str, Any], request: Request) -> Response:
        if request.method == "POST":
            chosen = {each["variableCode"]: each["valueCodes"] for each in request.get_json()["selection"]}
        else:
            named = {key: text for key, text in request.args.items() if key.startswith("valueCodes[")}
            chosen = {key[len("valueCodes[") : -1]: text.split(",") for key, text in named.items()}
        try:
            sliced = cut(body, chosen)
        except KeyError as error:
            return _json({"type": "Parameter error", "title": error.args[0], "status": 400}, 400)
        if len(sliced["value"]) > self.config["maxDataCells"]:
            return _json({"type": "Parameter error", "title": "Too many cells selected", "status": 403}, 403)
        return _json(sliced)


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status=status, content_type="application/json")


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
        codes = _expanded(chosen[name], index)
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


def _expanded(codes: list[str], index: list[str]) -> list[str]:
    if codes == ["*"]:
        return index
    if codes[0].startswith("from("):
        return [code for code in index if code >= codes[0][5:-1]]
    if set(codes) - set(index):
        raise KeyError("Non-existent value")
    return codes
