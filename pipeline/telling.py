"""Answers of verbs as text for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from pipeline.analysis.compare import Comparison
from pipeline.methods.ranking import LAST_TIER, TIER_FLOOR
from pipeline.problems import bad_input
from pipeline.schedule.ledger import Run
from pipeline.warehouse.trace import Trace

CELLS_SHOWN = 20


def number(told: Trace) -> str:
    """A trace: the number, the rules, then the cells below their files."""
    value = told.value
    shown = f"{value['value']:.3f} {value['unit']}" if value["value"] == value["value"] else "no value"
    lines = [
        f"{value['indicator_id']} {value['unit_kind']} {value['unit_code']} {value['period']}: "
        f"{shown}, {value['status']}" + (" (SYNTHETIC)" if value["is_synthetic"] else ""),
        f"  numerator {_number(value['numerator'])}, denominator {_number(value['denominator'])}, era {value['era']}, "
        f"vintage {value['vintage']:%Y-%m-%d}",
        *(f"  rule: {rule}" for rule in told.rules),
    ]
    files: Iterator[Any] = told.files.itertuples()
    for file in files:
        published = f"published {file.published_at:%Y-%m-%d}, sha256 {file.sha256[:12]}"
        lines.append(f"  file {file.file_id}: {file.title}, {file.publisher}, {published}")
        cells = told.cells[told.cells["file_id"] == file.file_id]
        listed: Iterator[Any] = cells.head(CELLS_SHOWN).itertuples()
        for cell in listed:
            what = "" if str(cell.measure) in str(cell.place) else f", {cell.measure}"
            mended = f" (corrected: {cell.correction})" if isinstance(cell.correction, str) else ""
            lines.append(
                f"    {cell.part}: {cell.code_as_sent} {cell.name}, {cell.place}{what}: {cell.as_sent!r}{mended}"
            )
        if len(cells) > CELLS_SHOWN:
            lines.append(f"    … and {len(cells) - CELLS_SHOWN} more; all with --json")
    return "\n".join(lines)


def _number(value: float) -> str:
    """A number, or that there is none."""
    return f"{value:g}" if value == value else "none"


HEADINGS = {"was": "It was made of", "itself": "It was", "became": "It became"}


def place(history: pd.DataFrame) -> str:
    """Who a place was: one paragraph a span, under what it was made of, was itself, and became."""
    if history.empty:
        return "Nothing: neither it, nor what it was made of or became, was there on that day."
    lines = []
    for relation, rows in history.groupby("relation", sort=False):
        lines.append(HEADINGS[str(relation)])
        for row in rows.itertuples():
            lines += _span(row)
    return "\n".join(lines)


def inspections(found: pd.DataFrame) -> str:
    """Inspections of a place: one line a topic, with the file and row that say so; nothing where there were none."""
    if found.empty:
        return ""
    lines = ["Inspections"]
    rows: Iterator[Any] = found.itertuples()
    for row in rows:
        closed = f", mended {row.closed_on:%Y-%m-%d}" if row.closed_on == row.closed_on else ""
        made_up = " (SYNTHETIC)" if row.is_synthetic else ""
        topic, finding = row.topic.replace("_", " "), row.finding.replace("_", " ")
        lines.append(f"  {row.inspected_on:%Y-%m-%d} {row.municipality_code}, {topic}: {finding}{closed}{made_up}")
        lines.append(f"    {row.office or row.office_id}, case {row.case_number}; file {row.file_id}, row {row.line}")
        if isinstance(row.report_address, str):
            lines.append(f"    {row.report_address}")
    return "\n".join(lines)


def _span(row: Any) -> list[str]:
    until = f"until {row.valid_to:%Y-%m-%d}" if row.valid_to == row.valid_to else "and still is"
    before = " or before" if row.is_first_listed else ""
    whose = "its children came along" if row.relation == "was" else "the children went there"
    part = f"; {row.share_of_children:.1%} of {whose} (an estimate)" if row.is_split else ""
    group = f"; group {row.peer_group} (scheme of {row.peer_group_scheme})" if isinstance(row.peer_group, str) else ""
    region = f"; {row.regions}" if isinstance(row.regions, str) else ""
    other = f", whose office is {row.service_office}" if row.service_office != row.office else ""
    sure = "" if row.host_sure == "sourced" else f" ({row.host_sure.replace('_', ' ')})"
    return [
        f"  {row.municipality_code} {row.name}, from {row.valid_from:%Y-%m-%d}{before} {until}{part}",
        f"    county {row.county} {row.county_name or ''}, {row.office or 'no office'}{group}{region}",
        f"    service {row.service_id}: {row.service_name}; host {row.host} {row.host_name}{sure}{other}",
        f"    basis: {row.source}{_known(row)}",
    ]


def _known(row: Any) -> str:
    """Which part of the span the source speaks of."""
    if row.known_from != row.known_from:
        return ""
    first, last = f"{row.known_from:%Y-%m-%d}", f"{row.known_to:%Y-%m-%d}"
    days = f"on {first}" if first == last else f"from {first} to {last}"
    return f"; it speaks of the service {days}, at other times that is assumed"


def weights(words: Sequence[str]) -> dict[str, float]:
    """`timeliness=2` as a dimension and its weight. Raises BadInput for what is not that."""
    found = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise bad_input("rank", "", "weight", word, "a dimension and a number, such as timeliness=2") from None
    return found


def ranking(found: pd.DataFrame, top: int, is_synthetic: bool) -> str:
    """A ranking as text: a line a service of the tiers A to D, tier by tier; no bare place."""
    lines = ["SYNTHETIC figures: nothing here is about a real service."] if is_synthetic else []
    lines.append(f"Probability of being among the {top} with most need; score and its interval; by indicators alone.")
    for tier, rows in found[found["tier"] != LAST_TIER].groupby("tier", sort=True):
        lines.append(f"{tier}: {TIER_FLOOR[str(tier)]:g} or more")
        for row in rows.to_dict("records"):
            chance, alone = row[f"probability_top_{top}"], row[f"companion_probability_top_{top}"]
            score = f"{row['score']:.0f} ({row['score_low']:.0f}-{row['score_high']:.0f})"
            lines.append(f"  {row['name']}: {chance:.2f}; score {score}; alone {alone:.2f}; {row['alike']} alike")
    rest = int((found["tier"] == LAST_TIER).sum())
    return "\n".join([*lines, f"{rest} more with less than {list(TIER_FLOOR.values())[-1]:.1f}"])


def power(found: pd.DataFrame, is_synthetic: bool) -> str:
    """What each protocol's programme could show, as text: a line an outcome."""
    lines = ["SYNTHETIC figures: nothing here is about real services."] if is_synthetic else []
    for protocol, rows in found.groupby("protocol_id", sort=False):
        first = rows.iloc[0]
        who = f"{first['n_guided']} of {first['n_services']} services guided"
        lines += [
            f"{protocol}: {who}, {first['runs']} programmes simulated.",
            f"Smallest effect seen in {first['wanted_power']:.0%} of them; how often two sizes of effect are seen:",
        ]
        for outcome, own in rows.groupby("outcome_id", sort=False):
            unit = "percentage points" if own["unit"].iloc[0] == "percent" else own["unit"].iloc[0]
            seen = [
                f"{row['detected']:.0%} at odds ratio {row['odds_ratio']:g} ({row['effect']:+.1f})"
                for row in own.to_dict("records")
            ]
            lines.append(f"  {outcome}: {own['smallest_visible'].iloc[0]:.1f} {unit}; {', '.join(seen)}")
    return "\n".join(lines)


