"""A PxWebApi v2 on a real socket: tables, code lists, figures by GET and POST, and v0 where v2 does not answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.test import EnvironBuilder

from pipeline.problems import PublisherError
from pipeline.sources.http import Limits, Publishers
from pipeline.sources.pxweb import read_jsonstat2
from pipeline.sources.pxweb_api import PxwebApi
from pipeline.sources.pxweb_question import Question
from tests.sources.pxweb_description import answered_wrongly, asked_wrongly
from tests.sources.pxweb_recorded import recorded
from tests.sources.pxweb_standin import StandIn, split_codes
from tests.sources.pxweb_v0_standin import OlderStandIn

QUICK = Limits(calls=100, window_seconds=0.5, connect_seconds=2, read_seconds=2, retries=1, backoff_seconds=0)
TENS = "agg_Ålder10årJ"
SWEDEN, CULTURE = recorded("scb_v2_TAB6471_data"), recorded("ssb_v0_05300_data_jsonstat2")


@pytest.fixture
def standin(httpserver: HTTPServer) -> StandIn:
    made = StandIn(httpserver, root="/api/pxwebapi/v2", maxCallsPerTimeWindow=100, timeWindow=1)
    made.tables = {"TAB6471": SWEDEN, "05300": CULTURE}
    made.codelists = {TENS: recorded("scb_v2_agg_alder10arj")}
    return made


@pytest.fixture
def older(httpserver: HTTPServer, standin: StandIn) -> OlderStandIn:
    return OlderStandIn(httpserver, standin)


@pytest.fixture
def api(standin: StandIn) -> Iterator[PxwebApi]:
    with Publishers(QUICK) as publishers:
        yield PxwebApi(publishers, standin.base)


def asking(body: dict[str, Any], **selection: tuple[str, ...]) -> Question:
    """A question for single codes, and for all codes of the dimensions that are not named."""
    there = {name: tuple(body["dimension"][name]["category"]["index"]) for name in body["id"]}
    codes = there | selection
    short = {name: ("*",) if each == there[name] else each for name, each in codes.items()}
    return Question(codes=codes, selection=short, codelists={})


def cells(answer: bytes) -> dict[tuple[str, ...], tuple[float, str]]:
    table = read_jsonstat2(json.loads(answer)).astype(object).fillna("")
    return {tuple(row[:-2]): tuple(row[-2:]) for row in table.itertuples(index=False)}  # type: ignore[misc]


def refusing(status: int, *paths: str) -> Any:
    def meddle(request: Request) -> Response | None:
        return Response("stengt", status=status) if any(path in request.path for path in paths) else None

    return meddle


def test_a_search_goes_on_to_the_last_page(api: PxwebApi, standin: StandIn) -> None:
    standin.largest_page = 2
    standin.tables = {f"{number:05}": CULTURE | {"label": f"Barnevern {number}"} for number in range(5)}
    standin.tables["99999"] = CULTURE | {"label": "Fiske"}
    standin.said["00003"] = {"discontinued": True, "lastPeriod": "2019"}
    found = list(api.tables("barnevern"))
    assert [each.id for each in found] == ["00000", "00001", "00002", "00003", "00004"]
    assert standin.calls == ["GET /config"] + ["GET /tables"] * 3
    assert (found[3].is_discontinued, found[3].last_period) == (True, "2019")
    assert (found[0].is_discontinued, found[0].first_period, found[0].last_period) == (False, "1991", "2021")


def test_a_search_that_finds_nothing(api: PxwebApi) -> None:
    assert list(api.tables("romfart")) == []


def test_a_list_without_pages_is_refused(api: PxwebApi, standin: StandIn) -> None:
    standin.meddle = lambda request: Response('{"tables": []}') if request.path.endswith("/tables") else None
    with pytest.raises(PublisherError, match="sends no list of tables with its pages"):
        list(api.tables("barn"))


def test_a_code_list_says_what_it_gathers(api: PxwebApi) -> None:
    given = api.codelist(TENS)
    assert sorted(given["values"][0]["valueMap"]) == [str(age) for age in range(10)] and given["type"] == "Aggregation"
    with pytest.raises(PublisherError, match="Non-existent codelist"):
        api.codelist("agg_X")


@pytest.mark.parametrize("is_long", [False, True])
def test_figures_gathered_by_a_code_list_are_the_sums(api: PxwebApi, standin: StandIn, is_long: bool) -> None:
    """By GET, and by POST where the address would be too long."""
    ages = {str(age): age for age in range(100)}
    standin.codelists[TENS] = {
        "values": [each for each in recorded("scb_v2_agg_alder10arj")["values"] if set(each["valueMap"]) <= set(ages)]
    }
    regions = [f"{number:04}" for number in range(600 if is_long else 2)]
    dimension = {
        "Region": {
            "label": "region",
            "category": {
                "index": {code: at for at, code in enumerate(regions)},
                "label": {each: each for each in regions},
            },
        },
        "Alder": {"label": "alder", "category": {"index": ages, "label": {age: age for age in ages}}},
        "Tid": {"label": "år", "category": {"index": {"2025": 0}, "label": {"2025": "2025"}}},
    }
    size = [len(regions), 100, 1]
    standin.tables = {
        "07459": {
            "label": "Folk",
            "updated": "2026-02-25T07:00:00Z",
            "id": list(dimension),
            "size": size,
            "dimension": dimension,
            "value": list(range(100)) * len(regions),
        }
    }
    odd = tuple(regions[::2])
    codes = {"Region": odd, "Alder": ("-9", "10-19"), "Tid": ("2025",)}
    query, answer = api.data(api.table("07459"), Question(codes, codes, {"Alder": TENS}))
    assert query.startswith("POST" if is_long else "GET")
    assert {value for (_, age, _), (value, _) in cells(answer.body).items() if age == "-9"} == {45}
    assert {value for (_, age, _), (value, _) in cells(answer.body).items() if age == "10-19"} == {145}


def test_other_codes_than_asked_for_are_refused(api: PxwebApi, standin: StandIn) -> None:
    table = api.table("05300")
    question = asking(CULTURE, Tid=("2016",))
    other = json.dumps(
        CULTURE | {"size": [6, 8, 1, 1], "dimension": CULTURE["dimension"] | {"Tid": {"category": {"index": ["2021"]}}}}
    )
    standin.meddle = lambda request: Response(other) if request.path.endswith("/data") else None
    with pytest.raises(PublisherError, match="sends other codes of Tid than were asked for"):
        api.data(table, question)


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (refusing(503, "/v2/"), "answers 503 SERVICE UNAVAILABLE: stengt"),
        (refusing(503, "/v2/tables"), "answers 503 SERVICE UNAVAILABLE: stengt"),
        (refusing(410, "/v2/tables"), "answers 410 GONE: stengt"),
    ],
)  # fmt: skip
def test_the_same_table_comes_out_of_v0(
    api: PxwebApi, standin: StandIn, older: OlderStandIn, meddle: Any, said: str
) -> None:
    """The recorded body of v0, its signs too; what v2 gives for the same question is the same."""
    question = asking(CULTURE, Kulturtilbud=("01", "05"))
    newer = api.data(api.table("05300"), question)[1]
    standin.meddle = meddle
    with Publishers(QUICK) as publishers:
        again = PxwebApi(publishers, standin.base)
        table = again.table("05300")
        query, answer = again.data(table, question)
        assert again.metadata("05300")["id"] == CULTURE["id"]
    assert table.updated == datetime(2022, 5, 24, 6, tzinfo=UTC)
    assert query.startswith("POST ") and "/api/v0/no/table/05300 {" in query and api.instead == []
    assert again.instead == [f"05300 asked of v0, because v2 {said}"]
    assert cells(answer.body) == cells(newer.body)
    assert len(cells(answer.body)) == 108 and ("", ".") in {
        (value, sign) for value, sign in cells(answer.body).values()
    }
    filters = {each["code"]: each["selection"] for each in older.asked[-1]["query"]}
    assert filters["Avstand1"] == {"filter": "all", "values": ["*"]}
    assert filters["Kulturtilbud"] == {"filter": "item", "values": ["01", "05"]}


def test_what_v0_says_of_a_table_is_what_v2_says(api: PxwebApi, standin: StandIn, older: OlderStandIn) -> None:
    """v0's recorded metadata, in the shape of v2's."""
    standin.meddle = refusing(404, "/v2/tables")
    given, variables = api.metadata("05300"), recorded("ssb_v0_05300_metadata")["variables"]
    assert [list(given["dimension"][each["code"]]["category"]["index"]) for each in variables] == [
        each["values"] for each in variables
    ]
    assert [given["dimension"][each["code"]]["label"] for each in variables] == [each["text"] for each in variables]
    assert given["role"] == {"time": ["Tid"]}


def test_a_table_v2_calls_non_existent_is_asked_of_v0_with_its_code_list(
    api: PxwebApi, standin: StandIn, older: OlderStandIn
) -> None:
    standin.codelists["agg_To"] = {"values": [{"code": "X", "label": "begge", "valueMap": ["01", "02"]}]}
    standin.meddle = lambda request: (
        Response('{"title": "Non-existent table", "status": 404}', 400) if "/v2/tables" in request.path else None
    )
    question = asking(CULTURE, Avstand1=("X",), Tid=("2016",), Kulturtilbud=("01",))
    query, answer = api.data(api.table("05300"), Question(question.codes, question.selection, {"Avstand1": "agg_To"}))
    assert '{"filter": "agg:To", "values": ["X"]}' in query
    assert [value for value, _ in cells(answer.body).values()] == [12 + 42]


def test_v0_is_not_asked_where_v2_refuses_the_question(api: PxwebApi, standin: StandIn, older: OlderStandIn) -> None:
    question = asking(CULTURE)
    for standin.meddle in (refusing(403, "/data"), refusing(429, "/data"), refusing(400, "/data")):
        with pytest.raises(PublisherError, match="answers 4"):
            api.data(api.table("05300"), question)
    assert older.asked == [] and api.instead == []


def test_v0_has_its_limits_too(api: PxwebApi, standin: StandIn, older: OlderStandIn) -> None:
    table = api.table("05300")
    standin.meddle, standin.config["maxDataCells"] = refusing(503, "/data"), 10
    with pytest.raises(PublisherError, match="and v0, .*answers 403 FORBIDDEN: .*Too many values selected"):
        api.data(table, asking(CULTURE))


def test_neither_answers_and_both_are_told(api: PxwebApi, standin: StandIn, older: OlderStandIn) -> None:
    del standin.tables["05300"]
    with pytest.raises(PublisherError, match="Non-existent table.*; and v0, .*/api/v0/no/table/05300: answers 404"):
        api.table("05300")


def test_where_there_is_no_v0_the_failure_of_v2_is_told(httpserver: HTTPServer) -> None:
    standin = StandIn(httpserver, root="/api/v2")
    standin.meddle = refusing(503, "/config")
    with Publishers(QUICK) as publishers, pytest.raises(PublisherError, match="/config: answers 503"):
        PxwebApi(publishers, standin.base).table("05300")


@pytest.mark.parametrize(
    "path",
    [
        "/config",
        "/tables?query=a",
        "/tables/TAB6471",
        "/tables/TAB6471/metadata",
        f"/codelists/{TENS}",
        "/tables/TAB6471/data?valueCodes[Region]=01&valueCodes[Alder]=0-9&valueCodes[Kon]=*&valueCodes[ContentsCode]=*&valueCodes[Tid]=from(2026M03)",
    ],
)
def test_the_stand_in_answers_as_the_published_description_says(standin: StandIn, path: str) -> None:
    request = Request(EnvironBuilder(standin.root + path).get_environ())
    response = standin._answer(request)
    assert response.status_code == 200 and answered_wrongly(standin.root, request, response) == ""


@pytest.mark.parametrize(
    "name", ["scb_v2_TAB6471_metadata", "scb_v2_TAB6471_data", "ssb_v2_12134_kostra_2024_3kommuner_jsonstat2"]
)
def test_real_answers_are_as_the_description_says(name: str) -> None:
    request = Request(EnvironBuilder("/api/v2/tables/TAB6471/metadata").get_environ())
    answer = Response(json.dumps(recorded(name)), content_type="application/json")
    assert answered_wrongly("/api/v2", request, answer) == ""


@pytest.mark.parametrize(
    ("method", "address", "body", "said"),
    [
        ("GET", "/tables?pageSize=mange", None, "pageSize"),
        ("GET", "/tables?sider=3", None, "no such parameter: ['sider']"),
        ("GET", "/table/12305", None, "Path not found"),
        ("GET", "/tables/12305/data?outputFormat=jsonstat2", None, "'jsonstat2' is not one of"),
        ("POST", "/tables/12305/data?outputFormat=json-stat2", {"selection": [{"code": "Tid", "valueCodes": ["*"]}]}, "'variableCode' is a required"),
        ("POST", "/tables/12305/data?outputFormat=json-stat2", {"selection": [{"variableCode": "Tid", "valueCodes": "*"}]}, "is not of type 'array'"),
    ],
)  # fmt: skip
def test_a_request_that_is_not_as_described_is_refused(method: str, address: str, body: Any, said: str) -> None:
    request = Request(EnvironBuilder("/api/v2" + address, method=method, json=body).get_environ())
    assert said in asked_wrongly("/api/v2", request)


def test_codes_are_parted_at_the_commas_outside_brackets() -> None:
    assert split_codes("a,[range(b,c)],from(d),e") == ["a", "[range(b,c)]", "from(d)", "e"]
