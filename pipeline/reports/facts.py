"""What all reports read from a release, put in order once and without words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from pipeline.registry.index import Round
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Office
from pipeline.reports.voice import alphabetical

Tables = Mapping[str, pd.DataFrame]
# What `gather` and the heads of all reports read.
SHARED_TABLES = (
    "registry.release",
    "ops.run",
    "mart.ranking",
    "mart.estimate",
    "mart.need_exit",
    "mart.need_round",
    "mart.need_model",
    "mart.need_choice",
    "mart.need_dimension",
    "mart.service_peer",
    "result.need_adjusted",
    "result.adjusted_round",
    "result.indicator_context",
    "result.context_model",
    "result.funnel_limit",
    "mart.need_refit",
    "mart.need_expert",
    "result.need_vintage",
    "result.need_vintage_round",
    "mart.cell",
    "mart.source",
)
TIERS = ("A", "B", "C", "D", "E")


@dataclass(frozen=True)
class RoundFacts:
    """A round: its indicators (those with a legal duty first), and its services by tier and name.

    ranked, not_ranked: one row a service. estimates: one row a service and indicator. cells: and period.
    peers: one row a service and similar service, the nearest first. exits: one row a service that is likely on the
    list and indicator that could take it off. model: one row an indicator. choices: one row a choice of the method.
    dimensions: one row a dimension. whole: the row of mart.need_round; none where nobody is ranked.
    adjusted: one row a ranked service, of the second view; adjusted_round: one row; context_model: one an indicator.
    funnel: one row an indicator and size. refits: one row a refit to other data.
    experts: one row a ranked service, where experts have said what they would weigh.
    vintages: one row a service whose round was published twice; vintage_round.
    """

    round: Round
    indicators: list[Indicator]
    ranked: pd.DataFrame
    not_ranked: pd.DataFrame
    estimates: pd.DataFrame
    cells: pd.DataFrame
    peers: pd.DataFrame
    exits: pd.DataFrame
    model: pd.DataFrame
    choices: pd.DataFrame
    dimensions: pd.DataFrame
    whole: pd.DataFrame
    adjusted: pd.DataFrame
    adjusted_round: pd.DataFrame
    context_model: pd.DataFrame
    funnel: pd.DataFrame
    refits: pd.DataFrame
    experts: pd.DataFrame
    vintages: pd.DataFrame
    vintage_round: pd.DataFrame
    is_synthetic: bool


@dataclass(frozen=True)
class Facts:
    """A release, ready to be said in any language."""

    registry: Registry
    tables: Tables
    as_of: date
    release: str
    current: RoundFacts
    earlier: list[RoundFacts]

    @property
    def k(self) -> int:
        """How many places the tiers are about."""
        return self.registry.index.tier_top

    @property
    def chance(self) -> str:
        """The column with the probability of being among those k."""
        return f"probability_top_{self.k}"

    @property
    def chance_alone(self) -> str:
        """The column with the same, each indicator by itself."""
        return f"companion_{self.chance}"

    @property
    def is_synthetic(self) -> bool:
        """Whether any number of the release was made by a simulation."""
        sources, cells = self.tables["mart.source"], self.tables["mart.cell"]
        return bool(sources["is_synthetic"].any() or cells["is_synthetic"].any())

    @property
    def offices(self) -> dict[str, Office]:
        """The offices of the as-of date, by id."""
        return {each.id: each for each in self.registry.offices if each.holds(self.as_of)}

    @property
    def municipal_word(self) -> str:
        """What a member of a service is called: a municipality, unless every service is one of its own."""
        return "municipality" if self.tables["mart.ranking"]["municipalities"].max() > 1 else "service"

    @property
    def revisions(self) -> list[str]:
        """What the sources say about their revision; `unknown` only when none of them says anything."""
        said = set(self.tables["mart.source"]["revision"])
        return [each for each in ("unrevised", "revised") if each in said] or ["unknown"]


def records(table: pd.DataFrame, with_index: bool = False) -> Iterator[Any]:
    """The rows of a table as named tuples, quick to walk; the index, if asked for, is called `Index`."""
    yield from table.itertuples(index=with_index)


def gather(tables: Tables, registry: Registry) -> Facts:
    """The facts of a release; the current round first, the others newest first."""
    rounds = sorted(registry.index.rounds, key=lambda each: (each.is_current, each.last_period), reverse=True)
    current, *earlier = (_round(tables, registry, each) for each in rounds)
    return Facts(
        registry=registry,
        tables=tables,
        as_of=pd.Timestamp(tables["registry.release"]["as_of"].iloc[0]).date(),
        release=str(tables["ops.run"]["release"].iloc[-1]),
        current=current,
        earlier=earlier,
    )


def _round(tables: Tables, registry: Registry, each: Round) -> RoundFacts:
    services = _of(tables["mart.ranking"], each)
    services = services.assign(sort_name=services["name"].map(alphabetical))
    ranked, not_ranked = services[services["is_ranked"]], services[~services["is_ranked"]]
    cells = _of(tables["mart.cell"], each).sort_values(["indicator_id", "service_id", "period"], kind="stable")
    made_up = cells.groupby(["indicator_id", "service_id"])["is_estimated"].any().rename("is_estimated").reset_index()
    estimates = _of(tables["mart.estimate"], each).merge(made_up, on=["indicator_id", "service_id"], how="left")
    conditions = _of(tables["result.indicator_context"], each).drop(columns="round_id")
    estimates = estimates.merge(conditions, on=["indicator_id", "service_id"], how="left")
    seen = [indicator for indicator in registry.entering(each) if estimates["indicator_id"].eq(indicator.id).any()]
    return RoundFacts(
        round=each,
        indicators=sorted(seen, key=lambda indicator: not indicator.duties),
        ranked=ranked.sort_values(["tier", "sort_name", "service_id"]).reset_index(drop=True),
        not_ranked=not_ranked.sort_values(["sort_name", "service_id"]).reset_index(drop=True),
        estimates=estimates.assign(is_estimated=estimates["is_estimated"].eq(True)),
        cells=cells.reset_index(drop=True),
        peers=_of(tables["mart.service_peer"], each).sort_values(["service_id", "place"]).reset_index(drop=True),
        exits=_of(tables["mart.need_exit"], each).reset_index(drop=True),
        model=_of(tables["mart.need_model"], each).sort_values("position").reset_index(drop=True),
        choices=_of(tables["mart.need_choice"], each).reset_index(drop=True),
        dimensions=_of(tables["mart.need_dimension"], each).reset_index(drop=True),
        whole=_of(tables["mart.need_round"], each).reset_index(drop=True),
        adjusted=_of(tables["result.need_adjusted"], each).reset_index(drop=True),
        adjusted_round=_of(tables["result.adjusted_round"], each).reset_index(drop=True),
        context_model=_of(tables["result.context_model"], each).reset_index(drop=True),
        funnel=_of(tables["result.funnel_limit"], each).reset_index(drop=True),
        refits=_of(tables["mart.need_refit"], each).reset_index(drop=True),
        experts=_of(tables["mart.need_expert"], each).reset_index(drop=True),
        vintages=_of(tables["result.need_vintage"], each).reset_index(drop=True),
        vintage_round=_of(tables["result.need_vintage_round"], each).reset_index(drop=True),
        is_synthetic=bool(cells["is_synthetic"].any()),
    )


def _of(table: pd.DataFrame, each: Round) -> pd.DataFrame:
    return table[table["round_id"] == each.id]


def by_indicator(facts: RoundFacts) -> dict[str, pd.DataFrame]:
    """The estimates of each indicator, one row a service, with the service as index."""
    return {str(key): table.set_index("service_id") for key, table in facts.estimates.groupby("indicator_id")}
