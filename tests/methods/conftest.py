from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "methods"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], pd.DataFrame]:
    """Reads a table of published numbers by its file name."""
    return lambda name: pd.read_csv(GOLDEN / name)
