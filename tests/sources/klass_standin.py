"""A small KLASS on a real socket: the bundled real lists in the form its interface sends them, and its refusals."""

import time
from datetime import date
from pathlib import Path

import pandas as pd
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.sources.pxweb_standin import as_json

RAW = Path(__file__).parent.parent.parent / "data" / "raw" / "norway"
ROOT = "/api/klass/v1/classifications"
EMPTY = {"shortName": "", "presentationName": "", "notes": "", "parentCode": None, "level": "1"}


def bundled(dataset: str) -> pd.DataFrame:
    """The rows of a code list in the project's archive, as text."""
    [path] = (RAW / dataset).glob("*.csv")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def spans() -> pd.DataFrame:
    """code, name, start, end: the spans of years in which the bundled list gives a code one name; end is exclusive."""
    rows = bundled("klass_codes").astype({"year": int}).sort_values(["code", "year"])
    begins = (rows["code"] != rows["code"].shift()) | (rows["name"] != rows["name"].shift())
    begins |= rows["year"] != rows["year"].shift() + 1
    found = rows.groupby(begins.cumsum()).agg(
        code=("code", "first"), name=("name", "first"), start=("year", "min"), end=("year", "max")
    )
    last = rows["year"].max()
    return found.assign(
        start=found["start"].astype(str) + "-01-01",
        end=(found["end"] + 1).astype(str).mask(found["end"] == last, "9999") + "-01-01",
    )


class KlassStandIn:
    """KLASS with the lists 131 and its correspondence with 112; `asked` remembers every call; lists may be changed."""

    def __init__(self, server: HTTPServer, asked: list[tuple[float, str, str]]) -> None:
        self.base, self.asked = server.url_for(ROOT), asked
        self.codes, self.changes, self.groups = spans(), bundled("klass_changes"), bundled("kostra_groups")
        for call, answer in (("codes", self._codes), ("changes", self._changes), ("correspondsAt", self._corresponds)):
            server.expect_request(f"{ROOT}/131/{call}").respond_with_handler(self._asked(answer))

    def _asked(self, answer):  # noqa: ANN001, ANN202
        def handler(request: Request) -> Response:
            self.asked.append((time.monotonic(), request.method, request.path))
            if request.accept_mimetypes.best != "application/json":
                return Response("<codeList/>", content_type="text/xml")
            return answer(request)

        return handler

    def _codes(self, request: Request) -> Response:
        start, end = request.args["from"], request.args["to"]
        if request.args.get("includeFuture") != "true":
            end = min(end, date.today().isoformat())
        within = self.codes[(self.codes["start"] < end) & (self.codes["end"] > start)]
        return as_json({"codes": [
            EMPTY | {
                "code": each.code, "name": each.name, "validFrom": None, "validTo": None,
                "validFromInRequestedRange": max(each.start, start), "validToInRequestedRange": min(each.end, end),
            }
            for each in within.itertuples(index=False)
        ]})  # fmt: skip

    def _changes(self, request: Request) -> Response:
        within = self.changes[self.changes["changeOccurred"].between(request.args["from"], request.args["to"], "left")]
        return as_json({"codeChanges": [
            {"oldShortName": None, "newShortName": None, **{name: text or None for name, text in each.items()}}
            for each in within.to_dict("records")
        ]})  # fmt: skip

    def _corresponds(self, request: Request) -> Response:
        if request.args["targetClassificationId"] != "112":
            return as_json({"status": 404, "message": "no correspondence table was found"}, 404)
        return as_json({"correspondenceItems": [
            {"sourceCode": each.code, "sourceName": each.name, "sourceShortName": "",
             "targetCode": each.kostra_group, "targetName": each.kostra_group_name, "targetShortName": ""}
            for each in self.groups.itertuples(index=False)
        ]})  # fmt: skip
