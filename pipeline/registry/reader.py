"""Reads TOML files into typed declarations, and gathers the mistakes instead of stopping at the first."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.problems import Problem


class Reader:
    """Reads the declarations below a folder; `problems` are the mistakes in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def one(self, name: str, kind: type[BaseModel]) -> Any:
        """The declaration in one file; nothing when it cannot be read."""
        return self._check(self.folder / name, "", self._toml(self.folder / name), kind)

    def by_id(self, name: str, kind: Any) -> dict[str, Any]:
        """The declarations of a folder, one a file, by their id, which is the name of the file."""
        found: dict[str, Any] = {}
        for path in sorted((self.folder / name).glob("*.toml")):
            thing = self._check(path, "", self._toml(path), kind)
            if thing is not None:
                if thing.id != path.stem:
                    self._say(path, "", "id", thing.id, f"{path.stem!r}, the name of the file")
                found[thing.id] = thing
        return found

    def rows(self, pattern: str, key: str, kind: type[BaseModel]) -> tuple[Any, ...]:
        """All `[[key]]` tables of some files."""
        found = []
        for path in sorted(self.folder.glob(pattern)):
            content = self._toml(path)
            for stray in sorted(set(content) - {key}):
                self._say(path, "", stray, content[stray], f"only [[{key}]] tables")
            given = content.get(key, [])
            if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
                self._say(path, "", key, given, f"[[{key}]] tables")
                continue
            for number, row in enumerate(given, 1):
                place = f"{key} no. {number}" + (f" ({row['id']})" if "id" in row else "")
                found.append(self._check(path, place, row, kind))
        return tuple(each for each in found if each is not None)

    def _toml(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problems.append(Problem(self._name(path), "", "TOML", str(error), "a well-formed TOML file in UTF-8"))
        except FileNotFoundError:
            self.problems.append(Problem(self._name(path), "", "file", "nothing", "a TOML file of this name"))
        return {}

    def _check(self, path: Path, place: str, content: dict[str, Any], kind: Any) -> Any:
        try:
            adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
            return adapter.validate_python(content)
        except ValidationError as error:
            for mistake in error.errors():
                field = ".".join(str(step) for step in mistake["loc"]) or "(whole declaration)"
                given = "nothing" if mistake["type"] == "missing" else repr(mistake["input"])
                self.problems.append(Problem(self._name(path), place, field, given[:200], _allowed(mistake, kind)))
        return None

    def _say(self, path: Path, place: str, field: str, given: object, allowed: str) -> None:
        self.problems.append(Problem(self._name(path), place, field, repr(given), allowed))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder.parent).as_posix()


def _allowed(mistake: Any, kind: Any) -> str:
    """What could have stood there; pydantic's own words, but for a field there is not."""
    if mistake["type"] == "extra_forbidden" and len(mistake["loc"]) == 1 and hasattr(kind, "model_fields"):
        return "one of the fields " + ", ".join(kind.model_fields)
    return str(mistake["msg"]).removeprefix("Value error, ")
