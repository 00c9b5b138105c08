"""Rows as DataFrames that keep their columns and types also when there are none."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from pipeline.registry.model import Declaration

DAY = "datetime64[us]"


def frame(rows: Iterable[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    """The rows with these columns and types, also when there are none."""
    return pd.DataFrame(list(rows), columns=list(columns)).astype(columns)


def texts(thing: Declaration, *fields: str) -> dict[str, str]:
    """The words of some fields, one column a language: `label_nb`, `label_nn`, `label_en`."""
    return {f"{field}_{lang}": getattr(thing, field)[lang] for field in fields for lang in ("nb", "nn", "en")}
