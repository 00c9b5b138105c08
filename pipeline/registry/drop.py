"""What people put into the watched folder: by which names a file is known, and what may stand in its columns."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration, Identifier, Text


class Drop(Declaration):
    """How a dropped file is known: its name begins with the dataset's id, or one of `names`, in any case.

    day: whether the name must carry the day the file is of (`2026-05-01` or `20260501`), or its date of change will do.
    """

    names: tuple[Identifier, ...] = ()
    day: Literal["named", "guessed"] = "guessed"


class Column(Declaration):
    """A column of a delivery: its heading, what tables call it, and what may stand there; shown in the template.

    choices: word in the file → word in tables. minimum, maximum: of a number. not_future: a date that has been.
    valid_on: the field with the day on which a municipality's or office's code must hold; the day of the file if none.
    """

    name: str
    field: Identifier
    type: Literal["text", "number", "date", "municipality", "office"]
    required: bool = True
    pattern: str | None = None
    choices: dict[str, str] = {}
    minimum: float | None = None
    maximum: float | None = None
    not_future: bool = False
    valid_on: Identifier | None = None
    max_characters: Annotated[int, Field(ge=1)] = 300
    example: str
    explanation: Text

    @model_validator(mode="after")
    def _each_rule_goes_with_its_type(self) -> "Column":
        for field, given, type_ in (
            ("pattern", self.pattern is not None, ("text",)),
            ("choices", bool(self.choices), ("text",)),
            ("minimum", self.minimum is not None, ("number",)),
            ("maximum", self.maximum is not None, ("number",)),
            ("not_future", self.not_future, ("date",)),
            ("valid_on", self.valid_on is not None, ("municipality", "office")),
        ):
            if given and self.type not in type_:
                raise ValueError(f"{field} goes with type = {' or '.join(type_)}")
        if self.pattern is not None:
            re.compile(self.pattern)
        return self
