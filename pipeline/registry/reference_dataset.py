"""Code lists: which of their columns holds what a role needs, and how KLASS is asked for them."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.registry.agreement import Same, Span
from pipeline.registry.dataset_base import DatasetBase
from pipeline.registry.model import Declaration


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
