"""Datasets: who publishes what, in which format, and what the publisher's signs for a missing number mean."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.agreement import Same, Share, Span, Sum, Total
from pipeline.registry.model import Declaration, Identifier, Text

Status = Literal[
    "ok",
    "suppressed_source",
    "suppressed_here",
    "not_reported",
    "not_applicable",
    "unit_absent",
    "zero_denominator",
    "estimated_split",
    "incomplete_merger",
    "not_published",
    "corrected",
    "series_break",
]


class Hidden(Declaration):
    """Between which counts a suppressed number lies, both included."""

    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _in_order(self) -> "Hidden":
        if self.low > self.high:
            raise ValueError(f"low {self.low} must not be above high {self.high}")
        return self


class DatasetBase(Declaration):
    """What every dataset says, whatever its format."""

    id: Identifier
    title: str
    publisher: str
    licence: str
    address: str
    confirmed: Literal["live", "code", "unconfirmed"]
    revision: Literal["kostra", "none"] = "none"
    borders: Literal["year_of_data", "publication"] = "year_of_data"
    symbols: dict[str, Status] = {}
    hidden: Hidden | None = None
    aggregate_pattern: str | None = None
    first_year: int | None = None  # no figure is of an earlier one
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None  # no figure has more; PxWeb says so itself
    totals: tuple[Total, ...] = ()
    country_code: str | None = None  # of the row that is the whole country, where files have one
    note: Text | None = None

    @model_validator(mode="after")
    def _hidden_bounds_where_something_is_hidden(self) -> "DatasetBase":
        if "suppressed_source" in self.symbols.values() and self.hidden is None:
            raise ValueError("a symbol means 'suppressed_source', so declare hidden = { low, high }")
        return self


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


class BufdirDataset(DatasetBase):
    """The monitor's ZIP of workbooks, one a letter code; a measure is `<letter> <Tallformat>`."""

    kind: Literal["bufdir_zip"]
    workbooks: tuple[str, ...]
    other_files: tuple[str, ...] = ()
    number_formats: tuple[str, ...] = ("Antall", "Andel")


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


class MemberList(Declaration):
    """How a list of joint services writes a group: the day its codes are of, what stands between two, and for none."""

    code_date: date
    separator: Annotated[str, Field(min_length=1)]
    none: str


class Klass(Declaration):
    """How a code list is asked for in Statistics Norway's KLASS, below the dataset's address.

    names: JSON field → column, where the columns of the other form of the list are called otherwise. at_least: codes on
    each day, or rows; a list with fewer was cut short.
    """

    list: Literal["codes", "changes", "correspondences"]
    since: date  # correspondences: the one day they are of
    target: Annotated[int, Field(ge=1)] | None = None  # the classification that the codes correspond to
    at_least: Annotated[int, Field(ge=1)]
    names: dict[str, str] = {}

    @model_validator(mode="after")
    def _correspondences_have_a_target(self) -> "Klass":
        if (self.list == "correspondences") != (self.target is not None):
            raise ValueError("target is given exactly when list = 'correspondences'")
        return self


class ReferenceDataset(DatasetBase):
    """A code list with a role; `columns` says which of its columns holds what the role needs.

    klass: where it can be fetched; what is fetched is JSON, and reads as the separated values do.
    """

    kind: Literal["reference"]
    role: Literal["municipality_code", "municipality_change", "peer_group", "joint_service_list"]
    encoding: str = "utf-8"
    separator: str = ","
    columns: dict[str, str]
    skip_codes: tuple[str, ...] = ()
    constants: dict[str, str] = {}
    members: MemberList | None = None
    same: tuple[Same, ...] = ()
    spans: tuple[Span, ...] = ()
    klass: Klass | None = None

    @model_validator(mode="after")
    def _correspondences_are_of_their_code_date(self) -> "ReferenceDataset":
        if self.klass and self.klass.target and self.constants.get("code_date") != str(self.klass.since):
            raise ValueError(f"constants.code_date must be klass.since, {self.klass.since}: the codes are of that day")
        return self

    @model_validator(mode="after")
    def _members_are_declared_where_there_are_some(self) -> "ReferenceDataset":
        if (self.role == "joint_service_list") != (self.members is not None):
            raise ValueError("members is given exactly when role = 'joint_service_list'")
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
    PxwebDataset | BufdirDataset | DelimitedDataset | ReferenceDataset | MapDataset, Field(discriminator="kind")
]


class Correction(Declaration):
    """A known error of a publisher, with reason; it touches a cell only while the cell holds `expected_value`."""

    dataset: Identifier
    unit_code: str
    period: str
    measure: str
    dimensions: dict[str, str] = {}
    action: Literal["hide", "replace"]
    replacement: float | None = None
    expected_value: float
    reason: Text
    reported: date

    @model_validator(mode="after")
    def _a_replacement_is_given_when_it_is_used(self) -> "Correction":
        if (self.action == "replace") != (self.replacement is not None):
            raise ValueError("replacement is given exactly when action = 'replace'")
        return self
