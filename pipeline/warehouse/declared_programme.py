"""What belongs to the programme beside its cohorts and measures: listed cohorts, pots, alarms. Schema `registry`."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.registry.model import LANGUAGES
from pipeline.warehouse.frames import DAY, frame, texts

COHORT_LISTED = {"cohort_id": "str", "era": "str", "finding": "str"} | dict.fromkeys(
    ["first_day", "last_day", "code_date", "start_date", "end_date"], DAY
)
MEASURE_POT = {
    "measure_id": "str",
    "pot_id": "str",
    "amount_kroner": "int64",
    "year": "int64",
    "deadline": DAY,
    "report_due": DAY,
    "purpose_nb": "str",
    "purpose_nn": "str",
    "purpose_en": "str",
}
ALARM = {"alarm_id": "str", "kind": "str", "beside": "str", "source": "str"} | {
    f"{field}_{language}": "str" for field in ("label", "needs") for language in LANGUAGES
}
MEASURE_INDICATOR = {"measure_id": "str", "indicator_id": "str"}


def tables(registry: Registry) -> Iterator[tuple[str, pd.DataFrame]]:
    """(table name, rows); empty ones keep their columns."""
    yield "cohort_listed", frame(_cohorts_listed(registry), COHORT_LISTED)
    yield "measure_pot", frame(_pots(registry), MEASURE_POT)
    yield "measure_indicator", frame(_measure_indicators(registry), MEASURE_INDICATOR)
    yield "alarm", frame(_alarms(registry), ALARM)


def _cohorts_listed(registry: Registry) -> Iterator[dict[str, Any]]:
    for cohort in registry.cohorts:
        if cohort.listed:
            days = {"code_date": cohort.code_date, "start_date": cohort.start, "end_date": cohort.end}
            yield cohort.listed.model_dump() | {"cohort_id": cohort.id, "era": cohort.era} | days


def _pots(registry: Registry) -> Iterator[dict[str, Any]]:
    for measure in registry.measures:
        for each in measure.pots:
            row = each.model_dump(exclude={"id", "purpose"}) | {"measure_id": measure.id, "pot_id": each.id}
            yield row | {f"purpose_{language}": each.purpose and each.purpose[language] for language in LANGUAGES}


def _measure_indicators(registry: Registry) -> Iterator[dict[str, Any]]:
    for measure in registry.measures:
        for indicator in measure.indicators:
            yield {"measure_id": measure.id, "indicator_id": indicator}


def _alarms(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.alarms:
        row = {"alarm_id": each.id, "kind": each.kind, "beside": each.beside, "source": each.source}
        yield row | texts(each, "label", "needs")
