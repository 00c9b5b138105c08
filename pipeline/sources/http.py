"""One way to ask publishers: never more often than they allow, never without an end, never a half answer.

Retries, Retry-After and the limit on calls are one adapter for each host. Redirects to another host, broken bodies,
too large ones and web pages where data belong are refused with a PublisherError.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Literal
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from pyrate_limiter import InMemoryBucket, Limiter, Rate
from requests_ratelimiter import LimiterAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError
from urllib3.util.retry import Retry

from pipeline.problems import PublisherError

AGAIN = "try again later, and write to the publisher if it lasts"
LOOK = "open the address in a browser: the publisher has changed something, or stands still"
NAME = "veiviser (open-source statistics of child welfare)"
SLACK_SECONDS = 0.5  # a call arrives a little after it was counted, so two may arrive nearer than they were made
NEVER = 10**9
Kind = Literal["json", "zip", "html"]


@dataclass(frozen=True)
class Limits:
    """How often and how long a publisher is asked, and how much is taken from it."""

    calls: int = 30  # SSB's documentation: 30 calls a minute; others state nothing, and are asked as rarely
    window_seconds: float = 60
    connect_seconds: float = 10
    read_seconds: float = 60  # SSB itself gives up after 60 seconds
    total_seconds: float = 600
    retries: int = 5
    backoff_seconds: float = 1
    longest_wait_seconds: float = 120
    max_bytes: int = 200_000_000  # 800 000 cells of JSON-stat2 with signs are about 15 MB


@dataclass(frozen=True)
class Answer:
    """What a publisher sent: the address asked, the bytes, and the day it says they are of."""

    address: str
    body: bytes
    last_modified: datetime | None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises PublisherError when it is none."""
        try:
            parsed = json.loads(self.body)
        except ValueError as error:
            raise PublisherError(self.address, f"the answer is no JSON ({error})", AGAIN) from None
        if not isinstance(parsed, dict):
            raise PublisherError(self.address, f"the answer is a JSON {type(parsed).__name__}, not an object", LOOK)
        return parsed


class _WaitsTooLong(Exception):
    """The publisher asks for a longer wait than we have patience for."""


class _Broken(Exception):
    """A body that ended before its end."""


class _CountedRetry(Retry):
    """A retry counts as a call: without this, a publisher that fails would be asked more often than it allows."""

    count: Callable[[], object] = staticmethod(lambda: None)
    longest: float = 0

    def new(self, **changed: Any) -> "_CountedRetry":
        fresh = super().new(**changed)
        fresh.count, fresh.longest = self.count, self.longest
        return fresh

    def parse_retry_after(self, retry_after: str) -> float:
        seconds = super().parse_retry_after(retry_after)
        if seconds > self.longest:
            raise _WaitsTooLong(f"asks us to wait {seconds:.0f} seconds")
        return seconds

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        super().sleep(response)
        self.count()


class _Session(requests.Session):
    """A session that stays at the host it was sent to."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        refusal = _leads_away(resp, urlsplit(str(resp.url)), urlsplit(urljoin(str(resp.url), target)))
        if refusal:
            resp.close()
            raise PublisherError(str(resp.url), refusal, LOOK)
        return target


def _leads_away(response: requests.Response, here: SplitResult, there: SplitResult) -> str | None:
    """Why a redirect is not followed, if it is not."""
    if here.hostname != there.hostname:
        return f"sends us on to another host, {there.hostname}"
    if here.scheme == "https" and there.scheme != "https":
        return f"sends us on to {there.scheme}, which anybody can change"
    if response.request.method == "POST" and response.status_code not in (307, 308):
        return f"sends a question on as another one ({response.status_code})"
    return None


class Publishers:
    """A session for all publishers, with a limit on calls for each host."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._session = _Session()
        self._session.headers["User-Agent"] = NAME
        self._limiters: dict[str, tuple[Limiter, InMemoryBucket]] = {}

    def __enter__(self) -> "Publishers":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections and the limiters."""
        self._session.close()
        for limiter, _ in self._limiters.values():
            limiter.close()

    def keep_to(self, address: str, calls: int, window_seconds: float) -> None:
        """From now on no more calls to the address's host than so many in a window; calls made count already."""
        self._mount(_host(address), calls, window_seconds)

    def get(self, address: str, kind: Kind) -> Answer:
        """The answer to a GET. Raises PublisherError."""
        return self._ask("GET", address, kind)

    def post(self, address: str, question: dict[str, Any], kind: Kind) -> Answer:
        """The answer to a question in JSON. Raises PublisherError."""
        return self._ask("POST", address, kind, question)

    def _mount(self, host: str, calls: int, window_seconds: float) -> None:
        """A limiter of its own for the host; a new one starts as if it had been asked already as often as the old."""
        rate = Rate(calls, round((window_seconds + SLACK_SECONDS) * 1000))
        bucket = InMemoryBucket([rate])
        limiter = Limiter(bucket)
        if host in self._limiters:
            known, calls_made = self._limiters[host]
            for _ in range(min(calls_made.count(), calls)):
                limiter.try_acquire(host)
            known.close()
        retry = _CountedRetry(
            total=self.limits.retries,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=None,  # a PxWeb question is a POST that changes nothing
            backoff_factor=self.limits.backoff_seconds,
            raise_on_status=False,
            redirect=False,
            retry_after_max=NEVER,  # urllib3 would shorten the wait and ask too early; we refuse it instead
        )
        retry.count = lambda: limiter.try_acquire(host)
        retry.longest = self.limits.longest_wait_seconds
        adapter = LimiterAdapter(limiter=limiter, per_host=False, limit_statuses=(), max_retries=retry)
        self._session.mount(host, adapter)
        self._limiters[host] = (limiter, bucket)

    def _ask(self, method: str, address: str, kind: Kind, question: dict[str, Any] | None = None) -> Answer:
        host = _host(address)
        if host not in self._limiters:
            self._mount(host, self.limits.calls, self.limits.window_seconds)
        for left in reversed(range(self.limits.retries + 1)):
            try:
                return self._answer(method, address, kind, question)
            except _Broken as error:
                if not left:
                    raise PublisherError(address, f"the answer breaks off ({error})", AGAIN) from None
        raise AssertionError("the last attempt returns or raises")

    def _answer(self, method: str, address: str, kind: Kind, question: dict[str, Any] | None) -> Answer:
        """One attempt, with the retries of the adapter."""
        limits = self.limits
        until = monotonic() + limits.total_seconds
        try:
            with self._session.request(
                method,
                address,
                json=question,
                headers={"Accept": "application/json"} if kind == "json" else None,  # KLASS sends XML without
                stream=True,
                timeout=(limits.connect_seconds, limits.read_seconds),
            ) as response:
                if response.status_code >= 400:
                    status = response.status_code
                    raise PublisherError(address, _refusal(response), _remedy(status), status)
                body = _body(response, replace(limits, total_seconds=until - monotonic()), address)
        except requests.exceptions.SSLError as error:
            raise PublisherError(address, f"its certificate cannot be trusted ({error})", LOOK) from None
        except (requests.exceptions.RequestException, _WaitsTooLong) as error:
            raise PublisherError(address, _failure(error, limits), AGAIN) from None
        _check_kind(response, body, kind, address)
        return Answer(address, body, _moment(response.headers.get("Last-Modified")))


