from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "methods"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], pd.DataFrame]:
    """Reads a table of published numbers by its file name."""
    return lambda name: pd.read_csv(GOLDEN / name)


@pytest.fixture(scope="session")
def wages(golden: Callable[[str], pd.DataFrame]) -> tuple[Any, Any, Any]:
    """The minimum wage and teenage employment in 500 counties: (log employed, start, log population)."""
    table = golden("did/minimum_wage.csv")
    employed = table[[f"employed_{year}" for year in range(2003, 2008)]].to_numpy()
    start = table["first_year"].fillna(np.inf).to_numpy() - 2003
    return np.log(employed), start, np.log(table["population"].to_numpy() / 1000)
