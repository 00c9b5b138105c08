"""What changed in a PxWeb table's metadata: dimensions, codes, labels, units, periods, notes; never `updated`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

SHOWN = 5
DESCRIBED = ("refperiod", "measuringType", "priceType", "adjustment", "basePeriod")  # of a contents code, by code


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Plain sentences, one a kind of change and dimension, nothing when only `updated` moved.

    before, after: metadata as JSON-stat2 without figures, of the same table. A code that was only moved is no change.
    """
    return list(_differences(before, after))


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    yield from _replaced("title", _untimed(before), _untimed(after))
    yield from _came_and_went("dimension", before["id"], after["id"], _labels(before), _labels(after))
    times = _times(before) | _times(after)
    for name in after["id"]:
        if name in before["dimension"]:
            yield from _in_dimension(name, before["dimension"][name], after["dimension"][name], name in times)
    yield from _notes("table", before, after)


def _in_dimension(name: str, before: dict[str, Any], after: dict[str, Any], is_time: bool) -> Iterator[str]:
    yield from _replaced(f"{name}: label", before.get("label"), after.get("label"))
    was, now = before["category"], after["category"]
    had, has = _codes(was), _codes(now)
    if is_time:
        yield from _replaced(f"{name}: first period", min(had, default=None), min(has, default=None))
        yield from _replaced(f"{name}: last period", max(had, default=None), max(has, default=None))
        within = _within_both(had, has)
        yield from _came_and_went(f"{name}: period", within(had), within(has), {}, {})
    else:
        labels = was.get("label", {}), now.get("label", {})
        yield from _came_and_went(f"{name}: code", had, has, *labels)
        yield from _changed(f"{name}: label", *labels)
    for field in ("base", "decimals"):
        of = "unit" if field == "base" else field
        yield from _changed(f"{name}: {of}", _unit(was, field), _unit(now, field))
    was, now = before.get("extension") or {}, after.get("extension") or {}
    for field in DESCRIBED:
        yield from _changed(f"{name}: {field}", was.get(field) or {}, now.get(field) or {})
    yield from _replaced(f"{name}: may be left out", bool(was.get("elimination")), bool(now.get("elimination")))
    lists = _code_lists(was), _code_lists(now)
    yield from _came_and_went(f"{name}: code list", *lists, *lists)
    yield from _notes(name, before, after)


def _came_and_went(
    what: str, before: Iterable[str], after: Iterable[str], was: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[str]:
    """before, after: codes. was, now: their labels."""
    before, after = list(before), list(after)
    if gone := [code for code in before if code not in set(after)]:
        yield f"{what} removed: {_some(_with_label(code, was) for code in gone)}"
    if new := [code for code in after if code not in set(before)]:
        yield f"{what} added: {_some(_with_label(code, now) for code in new)}"


def _changed(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Of the codes that both have."""
    both = [code for code in after if code in before and before[code] != after[code]]
    if both:
        yield f"{what} changed: {_some(f'{code} from {before[code]!r} to {after[code]!r}' for code in both)}"


def _replaced(what: str, before: object, after: object) -> Iterator[str]:
    if before != after:
        yield f"{what} changed: from {before!r} to {after!r}"


def _notes(place: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Notes are how a publisher tells of corrections, so new ones are told in full."""
    was, now = (list(each.get("note") or ()) for each in (before, after))
    if gone := sum(note not in now for note in was):
        yield f"{place}: {gone} of its notes removed"
    for note in now:
        if note not in was:
            yield f"{place}: note added: {' '.join(note.split())}"


def _some(each: Iterable[str]) -> str:
    """The first few, and how many more."""
    all_of_them = list(each)
    more = f" and {len(all_of_them) - SHOWN} more" if len(all_of_them) > SHOWN else ""
    return ", ".join(all_of_them[:SHOWN]) + more


def _with_label(code: str, labels: Mapping[str, str]) -> str:
    return f"{code} ({labels[code]})" if labels.get(code, code) != code else code


def _within_both(before: list[str], after: list[str]) -> Callable[[list[str]], list[str]]:
    """Keeps the periods within both spans: those outside are told by the first and the last."""
    if not before or not after:
        return list
    start, end = max(min(before), min(after)), min(max(before), max(after))
    return lambda codes: [code for code in codes if start <= code <= end]


def _codes(category: dict[str, Any]) -> list[str]:
    return list(category.get("index") or category.get("label") or ())


def _code_lists(extension: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each.get("label", "") for each in extension.get("codelists") or ()}


def _unit(category: dict[str, Any], field: str) -> dict[str, Any]:
    return {code: unit.get(field) for code, unit in category.get("unit", {}).items()}


def _labels(metadata: dict[str, Any]) -> dict[str, str]:
    return {name: dimension.get("label", name) for name, dimension in metadata["dimension"].items()}


def _times(metadata: dict[str, Any]) -> set[str]:
    return set(metadata.get("role", {}).get("time", ()))


def _untimed(metadata: dict[str, Any]) -> str:
    """The title without its periods: PxWeb writes `… 2015-2025`, and that the last one moved is told elsewhere."""
    return str(metadata.get("label", "")).rstrip("0123456789MKHTUQW- ").strip(" .,")
