"""What could have stood in a cell, in bokmål and in English, with a hint where a program has likely changed it."""

import re
from collections.abc import Container
from datetime import date, datetime, timedelta

from pipeline.registry.drop import Column
from pipeline.sources.complaint import Both

EXCEL_DAYS = range(20_000, 80_000)  # 1954 to 2119, as the number that a date becomes where a cell forgot its format
EXCEL_ZERO = date(1899, 12, 30)


def each_once(key: list[str]) -> Both:
    """Of a row whose key another row has."""
    names = ", ".join(key)
    return f"hver kombinasjon av {names} én gang", f"each combination of {names} once"


def allowed(check: str, column: Column, given: str, day: date | None, known: Container[str]) -> Both:
    """What a check of `records` would have let through. day: of the file. known: the municipality codes there are."""
    if check == "pattern":
        return _shaped(column, given)
    if check == "date":
        return _a_day(column, given)
    if check == "municipality":
        return _a_code(column, given, known)
    low = "" if column.minimum is None else f" ≥ {column.minimum:g}"
    high = "" if column.maximum is None else f" ≤ {column.maximum:g}"
    such = column.example
    return {
        "required": (
            f"noe, for eksempel {such} (bare den første av sammenslåtte celler har en verdi)",
            f"something, such as {such} (of merged cells only the first holds a value)",
        ),
        "length": (f"høyst {column.max_characters} tegn", f"at most {column.max_characters} characters"),
        "choices": (f"ett av ordene {', '.join(column.choices)}", f"one of the words {', '.join(column.choices)}"),
        "number": (f"et tall{low}{high}, for eksempel {such}", f"a number{low}{high}, such as {such}"),
        "not_future": (f"en dag til og med {day}, filens dag", f"a day until {day}, the day of the file"),
        "office": (
            f"et embete som fantes den dagen, for eksempel {such}",
            f"an office that was there on that day, such as {such}",
        ),
    }[check]


def _shaped(column: Column, given: str) -> Both:
    length = re.fullmatch(r"\[0-9\]\{(\d+)\}", column.pattern or "")
    if length and given.isdigit() and len(given) < int(length[1]):
        return _lost_zero(given.zfill(int(length[1])))
    return f"noe av formen {column.example}", f"something shaped as {column.example}"


def _a_code(column: Column, given: str, known: Container[str]) -> Both:
    padded = given.zfill(len(column.example))
    if padded != given and given.isdigit() and padded in known:
        return _lost_zero(padded)
    return (
        f"et kommunenummer som var i bruk den dagen, fire siffer, for eksempel {column.example}",
        f"a municipality code in use on that day, four digits, such as {column.example}",
    )


def _lost_zero(padded: str) -> Both:
    return (
        f"trolig {padded}: regnearket har tatt bort nullen foran, gjør kolonnen til tekst og skriv koden på nytt",
        f"probably {padded}: the spreadsheet has dropped the leading zero, format the column as text and type it again",
    )


def _a_day(column: Column, given: str) -> Both:
    number = given.partition(".")[0]
    if number.isascii() and number.isdigit() and int(number) in EXCEL_DAYS:
        day = EXCEL_ZERO + timedelta(days=int(number))
        return (
            f"trolig {day}: {given} er regnearkets tall for den dagen, gjør kolonnen til dato",
            f"probably {day}: {given} is the spreadsheet's number for that day, format the column as a date",
        )
    if _has_time(given):
        return f"en dag uten klokkeslett: {given[:10]}", f"a day without the hour: {given[:10]}"
    return f"en dag, {column.example} eller dd.mm.åååå", f"a day, {column.example} or dd.mm.yyyy"


def _has_time(given: str) -> bool:
    try:
        return len(given) > len("2026-05-01") and bool(datetime.fromisoformat(given))
    except ValueError:
        return False
