"""The registry as tables, so that SQL can join it: schema `registry`, one table a kind of declaration."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.registry.model import Period, joined
from pipeline.warehouse import declared_places, declared_programme
from pipeline.warehouse.frames import DAY, frame, texts

FIRST_YEAR, LAST_YEAR = 2005, 2040


def tables(registry: Registry, as_of: date) -> Iterator[tuple[str, pd.DataFrame]]:
    """(table name, rows) for every table of the schema `registry`; empty ones keep their columns."""
    yield "release", pd.DataFrame([_release(registry, as_of)])
    yield "period", pd.DataFrame(_periods(registry))
    yield "indicator", pd.DataFrame(_indicators(registry))
    yield "series", pd.DataFrame(_series(registry))
    yield "part", pd.DataFrame(_parts(registry))
    yield "dataset", pd.DataFrame(_datasets(registry))
    yield from declared_places.tables(registry, as_of)
    yield "correction", frame(map(_correction, registry.corrections), CORRECTION)
    yield "not_ranked", frame(_not_ranked(registry), NOT_RANKED)
    yield "round", pd.DataFrame(_rounds(registry))
    yield "round_indicator", pd.DataFrame(_round_indicators(registry))
    yield "cohort_member", frame(_cohort_members(registry), COHORT_MEMBER)
    yield "asked", frame(_asked(registry), ASKED)
    yield "phase", frame(_phases(registry), PHASE)
    yield "measure", frame(_measures(registry), MEASURE)
    yield from declared_programme.tables(registry)
    yield "series_break", frame(_breaks(registry), SERIES_BREAK)
    yield "series_break_service", frame(_break_services(registry), SERIES_BREAK_SERVICE)


CORRECTION = {
    "dataset_id": "str",
    "unit_code": "str",
    "period": "str",
    "measure": "str",
    "dimensions": "str",
    "action": "str",
    "expected_value": "float64",
    "replacement": "float64",
    "reason": "str",
}
NOT_RANKED = {"municipality_code": "str", "reason": "str"}
COHORT_MEMBER = {
    "cohort_id": "str",
    "era": "str",
    "member_name": "str",
    "municipality_code": "str",
    "code_date": DAY,
    "start_date": DAY,
    "end_date": DAY,
    "agreement_day": DAY,
    "is_agreement_known": "bool",
}
ASKED = {"cohort_id": "str", "member_name": "str", "municipality_code": "str", "code_date": DAY, "answer": "str"}
PHASE = {"cohort_id": "str", "phase": "str", "phase_start": DAY, "phase_end": DAY}
MEASURE = {
    "measure_id": "str",
    "kind": "str",
    "first_day": DAY,
    "last_day": DAY,
    "days": "str",
    "office_id": "str",
    "municipality_code": "str",
    "finding": "str",
    "sure": "str",
    "source": "str",
    "label_nb": "str",
    "label_nn": "str",
    "label_en": "str",
}

SERIES_BREAK = {
    "break_id": "str",
    "indicator_id": "str",
    "day": DAY,
    "kind": "str",
    "effect": "str",
    "sure": "str",
    "source": "str",
    "word_nb": "str",
    "word_nn": "str",
    "word_en": "str",
    "reason_nb": "str",
    "reason_nn": "str",
    "reason_en": "str",
}
SERIES_BREAK_SERVICE = {"break_id": "str", "service_id": "str", "day": DAY, "source": "str"}


def _release(registry: Registry, as_of: date) -> dict[str, Any]:
    population = registry.jurisdiction.child_population
    return {
        "jurisdiction": registry.jurisdiction.id,
        "as_of": as_of,
        "county_from": registry.jurisdiction.county_from,
        "population_dataset": population.dataset,
        "population_measure": population.measures[0],
        "population_dimensions": population.key,
        "index_version": registry.index.version,
        "seed": registry.index.seed,
        "interval_level": registry.index.interval_level,
        "tier_top": registry.index.tier_top,
    }


def _periods(registry: Registry) -> Iterator[dict[str, Any]]:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for period in (str(year), f"{year}H1", f"{year}H2"):
            yield {
                "period": period,
                "frequency": "half_year" if "H" in period else "year",
                "period_start": registry.jurisdiction.start_of(period),
                "period_end": registry.jurisdiction.end_of(period),
            }


def _indicators(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.indicators.values():
        yield {
            "indicator_id": each.id,
            "use": each.use,
            "dimension": each.dimension,
            "direction": each.direction,
            "unit": each.unit,
            "per": each.per,
            "decimals": each.decimals,
            "minimum_denominator": each.minimum_denominator,
        } | texts(each, "label", "short_label", "direction_words")


def _series(registry: Registry) -> Iterator[dict[str, Any]]:
    for indicator in registry.indicators.values():
        for each in indicator.series:
            yield {
                "indicator_id": indicator.id,
                "era": each.era,
                "frequency": each.frequency,
                "series_start": registry.jurisdiction.start_of(each.first_period),
                "series_end": registry.jurisdiction.end_of(each.last_period or str(LAST_YEAR)),
                "likelihood": each.likelihood,
                "is_implied": each.share is not None,
            }


def _parts(registry: Registry) -> Iterator[dict[str, Any]]:
    for indicator in registry.indicators.values():
        for series in indicator.series:
            for name, part in series.parts.items():
                for measure in part.measures:
                    yield {
                        "indicator_id": indicator.id,
                        "era": series.era,
                        "part": name,
                        "dataset_id": part.dataset,
                        "measure": measure,
                        "dimensions": part.key,
                        "measures": len(part.measures),
                    }


def _datasets(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.datasets.values():
        if each.confirmed == "unconfirmed":
            continue
        yield {
            "dataset_id": each.id,
            "title": each.title,
            "publisher": each.publisher,
            "licence": each.licence,
            "address": each.address,
            "borders": each.borders,
            "country_code": each.country_code,
            "hidden_low": each.hidden.low if each.hidden else None,
            "hidden_high": each.hidden.high if each.hidden else None,
        }


def _correction(each: Any) -> dict[str, Any]:
    row: dict[str, Any] = each.model_dump(exclude={"reported", "dataset", "reason", "dimensions"})
    return row | {"dataset_id": each.dataset, "reason": each.reason["en"], "dimensions": joined(each.dimensions)}


def _not_ranked(registry: Registry) -> Iterator[dict[str, Any]]:
    for code, reason in registry.jurisdiction.not_ranked.items():
        yield {"municipality_code": code, "reason": reason["en"]}


def _span(registry: Registry, first: Period, last: Period) -> tuple[date, date]:
    return registry.jurisdiction.start_of(first), registry.jurisdiction.end_of(last)


def _rounds(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.index.rounds:
        start, end = _span(registry, each.first_period, each.last_period)
        yield {
            "round_id": each.id,
            "era": each.era,
            "round_start": start,
            "round_end": end,
            "is_current": each.is_current,
        } | texts(each, "label", "note")


def _round_indicators(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.index.rounds:
        for position, indicator in enumerate(registry.entering(each)):
            yield {"round_id": each.id, "indicator_id": indicator.id, "position": position}


def _cohort_members(registry: Registry) -> Iterator[dict[str, Any]]:
    for cohort in registry.cohorts:
        for each in cohort.members:
            yield {
                "cohort_id": cohort.id,
                "era": cohort.era,
                "member_name": each.name,
                "municipality_code": each.municipality_code,
                "code_date": cohort.code_date,
                "start_date": cohort.start,
                "end_date": cohort.end,
                "agreement_day": cohort.agreed_on(each),
                "is_agreement_known": each.agreement_day is not None,
            }


def _asked(registry: Registry) -> Iterator[dict[str, Any]]:
    for cohort in registry.cohorts:
        for each in cohort.asked:
            yield {
                "cohort_id": cohort.id,
                "member_name": each.name,
                "municipality_code": each.municipality_code,
                "code_date": cohort.code_date,
                "answer": each.answer,
            }


def _phases(registry: Registry) -> Iterator[dict[str, Any]]:
    for cohort in registry.cohorts:
        for each in cohort.phases:
            start, end = _span(registry, each.first_period, each.last_period)
            yield {"cohort_id": cohort.id, "phase": each.id, "phase_start": start, "phase_end": end}


def _measures(registry: Registry) -> Iterator[dict[str, Any]]:
    """One row a measure and place: an office, a municipality, or neither for the whole country."""
    for each in registry.measures:
        places: list[tuple[str | None, str | None]] = [(office, None) for office in each.offices]
        places += [(None, code) for code in each.municipalities]
        for office, municipality in places or [(None, None)]:
            yield {
                "measure_id": each.id,
                "kind": each.kind,
                "first_day": each.first_day,
                "last_day": each.last_day,
                "days": each.days,
                "office_id": office,
                "municipality_code": municipality,
                "finding": each.finding,
                "sure": each.sure,
                "source": each.source,
            } | texts(each, "label")


def _breaks(registry: Registry) -> Iterator[dict[str, Any]]:
    """One row a break and indicator it touches; a break that touches none has one row without."""
    for each in registry.breaks:
        for touched in registry.touched_by(each) or (None,):
            yield {
                "break_id": each.id,
                "indicator_id": touched.id if touched else None,
                "day": each.day,
                "kind": each.kind,
                "effect": each.effect,
                "sure": each.sure,
                "source": each.source,
            } | texts(each, "word", "reason")


def _break_services(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.breaks:
        for own in each.services:
            yield {"break_id": each.id, "service_id": own.service, "day": own.day, "source": own.source}
