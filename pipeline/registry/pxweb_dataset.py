"""Tables of a PxWeb, and the code lists by which their dimensions are asked for."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.dataset_base import DatasetBase
from pipeline.registry.model import Declaration


class CodeList(Declaration):
    """A list of the publisher's that gathers or picks the codes of a dimension, and what we call the codes it gives.

    id: as PxWebApi v2 writes it, `agg_…` or `vs_…`. codes: theirs, and ours.
    """

    id: Annotated[str, Field(pattern=r"^(agg|vs)_.+$")]
    codes: Annotated[dict[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_name_once(self) -> "CodeList":
        if len(set(self.codes.values())) < len(self.codes):
            raise ValueError("codes gives one name to two of the publisher's codes")
        return self


class Expected(Declaration):
    """Codes that a table is thought to have, for `veiviser discover` to confirm."""

    measures: tuple[str, ...] = ()
    dimensions: dict[str, tuple[str, ...]] = {}


class PxwebDataset(DatasetBase):
    """A PxWeb table, delivered as JSON-stat2; codelists and expects are by dimension."""

    kind: Literal["pxweb"]
    table: str
    unit_dimension: str
    time_dimension: str = "Tid"
    contents_dimension: str = "ContentsCode"
    strip_suffix: str = ""
    codelists: dict[str, CodeList] = {}
    expects: Expected = Expected()

    @model_validator(mode="after")
    def _time_and_contents_have_no_code_list(self) -> "PxwebDataset":
        for name in (self.unit_dimension, self.time_dimension, self.contents_dimension):
            if name in self.codelists:
                raise ValueError(f"codelists: {name} is the unit, the time or the contents; declare others")
        return self
