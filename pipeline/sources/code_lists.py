"""Whether a code list in KLASS is another than the one in the archive, and whether it can be believed."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from pipeline.problems import BadInput, PublisherError
from pipeline.registry.dataset import ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.sources import delimited, klass
from pipeline.sources.http import LOOK, Answer, Publishers
from pipeline.sources.landing import ArchivedFile

KEYS = {  # what a later list still says of the past
    "municipality_code": ["year", "code"],
    "municipality_change": ["changed_on", "old_code", "new_code"],
    "peer_group": ["code"],
}
SHOWN = 3


def newer_list(
    publishers: Publishers,
    dataset: ReferenceDataset,
    newest: ArchivedFile | None,
    codes: set[str] | None,
    today: date,
) -> Answer | None:
    """The list as sent when it says something else than the newest in the archive; nothing when it says the same.

    codes: those that changes may name, where it is a list of changes. Raises PublisherError for a list that is cut
    short, lacks what the archive's list says of the past, or names unknown codes.
    """
    answer = publishers.get(klass.address(dataset, today), "json")
    try:
        table = delimited.read_reference(answer.body, dataset, dataset.id)
    except BadInput as error:
        raise PublisherError(answer.address, "; ".join(map(str, error.problems)), LOOK) from None
    if codes:
        _check_known(answer, table, codes)
    if newest is None:
        return answer
    before = delimited.read_reference(newest.body(), dataset, newest.file_id)
    _check_past(answer, dataset, before, table, today)
    return None if _rows(before) == _rows(table) else answer


def codes_of(registry: Registry, newest: Mapping[str, ArchivedFile]) -> set[str]:
    """All codes that the newest lists of codes in the archive know; none where there is no list."""
    known: set[str] = set()
    for name, file in newest.items():
        dataset = registry.datasets[name]
        if isinstance(dataset, ReferenceDataset) and dataset.role == "municipality_code":
            known |= set(delimited.read_reference(file.body(), dataset, file.file_id)["code"])
    return known | {each.code for each in registry.jurisdiction.carried} if known else known


def _check_known(answer: Answer, changes: pd.DataFrame, codes: set[str]) -> None:
    """A list of codes that knows less than the changes is the older of the two."""
    unknown = sorted((set(changes["old_code"]) | set(changes["new_code"])) - codes)
    if unknown:
        happened = f"names {len(unknown)} codes that the list of codes in the archive does not know: {_some(unknown)}"
        raise PublisherError(answer.address, happened, "fetch the list of codes first")


def _check_past(
    answer: Answer, dataset: ReferenceDataset, before: pd.DataFrame, after: pd.DataFrame, today: date
) -> None:
    """What has happened stays; a list that lacks some of it was cut short, or the publisher has corrected history."""
    was, now = (set(map(" ".join, each[KEYS[dataset.role]].to_numpy())) for each in (before, after))
    gone = sorted(key for key in was - now if dataset.role == "peer_group" or key <= today.isoformat())
    if gone:
        happened = f"lacks {len(gone)} rows that the list in the archive has: {_some(gone)}"
        remedy = "try again later; where it lasts and the publisher is right, put its list into the archive by hand"
        raise PublisherError(answer.address, happened, remedy)


def _rows(table: pd.DataFrame) -> set[tuple[str, ...]]:
    """The rows apart from where in their file they stand."""
    return set(table.drop(columns="line", errors="ignore").itertuples(index=False, name=None))


def _some(each: list[str]) -> str:
    return ", ".join(each[:SHOWN]) + (" …" if len(each) > SHOWN else "")