def comparison(found: Comparison) -> str:
    """Who moved, as text: the ten that moved most, then what changed over all."""
    lines = []
    for row in found.services.head(10).to_dict("records"):
        before = _placed(row["probability_before"], row["tier_before"], "not ranked before")
        now = _placed(row["probability"], row["tier"], "not ranked now")
        lines.append(f"  {row['name']}: {before} → {now}: {row['why']}")
    reasons = found.services["why"].value_counts()
    lines += [f"{count} services: {why}" for why, count in reasons.items()]
    lines.append(f"rank correlation {found.rank_correlation:.3f}")
    lines.append(f"{found.dialogue_kept} of {found.dialogue_before} on the earlier dialogue list are on the new one")
    return "\n".join(lines)


def _placed(probability: float, tier: str, otherwise: str) -> str:
    """A probability with its tier, or that there is none."""
    return f"{probability:.2f} ({tier})" if probability == probability else otherwise


def services(jurisdiction: str, checked: Any) -> Iterator[str]:
    """A check as text: errors first, lesser remarks after, then what is left to mend."""
    if checked.published is None:
        yield f"{jurisdiction}: there is no register of services to check"
    for entry in checked.entries:
        by = f", corrected by {', '.join(entry.corrections)}" if entry.is_mended else ", not corrected"
        yield f"error{by}:" if entry.is_error else "remark:"
        yield from (f"  {finding.problem(checked.published.listed)}" for finding in entry.findings)
    for each in checked.published.applied if checked.published else ():
        yield f"correction {each.id}: " + (f"reported {each.reported}" if each.reported else "not reported yet")
    if checked.letter:
        yield f"letter to send: {checked.letter}"
    yield f"{jurisdiction}: {len(checked.problems)} to mend"
    yield from (f"  {problem}" for problem in checked.problems)


def served(jurisdiction: str, came: list[Run] | Exception) -> Iterator[str]:
    """A line a rule that was served; or why none was."""
    if not isinstance(came, list):
        yield f"{jurisdiction}: {came}"
        return
    for run in came:
        told = "; ".join(filter(None, [", ".join(run.news), run.words])) or "nothing new"
        yield f"{jurisdiction}: {run.rule}, due {run.due:%Y-%m-%d %H:%M} UTC: {run.outcome}: {told}"


def sent(last: Any) -> str:
    """What became of the last digest of a channel."""
    at = f" on {last.at:%Y-%m-%d %H:%M} UTC" if last.outcome != "never" else ""
    said = {"sent": "sent", "failed": "NOT SENT", "never": "not used yet"}[last.outcome]
    return f"alerts by {last.channel}: {said}{at}: {last.words}"