def _host(address: str) -> str:
    """`https://data.ssb.no/`: the slash keeps `data.ssb.no.example` from sharing its limit."""
    split = urlsplit(address)
    return f"{split.scheme}://{split.netloc}/"


def _failure(error: Exception, limits: Limits) -> str:
    """What kept an answer from coming, without the library's nesting."""
    cause = getattr(error.args[0], "reason", error) if error.args else error
    if isinstance(cause, (requests.exceptions.ReadTimeout, ReadTimeoutError)):
        return f"sends nothing for {limits.read_seconds:g} seconds"
    if isinstance(cause, NameResolutionError):
        return "there is no such host, or no network"
    if isinstance(cause, NewConnectionError):
        return "cannot be reached: nothing answers there, or no network"
    if isinstance(cause, (requests.exceptions.ConnectTimeout, ConnectTimeoutError)):
        return f"cannot be reached within {limits.connect_seconds:g} seconds"
    return str(cause)


def _body(response: requests.Response, limits: Limits, address: str) -> bytes:
    """The bytes, read piece by piece, so that neither size nor slowness is without an end."""
    until, pieces, size = monotonic() + limits.total_seconds, [], 0
    try:
        for piece in response.iter_content(65536):
            size += len(piece)
            pieces.append(piece)
            if size > limits.max_bytes:
                raise PublisherError(
                    address, f"sends more than {limits.max_bytes:,} bytes".replace(",", " "), "ask for less: " + LOOK
                )
            if monotonic() > until:
                raise PublisherError(address, f"not done after {limits.total_seconds:.0f} seconds", AGAIN)
    except requests.exceptions.ChunkedEncodingError as error:
        raise _Broken(str(error)) from None
    except requests.exceptions.ConnectionError as error:
        if "timed out" in str(error).lower():
            raise requests.exceptions.ReadTimeout(str(error)) from None
        raise _Broken(str(error)) from None
    return b"".join(pieces)


def _refusal(response: requests.Response) -> str:
    """The status, and the publisher's own words when they are short and no web page."""
    try:
        words = response.raw.read(2000, decode_content=True).decode("utf-8", "replace").strip()
    except HTTPError:  # words that break off, hang or cannot be unpacked: the status says enough
        words = ""
    said = "" if words.startswith("<") else " ".join(words.split())[:200]
    return f"answers {response.status_code} {response.reason}" + (f": {said}" if said else "")


def _remedy(status: int) -> str:
    if status == 429 or status >= 500:
        return AGAIN
    return "ask for a smaller part" if status in (403, 413) else LOOK


def _check_kind(response: requests.Response, body: bytes, kind: Kind, address: str) -> None:
    """Maintenance pages come with status 200."""
    start = body.lstrip()[:1]
    is_page = start == b"<" or "text/html" in response.headers.get("Content-Type", "").lower()
    if kind != "html" and is_page:
        raise PublisherError(address, f"sends a web page where {kind.upper()} was expected", LOOK)
    if kind == "zip" and not body.startswith(b"PK"):
        raise PublisherError(address, f"sends no ZIP: it starts with {body[:8]!r}", LOOK)
    if kind == "json" and start not in (b"{", b"["):
        raise PublisherError(address, f"sends no JSON: it starts with {body[:20]!r}", LOOK)


def _moment(header: str | None) -> datetime | None:
    """The moment a header names, in UTC when it names no zone; nothing when it names none."""
    try:
        moment = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
