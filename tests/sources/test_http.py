"""How publishers are asked, over real sockets: they may be slow, break off, lie, or send us elsewhere."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline.problems import PublisherError
from pipeline.sources.http import Limits, Publishers, _Session

QUICK = Limits(
    calls=100,
    window_seconds=1,
    connect_seconds=2,
    read_seconds=0.3,
    total_seconds=5,
    retries=2,
    backoff_seconds=0,
    longest_wait_seconds=3,
    max_bytes=100_000,
)


@pytest.fixture
def publishers() -> Iterator[Publishers]:
    with Publishers(QUICK) as each:
        yield each


def in_turn(server: HTTPServer, *answers: Response | Callable[[], Response], path: str = "/data") -> list[float]:
    """The server gives the answers in turn, the last one again and again; returns when it was asked."""
    asked: list[float] = []

    def handler(_: Request) -> Response:
        asked.append(time.monotonic())
        answer = answers[min(len(asked), len(answers)) - 1]
        return answer() if callable(answer) and not isinstance(answer, Response) else answer

    server.expect_request(path).respond_with_handler(handler)
    return asked


def good() -> Response:
    return Response(b'{"a": 1}', content_type="application/json")


def failing(status: int, body: bytes = b"", **headers: str) -> Callable[[], Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response(body, status=status, headers=named)


def refused(publishers: Publishers, server: HTTPServer, kind: str = "json") -> str:
    with pytest.raises(PublisherError) as caught:
        publishers.get(server.url_for("/data"), kind)  # type: ignore[arg-type]
    assert caught.value.address == server.url_for("/data")
    assert caught.value.remedy
    return caught.value.happened


def test_the_answer_keeps_its_bytes_and_its_day(publishers: Publishers, httpserver: HTTPServer) -> None:
    in_turn(httpserver, Response(b'{"a": 1}', headers={"Last-Modified": "Fri, 04 Sep 2026 06:00:00 GMT"}))
    answer = publishers.get(httpserver.url_for("/data"), "json")
    assert (answer.body, answer.json(), str(answer.last_modified)) == (
        b'{"a": 1}',
        {"a": 1},
        "2026-09-04 06:00:00+00:00",
    )


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_passing_failure_is_asked_again(
    publishers: Publishers, httpserver: HTTPServer, status: int, method: str
) -> None:
    asked = in_turn(httpserver, failing(status), failing(status), good)
    address = httpserver.url_for("/data")
    answer = publishers.get(address, "json") if method == "get" else publishers.post(address, {"q": 1}, "json")
    assert (answer.json(), len(asked)) == ({"a": 1}, 3)


def test_a_lasting_failure_is_told_with_the_publishers_words(publishers: Publishers, httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, failing(503, b"metadata are\n being updated"))
    assert refused(publishers, httpserver) == "answers 503 SERVICE UNAVAILABLE: metadata are being updated"
    assert len(asked) == 3


def hanging() -> Iterator[bytes]:
    yield b"x"
    time.sleep(0.6)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(iter([b"no such"]), status=404, headers={"Content-Length": "5000"}),
        lambda: Response(hanging(), status=404, headers={"Content-Length": "5000"}),
        lambda: Response(b"no gzip at all", status=404, headers={"Content-Encoding": "gzip"}),
    ],
    ids=["breaks off", "hangs", "cannot be unpacked"],
)
def test_a_refusal_whose_words_cannot_be_had_is_told_without(
    publishers: Publishers, httpserver: HTTPServer, answer: Callable[[], Response]
) -> None:
    in_turn(httpserver, answer)
    assert refused(publishers, httpserver) == "answers 404 NOT FOUND"


def test_what_is_not_there_is_not_asked_for_again(publishers: Publishers, httpserver: HTTPServer) -> None:
    said = b'{"type":"Parameter error","title":"Non-existent value","status":400}'
    asked = in_turn(httpserver, failing(400, said))
    assert refused(publishers, httpserver) == f"answers 400 BAD REQUEST: {said.decode()}"
    assert len(asked) == 1


def test_retry_after_is_honoured(publishers: Publishers, httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, failing(429, Retry_After="1"), good)
    publishers.get(httpserver.url_for("/data"), "json")
    assert asked[1] - asked[0] >= 1


def test_a_wait_beyond_our_patience(publishers: Publishers, httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, failing(503, Retry_After="86400"), good)
    assert refused(publishers, httpserver) == "asks us to wait 86400 seconds"
    assert len(asked) == 1


def test_silence(publishers: Publishers, httpserver: HTTPServer) -> None:
    def slow() -> Response:
        time.sleep(0.5)
        return good()

    in_turn(httpserver, slow)
    assert refused(publishers, httpserver) == "sends nothing for 0.3 seconds"


def test_a_trickle_has_an_end(httpserver: HTTPServer) -> None:
    def drops() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.1)
            yield b" " * 70_000

    in_turn(httpserver, lambda: Response(drops()))
    with Publishers(Limits(total_seconds=0.5, read_seconds=2, retries=0)) as patient:
        assert refused(patient, httpserver).startswith("not done after")


def test_a_host_that_is_not_there(publishers: Publishers, httpserver: HTTPServer) -> None:
    with pytest.raises(PublisherError) as caught:
        publishers.get("http://127.0.0.1:9/data", "json")
    assert caught.value.happened == "cannot be reached: nothing answers there, or no network"


def test_a_body_that_breaks_off_is_asked_for_again(publishers: Publishers, httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, lambda: Response(iter([b'{"a": ']), headers={"Content-Length": "5000"}), good)
    assert publishers.get(httpserver.url_for("/data"), "json").json() == {"a": 1}
    assert len(asked) == 2


def test_a_body_that_always_breaks_off(publishers: Publishers, httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, lambda: Response(iter([b'{"a": ']), headers={"Content-Length": "5000"}))
    assert "breaks off" in refused(publishers, httpserver)
    assert len(asked) == 3


def test_a_body_longer_than_it_says(publishers: Publishers, httpserver: HTTPServer) -> None:
    in_turn(httpserver, lambda: Response(iter([b'{"a": 1}']), headers={"Content-Length": "5"}))
    with pytest.raises(PublisherError, match="the answer is no JSON"):
        publishers.get(httpserver.url_for("/data"), "json").json()


def test_more_bytes_than_allowed(publishers: Publishers, httpserver: HTTPServer) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            sent.append(65536)
            yield b"[" * 65536

    in_turn(httpserver, lambda: Response(endless()))
    assert refused(publishers, httpserver) == "sends more than 100 000 bytes"


@pytest.mark.parametrize(
    ("kind", "body", "content_type", "said"),
    [
        ("json", b"<html>Vedlikehold</html>", "application/json", "sends a web page where JSON was expected"),
        ("json", b"Vedlikehold", "text/html; charset=utf-8", "sends a web page where JSON was expected"),
        ("zip", b"<!DOCTYPE html>", "application/zip", "sends a web page where ZIP was expected"),
        ("zip", b"{}", "application/zip", "sends no ZIP: it starts with b'{}'"),
        ("json", b"", "application/json", "sends no JSON: it starts with b''"),
    ],
)
def test_something_else_than_was_asked_for(
    publishers: Publishers, httpserver: HTTPServer, kind: str, body: bytes, content_type: str, said: str
) -> None:
    in_turn(httpserver, lambda: Response(body, content_type=content_type))
    assert refused(publishers, httpserver, kind) == said


def test_another_host_is_not_followed(publishers: Publishers, httpserver: HTTPServer) -> None:
    in_turn(httpserver, failing(302, Location=f"http://localhost:{httpserver.port}/elsewhere"))
    elsewhere = in_turn(httpserver, good, path="/elsewhere")
    assert refused(publishers, httpserver) == "sends us on to another host, localhost"
    assert elsewhere == []


def test_another_page_of_the_same_host_is_followed(publishers: Publishers, httpserver: HTTPServer) -> None:
    in_turn(httpserver, failing(302, Location="/elsewhere"))
    in_turn(httpserver, good, path="/elsewhere")
    assert publishers.get(httpserver.url_for("/data"), "json").json() == {"a": 1}


@pytest.mark.parametrize(
    ("target", "is_followed"),
    [("http://data.ssb.no/b", False), ("https://data.ssb.no/b", True), ("/b", True), ("https://ssb.no/b", False)],
)
def test_from_https_only_to_https_of_the_same_host(target: str, is_followed: bool) -> None:
    response = requests.Response()
    response.status_code, response.url, response.headers["location"] = 302, "https://data.ssb.no/a", target
    response.request, response.raw = requests.Request("GET", response.url).prepare(), io.BytesIO()
    if is_followed:
        assert _Session().get_redirect_target(response) == target
    else:
        with pytest.raises(PublisherError, match="sends us on to"):
            _Session().get_redirect_target(response)


@pytest.mark.parametrize("header", ["Fri, 04 Sep 2026 06:00:00 GMT", "Fri, 04 Sep 2026 06:00:00 -0000", "in autumn"])
def test_the_day_of_a_file_has_a_zone_or_is_not_known(
    publishers: Publishers, httpserver: HTTPServer, header: str
) -> None:
    in_turn(httpserver, Response(b"{}", headers={"Last-Modified": header}))
    day = publishers.get(httpserver.url_for("/data"), "json").last_modified
    assert day == (None if header == "in autumn" else datetime(2026, 9, 4, 6, tzinfo=UTC))


def test_a_question_is_not_turned_into_another(publishers: Publishers, httpserver: HTTPServer) -> None:
    in_turn(httpserver, failing(302, Location="/elsewhere"))
    with pytest.raises(PublisherError, match="sends a question on as another one"):
        publishers.post(httpserver.url_for("/data"), {"q": 1}, "json")


def most_in_a_window(asked: list[float], seconds: float) -> int:
    return max(sum(start <= moment < start + seconds for moment in asked) for start in asked)


def test_no_more_calls_than_allowed_retries_included(httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, good, failing(503), good, failing(500), failing(503), good)
    with Publishers(Limits(calls=3, window_seconds=0.5, backoff_seconds=0)) as publishers:
        for _ in range(7):
            publishers.get(httpserver.url_for("/data"), "json")
    assert len(asked) == 10
    assert most_in_a_window(asked, 0.5) <= 3


def test_a_stricter_limit_counts_the_calls_made_before(httpserver: HTTPServer) -> None:
    asked = in_turn(httpserver, good)
    with Publishers(QUICK) as publishers:
        for number in range(6):
            if number == 1:
                publishers.keep_to(httpserver.url_for("/"), 2, 0.5)
            publishers.get(httpserver.url_for("/data"), "json")
    assert most_in_a_window(asked, 0.5) <= 2
