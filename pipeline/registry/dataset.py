"""Datasets: who publishes what, in which format, and what the publisher's signs for a missing number mean."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.problems import bad_input
from pipeline.registry.agreement import Same, Share, Span, Sum, Total
from pipeline.registry.drop import Column, Drop
from pipeline.registry.model import Declaration, Identifier, Sure, Text, Validity

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
    drop: Drop | None = None  # where people may put files of it into the watched folder
    note: Text | None = None

    @model_validator(mode="after")
    def _hidden_bounds_where_something_is_hidden(self) -> "DatasetBase":
        if "suppressed_source" in self.symbols.values() and self.hidden is None:
            raise ValueError("a symbol means 'suppressed_source', so declare hidden = { low, high }")
        return self

    def on(self, day: date) -> Self:
        """The declaration as it holds for a file that was published on a day. Raises BadInput where none does."""
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
    """How a list of joint services writes a group: the day its codes are of, what stands between two, and for none.

    Left out, the day is that of the file (`ReferenceDataset.on`).
    """

    code_date: date | None = None
    separator: Annotated[str, Field(min_length=1)]
    none: str

    @property
    def day(self) -> date:
        """The day of the codes, once the file is known."""
        assert self.code_date is not None, "ReferenceDataset.on has given it"
        return self.code_date


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

    def on(self, day: date) -> Self:
        """With the day of the members' codes."""
        if self.members is None or self.members.code_date is not None:
            return self
        return self.model_copy(update={"members": self.members.model_copy(update={"code_date": day})})


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
