"""The map of the house: an import points to the left, and tests mirror the pipeline."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINE = [
    "problems", "progress", "methods", "registry", "settings", "sources", "warehouse", "analysis", "selection", "reports",
    "schedule", "alerts", "api", "simulation", "synthetic", "intake", "jobs", "listing", "dictionary", "telling", "console", "cli_app",
    "cli_data", "cli_ask", "cli_watch", "cli", "__main__", "orchestration",
]  # fmt: skip
MAY_NOT_READ = {"simulation": {"settings", "sources", "warehouse", "analysis", "reports", "api"}}
MODULES = sorted((ROOT / "pipeline").rglob("*.py"))


def place(module: str) -> str:
    """The part of the house a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> set[str]:
    """The parts that a file imports, wherever in the file it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom) and node.module == "pipeline":
            names = [f"pipeline.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {place(name) for name in names if name.startswith("pipeline.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_an_import_points_to_the_left(path: Path) -> None:
    if path.parent == ROOT / "pipeline" and path.stem == "__init__":
        return
    here = path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")
    allowed = set(LINE[: LINE.index(here) + 1]) - MAY_NOT_READ.get(here, set())
    assert imports(path) <= allowed


def test_every_part_stands_on_the_line() -> None:
    parts = {path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py") for path in MODULES}
    assert parts - {"__init__"} <= set(LINE)


def test_tests_mirror_the_pipeline() -> None:
    mirrored = {path.relative_to(ROOT / "tests").parent for path in (ROOT / "tests").rglob("test_*.py")}
    folders = {path.parent.relative_to(ROOT / "pipeline") for path in MODULES}
    assert folders - mirrored == set()


def test_no_file_names_a_machine_or_an_index() -> None:
    for path in (ROOT / "requirements").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "://" not in text and "index" not in text, path


def test_every_locked_package_has_a_hash() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        blocks = path.read_text(encoding="utf-8").split("\n")
        pins = sum("==" in line and not line.lstrip().startswith("#") for line in blocks)
        first_hashes = sum(line.rstrip().endswith("\\") and "==" in line for line in blocks)
        assert pins == first_hashes > 0, path
