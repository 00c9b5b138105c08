"""What a notebook imports: open a release, get tables.

from pipeline.api import open_release

release = open_release("norway")
release.ranking()
release.sql("SELECT * FROM core.service")
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pipeline.analysis.compare import Comparison, compare
from pipeline.analysis.effect_panel import panel
from pipeline.analysis.effect_power import POWER, RUNS, power_rows
from pipeline.analysis.need import Ranked, ranked, tables
from pipeline.problems import bad_input
from pipeline.progress import Say, silent
from pipeline.registry.index import Round
from pipeline.registry.load import Registry, load
from pipeline.registry.protocol import Protocol
from pipeline.settings import Settings
from pipeline.warehouse import release as releases
from pipeline.warehouse.places import who
from pipeline.warehouse.trace import Trace, trace


@dataclass(frozen=True)
class Release:
    """An open release. Everything it returns is a table of its own; nothing can change the release."""

    path: Path
    registry: Registry
    con: duckdb.DuckDBPyConnection

    @property
    def as_of(self) -> date:
        """Everything published after this day is left out."""
        return self.con.execute("SELECT as_of FROM registry.release").fetchall()[0][0]

    @property
    def tier_top(self) -> int:
        """How many places the tiers are about."""
        return self.registry.index.tier_top

    @property
    def is_synthetic(self) -> bool:
        """Whether any indicator value rests on synthetic deliveries."""
        return bool(self.con.execute("SELECT bool_or(is_synthetic) FROM core.indicator_value").fetchall()[0][0])

    def tables(self) -> pd.DataFrame:
        """One row a table: schema_name, table_name, table (both), rows, and one_row_per: what a row is."""
        return self.sql(
            """SELECT schema_name, table_name, schema_name || '.' || table_name AS "table", estimated_size AS rows,
               coalesce(comment, '') AS one_row_per FROM duckdb_tables() ORDER BY 1, 2"""
        )

    def checks(self) -> pd.DataFrame:
        """One row a check of this release, those that fell short first: rows_checked, rows_failing, fell_short."""
        return self.sql("SELECT * FROM ops.check ORDER BY passed, severity, table_name, check_name")

    def table(self, name: str) -> pd.DataFrame:
        """A whole table, such as `mart.ranking`."""
        tables = self.tables()
        known = list(tables["schema_name"] + "." + tables["table_name"])
        if name not in known:
            raise bad_input("release", "", "table", name, "one of " + ", ".join(known))
        return self.sql(f"SELECT * FROM {name}")

    def sql(self, query: str) -> pd.DataFrame:
        """The answer to a query."""
        return self.con.execute(query).df()

    def power(self, protocol_id: str | None = None, runs: int = RUNS, say: Say = silent) -> pd.DataFrame:
        """One row a protocol, outcome and odds ratio: what its programme could show (as `result.power`).

        Of one protocol, or of all. Raises BadInput for a protocol there is not, without any, and where there are too
        few figures from before the start.
        """
        known = {each.id: each for each in self.registry.protocols}
        place = self.registry.jurisdiction.id
        if protocol_id is not None and protocol_id not in known or not known:
            allowed = "one of " + ", ".join(known) if known else f"a file in {place}/protocols/ (docs/add-something.md)"
            raise bad_input("power", "", "protocol", protocol_id or "none", allowed)
        chosen = [known[protocol_id]] if protocol_id else list(known.values())
        found = [row for each in chosen for row in self._power(each, runs, say)]
        return pd.DataFrame(found, columns=list(POWER)).astype(POWER)

    def _power(self, protocol: Protocol, runs: int, say: Say) -> list[dict[str, Any]]:
        built = {
            name for (name,) in self.con.execute("SELECT DISTINCT cohort_id FROM staging.cohort_member").fetchall()
        }
        if missing := [name for name in protocol.cohorts if name not in built]:
            command = f"veiviser build --jurisdiction {self.registry.jurisdiction.id}"
            allowed = f"cohorts that the release knows; `{command}` takes in those declared since"
            raise bad_input("power", protocol.id, "cohorts", ", ".join(missing), allowed)
        rows = power_rows(panel(self.con, self.registry, protocol), self.registry, protocol, runs, say)
        if not rows:
            allowed = "cohorts with figures from three periods or more before their start_up"
            raise bad_input("power", protocol.id, "cohorts", ", ".join(protocol.cohorts), allowed)
        return rows

    def ranking(self, round_id: str | None = None) -> pd.DataFrame:
        """One row a ranked service, tier by tier and alphabetical inside a tier: no bare place (docs/methods.md)."""
        chosen = round_id or self.registry.index.current_round.id
        return self.con.execute(
            "SELECT * FROM mart.ranking WHERE round_id = ? AND is_ranked ORDER BY tier, name", [chosen]
        ).df()

    def rank(
        self,
        round_id: str | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        top: int | None = None,
        without: Sequence[str] = (),
    ) -> pd.DataFrame:
        """A ranking with other choices, computed now: one row a ranked service, by tier, alphabetical inside a tier.

        weights: of dimensions, others as declared. top: how many places. without: indicators left out. The columns are
        those of result.need_rank and result.need_score, with the name. Raises BadInput for a name there is not.
        """
        found = tables(self.ranked(round_id, weights=weights, top=top, without=without))
        names = self.sql("SELECT service_id, name FROM core.service WHERE valid_to IS NULL")
        both = found["result.need_rank"].merge(found["result.need_score"], on=["round_id", "service_id"])
        return names.merge(both, on="service_id").sort_values(["tier", "name"], ignore_index=True)

    def ranked(
        self,
        round_id: str | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        top: int | None = None,
        without: Sequence[str] = (),
    ) -> Ranked:
        """As `rank`, with everything it was made of: draws, the model, and `what_if` to ask again about one service."""
        each = self._round(round_id)
        entering = [one.id for one in self.registry.entering(each)]
        for one in without:
            if one not in entering:
                raise bad_input("rank", "", "without", one, "one of " + ", ".join(entering))
        for name in weights or {}:
            if name not in each.dimensions:
                raise bad_input("rank", each.id, "weight", name, "one of " + ", ".join(each.dimensions))
        kept = {one.dimension for one in self.registry.entering(each) if one.id not in without}
        if not kept.issuperset(each.dimensions):
            lost = ", ".join(name for name in each.dimensions if name not in kept)
            raise bad_input("rank", each.id, "without", ", ".join(without), f"at least one indicator kept of: {lost}")
        [(services,)] = self.con.execute(
            "SELECT count(*) FROM core.service WHERE valid_to IS NULL AND not_ranked_reason IS NULL"
        ).fetchall()
        if top and top >= services:
            raise bad_input("rank", each.id, "top", str(top), f"fewer places than the {services} services")
        index = self.registry.index.otherwise(weights or {}, top)
        return ranked(self.con, self.registry, each, index, tuple(without))

    def compare(self, before: "Release", round_id: str | None = None) -> Comparison:
        """Who moved since an earlier release, and why; both as they were declared. services: with their names."""
        found = compare(self.ranked(round_id), before.ranked(round_id), self._members(), before._members())
        names = before._names() | self._names()
        return replace(found, services=found.services.assign(name=found.services["service_id"].map(names)))

    def _names(self) -> dict[str, str]:
        """Service → its newest name."""
        query = "SELECT service_id, arg_max(name, valid_from) FROM core.service GROUP BY ALL"
        return dict(self.con.execute(query).fetchall())

    def _members(self) -> dict[str, str]:
        rows = self.con.execute(
            """SELECT service_id, string_agg(municipality_code, ' ' ORDER BY municipality_code)
               FROM core.service_member WHERE valid_to IS NULL GROUP BY service_id"""
        ).fetchall()
        return dict(rows)

    def _round(self, round_id: str | None) -> Round:
        rounds = {each.id: each for each in self.registry.index.rounds}
        chosen = round_id or self.registry.index.current_round.id
        if chosen not in rounds:
            raise bad_input("registry", "", "round", chosen, "one of " + ", ".join(rounds))
        return rounds[chosen]

    def peers(self, service_id: str, round_id: str | None = None) -> pd.DataFrame:
        """The services most like one, nearest first, with distance and version of the likeness; no row without any.

        Alike in what `peers.toml` declares: context, never how well a service does (docs/methods.md). Raises BadInput
        for a service or a round there is not.
        """
        chosen = self._round(round_id).id
        if self.con.execute("SELECT 1 FROM core.service WHERE service_id = ?", [service_id]).fetchone() is None:
            raise bad_input("release", "", "service", service_id, "a service_id of core.service")
        return self.con.execute(
            "SELECT * FROM mart.service_peer WHERE round_id = ? AND service_id = ? ORDER BY place", [chosen, service_id]
        ).df()

    def indicator(self, indicator_id: str, unit_kind: str = "country") -> pd.DataFrame:
        """One row a unit and period, newest vintage; `value` in the indicator's unit, `status` why it is missing."""
        if indicator_id not in self.registry.indicators:
            raise bad_input(
                "registry", "", "indicator", indicator_id, "one of " + ", ".join(sorted(self.registry.indicators))
            )
        return self.con.execute(
            """SELECT * FROM core.indicator_value WHERE indicator_id = ? AND unit_kind = ? AND is_newest
               ORDER BY era, unit_code, period_start""",
            [indicator_id, unit_kind],
        ).df()

    def why(self, indicator_id: str, unit: str, period: str) -> Trace:
        """From a value to the raw cells it was made of."""
        return trace(self.con, self.registry, indicator_id, unit, period)

    def who(self, place: str, day: date | str | int | None = None) -> pd.DataFrame:
        """Who a municipality was, what it was made of and became, who served it, and on which basis that is said.

        place: a code of any year, or a name. day: what held on that day (`2018-06-01`), or on the first of a period
        (`2018`, `2018H2`); the whole history when left out. Columns: pipeline.warehouse.places.who.
        """
        moment = self._day(str(day)) if isinstance(day, str | int) else day
        if moment is not None and moment > self.as_of:
            raise bad_input("who", "", "day", str(moment), f"a day until {self.as_of}, the as-of date of the release")
        return who(self.con, self.registry, place, moment)

    def inspections(self, codes: Collection[str]) -> pd.DataFrame:
        """One row an inspection and topic of municipalities by their codes, newest first; core.inspection's columns.

        Withdrawn ones are left out.
        """
        return self.con.execute(
            """SELECT inspection.*, office.name_nb AS office
               FROM core.inspection AS inspection LEFT JOIN core.office AS office USING (office_id)
               WHERE municipality_code IN (SELECT unnest(?)) AND finding <> 'withdrawn'
               ORDER BY inspected_on DESC, case_number, topic""",
            [sorted(codes)],
        ).df()

    def _day(self, text: str) -> date:
        if re.fullmatch(r"\d{4}(H[12])?", text):
            return self.registry.jurisdiction.start_of(text)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise bad_input(
                "who", "", "day", text, "a day (2018-06-01), a year (2018) or a half-year (2018H2)"
            ) from None


def open_release(jurisdiction: str = "norway", path: Path | None = None, as_of: date | None = None) -> Release:
    """The current release of a jurisdiction, or the newest built with an as-of date, read-only.

    Raises NoRelease, with the command that makes one.
    """
    registry, folder = load(jurisdiction), Settings().processed / jurisdiction
    file = path or (releases.of_day(folder, as_of) if as_of else releases.current(folder))
    return Release(file, registry, releases.connect(file))
