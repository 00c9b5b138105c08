"""What is said of single services where the truth is known. Usage: service_change.py [countries]."""

import sys

import numpy as np

from pipeline.methods.verdict import Verdict
from pipeline.simulation.guided import drawn, told

UNSAID = (Verdict.TOO_LITTLE_DATA, Verdict.SERIES_BREAK)  # every country has enough figures, and none breaks
SAID = [each for each in Verdict if each not in UNSAID]
HEADINGS = ["odds ratio", "within forecast", *SAID, "P(fell 5 points) > 0.8", "bare change, points"]


def row(odds_ratio: float, countries: int) -> list[str]:
    """Coverage of the forecast, verdicts, services that surely fell by five points, and the bare change."""
    found = [told(drawn(seed, odds_ratio)) for seed in range(countries)]
    words = [word for each in found for word in each.verdicts]
    inside, fell, naive = (np.concatenate([getattr(each, n) for each in found]) for n in ("inside", "fell", "naive"))
    shares = [words.count(verdict) / len(words) for verdict in SAID]
    figures = [inside.mean(), *shares, (fell > 0.8).mean()]
    return [str(odds_ratio), *(f"{each:.3f}" for each in figures), f"{100 * naive.mean():.1f}"]


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for line in (HEADINGS, *(row(each, asked) for each in (1.0, 0.7, 0.5, 0.35))):
        print("| " + " | ".join(line) + " |")
