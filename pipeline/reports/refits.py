"""The ranking under other data, in words: what is left out, and how much of the list stays."""

from typing import Any

import pandas as pd

from pipeline.analysis.vintages import LISTS
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import marked
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice, sentence


def table(say: Voice, facts: Facts) -> Table:
    """One row a refit of the current round's model; one that could not be made says why."""
    lists = [k for k in LISTS if f"kept_top_{k}" in facts.current.refits]
    body = []
    for row in records(facts.current.refits[facts.current.refits["kind"] != "none"]):
        if pd.isna(row.largest_change):
            told = [say("refit.not_made")] + ["–"] * len(lists)
        else:
            kept = [say("vintages.kept", kept=say.number(getattr(row, f"kept_top_{k}")), k=k) for k in lists]
            told = [*kept, say("number.percent_points", value=say.number(100 * row.largest_change))]
        body.append((_left_out(say, facts, row), *told))
    columns = [
        Column(say("refit.left_out"), is_wide=True),
        *(Column(say("refit.list", k=k), is_number=True) for k in lists),
        Column(say("refit.largest", k=facts.k), is_number=True),
    ]
    return Table(
        "refits", marked(say, say("refit.caption", k=facts.k), facts.current.is_synthetic), columns, rows(body)
    )


def _left_out(say: Voice, facts: Facts, row: Any) -> str:
    declared = facts.registry.index.alternatives
    if row.kind == "suppression":
        return sentence(say("refit.hidden_more", n=say.number(declared.hidden_more)))
    periods = say.list(say.period(each) for each in row.left_out.split(", "))
    labels = {f"without_{each.id}": say.of(each.label) for each in declared.left_out}
    return sentence(say(f"refit.{row.kind}", periods=periods, label=labels.get(row.refit)))
