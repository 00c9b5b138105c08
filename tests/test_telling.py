"""Answers of verbs as text."""

import pandas as pd

from pipeline import telling
from pipeline.analysis.compare import Comparison


def test_who_moved_is_told_by_name_and_who_came_or_left_as_that() -> None:
    services = pd.DataFrame(
        {
            "service_id": ["one", "two", "three"],
            "name": ["Ås", "Os", "Bø"],
            "tier": ["A", "E", None],
            "tier_before": ["B", None, "C"],
            "probability": [0.9, 0.1, float("nan")],
            "probability_before": [0.6, float("nan"), 0.3],
            "moved_by": [0.3, float("nan"), float("nan")],
            "why": ["revision", "new data", "geography"],
        }
    )
    told = telling.comparison(Comparison(services, 0.99, 14, 15)).splitlines()
    assert told[:3] == [
        "  Ås: 0.60 (B) → 0.90 (A): revision",
        "  Os: not ranked before → 0.10 (E): new data",
        "  Bø: 0.30 (C) → not ranked now: geography",
    ]
