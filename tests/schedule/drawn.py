"""Calendars drawn for the tests."""

from datetime import UTC, datetime
from typing import Any

from pipeline.registry.calendar import Calendar, Rule
from pipeline.registry.load import load

WORDS = {"nb": "x", "nn": "x", "en": "x"}
NORWAY = load("norway").calendar
assert NORWAY is not None
KOSTRA = next(rule for rule in NORWAY.rule if rule.id == "kostra")


def utc(text: str) -> datetime:
    """`2026-03-15 07:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rule(**changes: Any) -> Rule:
    fields = {
        "id": "drawn", "title": WORDS, "datasets": ["a"], "every": "day", "at": "09:00", "grace_hours": 24,
        "sure": "inferred", "source": "drawn",
    }  # fmt: skip
    return Rule.model_validate(fields | changes)


def calendar(*rules: Rule) -> Calendar:
    return Calendar(timezone="Europe/Oslo", holidays="NO", rule=rules or (rule(),))
