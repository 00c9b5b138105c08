"""All words users see, from the files texts*.toml: one key, three languages, the same {values} in each."""

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from pipeline.problems import BadInput, Problem
from pipeline.registry.model import LANGUAGES, Text

FILES = tuple(sorted(Path(__file__).parent.glob("texts*.toml")))


@cache
def texts(*paths: Path) -> Mapping[str, Text]:
    """Every text by its dotted key, such as `status.not_reported`.

    Raises BadInput with one problem a key: a language that is missing or empty, or {values} that differ.
    """
    found: dict[str, Text] = {}
    problems: list[Problem] = []
    for path, key, leaf in _all_leaves(paths or FILES):
        try:
            found[key] = Text.model_validate(leaf)
        except ValidationError as error:
            problems += [
                Problem(
                    path.name, key, ".".join(map(str, mistake["loc"])), repr(mistake["input"])[:200], mistake["msg"]
                )
                for mistake in error.errors()
            ]
            continue
        problems += _unlike(path.name, key, found[key])
    if problems:
        raise BadInput(sorted(problems))
    return MappingProxyType(found)


def _all_leaves(paths: tuple[Path, ...]) -> Iterator[tuple[Path, str, Any]]:
    for path in paths:
        yield from ((path, key, leaf) for key, leaf in _leaves(tomllib.loads(path.read_text(encoding="utf-8"))))


def _leaves(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, texts) for each table that holds something else than tables."""
    for key, value in table.items():
        if isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def values_in(text: str) -> set[str]:
    """The names of the {values} that a text takes."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _unlike(file: str, key: str, text: Text) -> Iterator[Problem]:
    wanted = values_in(text.nb)
    for language in LANGUAGES:
        if not text[language].strip():
            yield Problem(file, key, language, "an empty text", "words")
        elif values_in(text[language]) != wanted:
            yield Problem(
                file, key, language, repr(sorted(values_in(text[language]))), f"the values of nb: {sorted(wanted)}"
            )
