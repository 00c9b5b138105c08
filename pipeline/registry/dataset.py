"""Datasets: who publishes what, in which format; each format with a reader of its own in `sources`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.agreement import Same, Share, Sum
from pipeline.registry.bufdir_dataset import BufdirDataset, PairWorkbook
from pipeline.registry.dataset_base import DatasetBase, Status
from pipeline.registry.drop import Column
from pipeline.registry.model import Identifier
from pipeline.registry.pxweb_dataset import CodeList, PxwebDataset
from pipeline.registry.reference_dataset import Klass, MemberList, ReferenceDataset

__all__ = [
    "BufdirDataset", "CodeList", "Dataset", "DatasetBase", "DelimitedDataset", "Klass", "MapDataset", "MemberList",
    "PairWorkbook", "PxwebDataset", "RecordDataset", "ReferenceDataset", "Status",
]  # fmt: skip


class DelimitedDataset(DatasetBase):
    """A text file of separated values with a header: KHR extracts, and the English releases."""

    kind: Literal["delimited"]
    encoding: str = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    unit_columns: Annotated[tuple[str, ...], Field(min_length=1)]
    unit_code_width: int | None = None
    year_column: str
    half_year_column: str | None = None
    measures: Annotated[tuple[str, ...], Field(min_length=1)]
    where: dict[str, str] = {}
    blank: Status = "not_reported"
    shares: tuple[Share, ...] = ()
    sums: tuple[Sum, ...] = ()
    same: tuple[Same, ...] = ()


class RecordDataset(DatasetBase):
    """Records that people deliver as CSV or workbook: one row a record, in the table `raw.<id>`.

    unique: the fields that no two rows of a file share. Of CSV, the first encoding and separator that fit are taken.
    compared_with: the part of the registry that the file must agree with.
    """

    kind: Literal["records"]
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    unique: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    encodings: Annotated[tuple[str, ...], Field(min_length=1)] = ("utf-8", "cp1252")
    separators: Annotated[tuple[str, ...], Field(min_length=1)] = (";", ",")
    compared_with: Literal["offices"] | None = None

    @model_validator(mode="after")
    def _fields_are_columns(self) -> "RecordDataset":
        fields = [each.field for each in self.columns]
        for given in (fields, [each.name for each in self.columns]):
            if len(set(given)) < len(given):
                raise ValueError(f"columns: each name and field once, not {', '.join(given)}")
        days = [each.field for each in self.columns if each.type == "date"]
        for names, known in [(self.unique, fields), ([c.valid_on for c in self.columns if c.valid_on], days)]:
            if set(names) - set(known):
                raise ValueError(f"{', '.join(names)}: each must be one of the fields {', '.join(known)}")
        return self


class MapDataset(DatasetBase):
    """Borders as GeoJSON, one feature a municipality; they hold from `border_date` until that of the next map."""

    kind: Literal["map"]
    border_date: date
    code_property: str
    name_property: str
    county_property: str | None = None  # holds the first two digits of the code
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north: every position lies within
    longest_step: float | None = None  # degrees between two positions of a ring, as seen; a farther one is a slip
    shared_borders: bool = False  # neighbours have the same positions along their border


Dataset = Annotated[
    PxwebDataset | BufdirDataset | DelimitedDataset | ReferenceDataset | RecordDataset | MapDataset,
    Field(discriminator="kind"),
]
