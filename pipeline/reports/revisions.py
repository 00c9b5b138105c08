"""The page of revisions: what each new file changed, who has not reported, what does not add up, and what is unusual.

One page a language, offline and without a script, and the same tables as CSV.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.reports import pages, revision_tables
from pipeline.reports.facts import Tables, records
from pipeline.reports.overview_tables import published
from pipeline.reports.tables import Table
from pipeline.reports.voice import Voice

NAME = "revisions"
TABLES = (
    "registry.release",
    "mart.source",
    "mart.revision",
    "mart.revised_cell",
    "mart.revised_value",
    "mart.reporting",
    "mart.whole",
    "mart.municipality",
    "result.outlier",
)
# File → the table that it holds, whole.
FILES = {
    "revisions/revision.csv": "mart.revision",
    "revisions/revised_cell.csv": "mart.revised_cell",
    "revisions/revised_value.csv": "mart.revised_value",
    "revisions/reporting.csv": "mart.reporting",
    "revisions/whole.csv": "mart.whole",
    "revisions/outlier.csv": "result.outlier",
}
KINDS = ("changed", "shown", "hidden", "filled", "emptied", "other_reason", "added", "removed")


@dataclass(frozen=True)
class Section:
    """A dataset on the page."""

    id: str
    title: str
    points: list[str]
    tables: list[Table]


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """The pages by file name, the first language without its letters, and the CSV files."""
    found = pages.in_all_languages(registry, NAME, lambda say: _page(tables, registry, say))
    return found | {name: tables[table].to_csv(index=False).encode() for name, table in FILES.items()}


def _page(tables: Tables, registry: Registry, say: Voice) -> dict[str, object]:
    as_of: date = pd.Timestamp(tables["registry.release"]["as_of"].iloc[0]).date()
    return {
        "as_of": say("revisions.as_of", day=say.date(as_of)),
        "is_synthetic": bool(tables["mart.source"]["is_synthetic"].any()),
        "sections": list(_sections(tables, registry, say)),
        "files": list(FILES),
    }


def _sections(tables: Tables, registry: Registry, say: Voice) -> Iterator[Section]:
    """One section a dataset with figures, the newest file first."""
    source = tables["mart.source"]
    source = source.assign(dataset_id=source["file_id"].str.partition("/")[0])
    newest = source.sort_values(["published_at", "file_id"]).groupby("dataset_id").tail(1)
    with_figures = set(tables["mart.reporting"]["dataset_id"]) | set(tables["mart.revision"]["dataset_id"])
    for row in records(newest.sort_values(["published_at", "title"], ascending=[False, True])):
        if row.dataset_id in with_figures:
            own = _Own(tables, registry, say, row.dataset_id, row.title)
            revision = say(f"revision.{row.revision}")
            first = say("revisions.newest", day=published(say, row), revision=revision)
            yield Section(row.dataset_id, row.title, [first, *own.points()], list(own.tables()))


class _Own:
    """What the tables say of one dataset."""

    def __init__(self, tables: Tables, registry: Registry, say: Voice, dataset: str, title: str) -> None:
        def of(name: str) -> pd.DataFrame:
            return tables[name][tables[name]["dataset_id"] == dataset]

        self.say, self.registry, self.dataset, self.title = say, registry, dataset, title
        self.revision, self.cells = of("mart.revision"), of("mart.revised_cell")
        self.reporting, self.wholes = of("mart.reporting"), of("mart.whole")
        self.lacking = self.reporting[self.reporting["reported"] != "all"]
        self.differing = self.wholes[self.wholes["verdict"] != "agrees"]
        self.judged = self._using(tables["result.outlier"], "numerator")
        self.outliers = self.judged[self.judged["is_outlier"]]
        moved = self._using(tables["mart.revised_value"], "numerator", "denominator", "share")
        self.values = moved[moved["vintage"].isin(set(self.revision["published_at"]))]
        places = tables["mart.municipality"]
        self.names = dict(zip(places["municipality_code"], places["name"], strict=True))

    def _using(self, table: pd.DataFrame, *parts: str) -> pd.DataFrame:
        """The rows of series that take one of the parts from this dataset."""
        using = {
            (indicator.id, series.era)
            for indicator in self.registry.indicators.values()
            for series in indicator.series
            if any(name in parts and part.dataset == self.dataset for name, part in series.parts.items())
        }
        keys = zip(table["indicator_id"], table["era"], strict=True)
        return table[[key in using for key in keys]] if len(table) else table

    def points(self) -> Iterator[str]:
        """The verdicts, one sentence each."""
        if self.revision.empty:
            yield self.say("revisions.first")
        for row in records(self.revision.sort_values("published_at", ascending=False)):
            yield from self._revised(row)
        yield from self._reported()
        yield from self._added_up()
        if len(self.judged):
            found, n = self.say.number(len(self.outliers)), self.say.number(len(self.judged))
            some = len(self.outliers) > 0
            yield (
                self.say("revisions.outliers_some", found=found, n=n)
                if some
                else self.say("revisions.outliers_none", n=n)
            )

    def _revised(self, row: object) -> Iterator[str]:
        say = self.say
        told = row._asdict()  # type: ignore[attr-defined]
        counts = {kind: int(told[f"cells_{kind}"]) for kind in KINDS}
        same = {
            "before": say.date(told["published_before"].date()),
            "revision_before": say(f"revision.{told['revision_before']}"),
            "all": say.number(told["cells_compared"]),
        }
        if any(counts.values()):
            kinds = "; ".join(
                say("revisions.kind_count", kind=say(f"revisions.kind_{kind}"), n=say.number(n))
                for kind, n in counts.items()
                if n
            )
            day, n, used = say.date(told["published_at"].date()), say.number(sum(counts.values())), told["cells_used"]
            yield say("revisions.changed", day=day, n=n, kinds=kinds, used=say.number(used), **same)
        else:
            yield say("revisions.unchanged", **same)
        if told["units_added"] or told["units_removed"]:
            yield say("revisions.units", added=told["units_added"], removed=told["units_removed"])
        for field in ("periods_added", "periods_left"):
            if told[field]:
                yield say(f"revisions.{field}", periods=say.list(map(say.period, told[field].split(";"))))

    def _reported(self) -> Iterator[str]:
        if self.reporting.empty:
            return
        counts = self.reporting["reported"].value_counts()
        period, n = self.say.period(self.reporting["period"].iloc[0]), self.say.number(len(self.reporting))
        units = self.say("unit.municipality_many")
        if self.lacking.empty:
            yield self.say("revisions.reported_all", n=n, units=units, period=period)
        else:
            none, some = counts.get("none", 0), counts.get("some", 0)
            yield self.say("revisions.reported_not", period=period, none=none, n=n, units=units, some=some)

    def _added_up(self) -> Iterator[str]:
        if self.wholes.empty:
            return
        n, unsure = self.say.number(len(self.wholes)), int((self.wholes["verdict"] == "parts_missing").sum())
        if self.differing.empty:
            yield self.say("revisions.wholes_agree", n=n)
        elif len(self.differing) == unsure:
            yield self.say("revisions.wholes_unsure", n=n, unsure=unsure)
        else:
            yield self.say("revisions.wholes_differ", wrong=len(self.differing) - unsure, n=n, unsure=unsure)

    def tables(self) -> Iterator[Table]:
        """The tables behind the verdicts, those with rows."""
        say, title, dataset = self.say, self.title, self.dataset
        if len(self.cells):
            yield revision_tables.cells(say, self.registry, title, dataset, self.cells)
        if len(self.values):
            yield revision_tables.values(say, self.registry, title, dataset, self.values)
        if len(self.lacking):
            yield revision_tables.reporting(say, title, dataset, self.lacking)
        if len(self.differing):
            country = self.registry.datasets[dataset].country_code
            yield revision_tables.wholes(say, title, dataset, country, self.differing)
        if len(self.outliers):
            yield revision_tables.outliers(say, self.registry, title, dataset, self.names, self.outliers)
