"""Tables drawn as text, so that a test can be read."""

import pandas as pd


def table(text: str) -> pd.DataFrame:
    """A table drawn with `|` between the columns and a rule below the header; all cells are text."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if not set(line) <= set("-|+ ")]
    return pd.DataFrame(rows[1:], columns=rows[0])
