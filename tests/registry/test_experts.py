"""Bad answers of experts are told: the file, the answer, what stood there, what could have."""

import re
import shutil
from pathlib import Path

import pytest

from pipeline.problems import BadInput
from pipeline.registry.load import HOME, load

PAGE = Path(__file__).parents[2] / "docs" / "add-something.md"
[ANSWER] = re.findall(r"```toml\n(\[\[expert\]\]\n.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))


def answers(home: Path, text: str) -> Path:
    (home / "norway" / "experts.toml").write_text(text, encoding="utf-8")
    return home


def test_a_good_answer_is_read(home: Path) -> None:
    [each] = load("norway", answers(home, ANSWER)).experts
    assert each.is_blind and each.points == {"timeliness": 40, "follow_up": 30, "plans": 20, "capacity": 10}


def test_nobody_was_asked_yet() -> None:
    assert load("norway").experts == () and load("england").experts == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("capacity = 10", "capacity = 20", "points add up to 110, not to 100"),
        ("capacity = 10", "capacty = 10", "points for each of timeliness, follow_up, plans, capacity"),
        (", capacity = 10", ", capacity = -10", "greater than or equal to 0"),
        ("is_blind = true\n", "", "is_blind"),
        ('role = "adviser at the directorate"', 'name = "Kari"', "one of the fields id, role"),
        ("timeliness = 40, follow_up = 30, plans = 20, capacity = 10",
         "timeliness = 0, follow_up = 50, plans = 50, capacity = 0", "at least one of the dimensions of round_2025"),
        ("2026-11-02", '"yesterday"', "filled_in_on"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_told(home: Path, old: str, new: str, told: str) -> None:
    assert old in ANSWER
    with pytest.raises(BadInput, match=told) as caught:
        load("norway", answers(home, ANSWER.replace(old, new)))
    assert "norway/experts.toml" in str(caught.value)


def test_one_answer_an_expert(home: Path) -> None:
    with pytest.raises(BadInput, match="directorate_1, 2 times"):
        load("norway", answers(home, ANSWER + ANSWER))
