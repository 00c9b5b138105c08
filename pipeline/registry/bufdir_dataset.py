"""The monitor: its ZIP of workbooks, and how each edition named them."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.problems import bad_input
from pipeline.registry.dataset_base import DatasetBase
from pipeline.registry.model import Declaration, Sure, Validity

Letter = Annotated[str, StringConstraints(pattern=r"^[0-9][A-Z]$")]


class Edition(Validity):
    """How the monitor named its workbooks in the editions published in a span of days.

    renamed: letter in those editions → letter in the newest, which measures are named by.
    """

    valid_from: date
    workbooks: Annotated[tuple[Letter, ...], Field(min_length=1)]
    renamed: dict[Letter, Letter] = {}
    sure: Sure

    @model_validator(mode="after")
    def _each_letter_means_one_thing(self) -> "Edition":
        strange = sorted(set(self.renamed) - set(self.workbooks))
        if strange:
            raise ValueError(f"renamed: {', '.join(strange)} is none of the workbooks")
        means = [self.renamed.get(letter, letter) for letter in self.workbooks]
        doubled = sorted({letter for letter in means if means.count(letter) > 1})
        if doubled:
            raise ValueError(f"two workbooks mean {', '.join(doubled)}: declare in renamed what the other one means")
        return self


class PairWorkbook(Declaration):
    """A workbook of the ZIP whose columns are pairs of years, `2016-2017`, and whose first cells hold code and name.

    begins: how its name begins. header: of the first column. measure: what its numbers are called.
    period_of_pair: the year of the pair that a number is told of.
    """

    begins: Annotated[str, Field(min_length=1)]
    sheet: str
    header: str
    measure: str
    period_of_pair: Literal["first_year", "second_year"]
    sure: Sure


class BufdirDataset(DatasetBase):
    """The monitor's ZIP of workbooks, one a letter code; a measure is `<letter> <Tallformat>`.

    The letters are not stable: `workbooks` are those of editions from `letters_from` on, and name the measures.
    """

    kind: Literal["bufdir_zip"]
    workbooks: tuple[Letter, ...]
    letters_from: date
    earlier_editions: tuple[Edition, ...] = ()
    renamed: dict[Letter, Letter] = {}
    pair_workbooks: tuple[PairWorkbook, ...] = ()
    other_files: tuple[str, ...] = ()
    number_formats: tuple[str, ...] = ("Antall", "Andel")

    @model_validator(mode="after")
    def _editions_follow_each_other(self) -> "BufdirDataset":
        days = [day for each in self.earlier_editions for day in (each.valid_from, each.valid_to)] + [self.letters_from]
        if any(a is None or b is None or a > b for a, b in pairwise(days)):
            raise ValueError("earlier_editions stand in order of their days, none beside another, before letters_from")
        return self

    def on(self, day: date) -> Self:
        """With the letters of the edition of that day. Raises BadInput for a day whose letters nobody declared."""
        if day >= self.letters_from:
            return self
        edition = next((each for each in self.earlier_editions if each.holds(day)), None)
        if edition is None:
            allowed = "a day whose letters are known: declare them in earlier_editions"
            raise bad_input(f"datasets/{self.id}.toml", "", "earlier_editions", f"an edition of {day}", allowed)
        return self.model_copy(update={"workbooks": edition.workbooks, "renamed": edition.renamed})
