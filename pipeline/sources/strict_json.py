"""JSON read strictly: what Python would let pass (NaN, a key twice, 1e999, other encodings) is refused."""

import json
import math
from typing import Any

import numpy as np

from pipeline.problems import bad_input
from pipeline.sources import limits


def parse(body: bytes, file: str, allowed: str = "well-formed JSON") -> Any:
    """The value in the file. Raises BadInput with the place, as `json` tells it, of the first mistake."""
    limits.check_size(len(body), file)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        given = body[error.start : error.start + 4]
        raise bad_input(file, f"byte {error.start}", "encoding", given, "UTF-8") from None
    depth = _depth(body)
    if depth > limits.MAX_JSON_DEPTH:
        raise bad_input(file, "", "depth", depth, f"at most {limits.MAX_JSON_DEPTH} lists and objects in each other")
    try:
        return json.loads(
            text, parse_constant=_no_number, parse_float=_float, parse_int=_int, object_pairs_hook=_each_key_once
        )
    except (ValueError, RecursionError) as error:
        message, _, place = str(error).rpartition(": ")
        place = place if place.startswith("line ") else ""
        raise bad_input(file, place, "JSON", body[:40] if place else str(error) or message, allowed) from None


def _depth(body: bytes) -> int:
    """How deep the brackets go; those inside texts count too, so the true depth is never more."""
    signs = np.zeros(256, dtype=np.int8)
    signs[list(b"[{")], signs[list(b"]}")] = 1, -1
    steps = signs[np.frombuffer(body, dtype=np.uint8)]
    steps = steps[steps != 0]
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


def _no_number(constant: str) -> None:
    """JSON has no NaN and no Infinity, though Python reads them."""
    raise ValueError(f"{constant} is no number: line 1")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or len(text) > 2 * limits.MAX_DIGITS:
        raise ValueError(f"a number that cannot be held, {text[:40]}")
    return value


def _int(text: str) -> int:
    if len(text.lstrip("-")) > limits.MAX_DIGITS:
        raise ValueError(f"a number of more than {limits.MAX_DIGITS} digits, {text[:40]}")
    return int(text)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:40]!r} twice in one object")
    return found
