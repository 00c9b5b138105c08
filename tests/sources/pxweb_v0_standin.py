"""PxWebApi v0 beside a stand-in of v2: the same tables, asked as v0 is asked."""

import re
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.sources.pxweb_recorded import recorded
from tests.sources.pxweb_standin import StandIn, as_json, cut, gathered

ROOT = "/api/v0/no/table"
REFUSED = "ssb_v0_05300_other3"  # {"error": "Parameter error"}


class OlderStandIn:
    """Answers from the tables and code lists of a v2; `asked` remembers the bodies of the questions."""

    def __init__(self, server: HTTPServer, newer: StandIn) -> None:
        self.newer, self.asked = newer, list[dict[str, Any]]()
        server.expect_request(re.compile(ROOT + "/.*")).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        body = self.newer.tables.get(request.path.removeprefix(ROOT + "/"))
        if body is None:
            return as_json({"error": "Parameter error"}, 404)
        if request.method == "GET":
            return as_json({"title": body["label"], "variables": [_variable(body, name) for name in body["id"]]})
        self.asked.append(question := request.get_json())
        if question["response"] != {"format": "json-stat2"}:  # also `jsonstat2` is refused
            return as_json(recorded(REFUSED), 400)
        chosen = {}
        for each in question["query"]:
            name, kind = each["code"], each["selection"]["filter"]
            if kind.startswith(("agg:", "vs:")):
                body = gathered(body, name, self.newer.codelists[kind.replace(":", "_")])
            chosen[name] = each["selection"]["values"]
            if (chosen[name] == ["*"]) != (kind == "all") or any("(" in code for code in chosen[name]):
                return as_json(recorded(REFUSED), 400)
        try:
            sliced = cut(body, chosen)
        except KeyError:
            return as_json(recorded(REFUSED), 400)
        if len(sliced["value"]) > self.newer.config["maxDataCells"]:
            return as_json(recorded("ssb_v0_05300_other2"), 403)
        return as_json(sliced)


def _variable(body: dict[str, Any], name: str) -> dict[str, Any]:
    dimension = body["dimension"][name]
    index, labels = list(dimension["category"]["index"]), dimension["category"]["label"]
    told = {"code": name, "text": dimension["label"], "values": index, "valueTexts": [labels[code] for code in index]}
    if dimension.get("extension", {}).get("elimination"):
        told["elimination"] = True
    return told | ({"time": True} if name == "Tid" else {})
