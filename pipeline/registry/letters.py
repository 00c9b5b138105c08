"""Letter codes of the monitor: what indicators call themselves agrees with what the editions are declared to mean."""

import re
from collections.abc import Iterable, Iterator

from pipeline.registry.dataset import BufdirDataset
from pipeline.registry.model import Alias, Indicator

LETTER = re.compile(r"[0-9][A-Z]")


def mistakes(dataset: BufdirDataset, indicators: Iterable[Indicator]) -> Iterator[tuple[str, str, str, str]]:
    """(file, field, given, allowed) where an alias, or a measure that is read, means another workbook than declared."""
    for indicator in indicators:
        file = f"indicators/{indicator.id}.toml"
        meant = _meant(dataset, indicator.aliases)
        for alias, letter, is_there in meant:
            if not is_there:
                yield file, "aliases.code", f"{alias.code} from {alias.valid_from}", "a workbook of the editions since"
            elif letter != meant[0][1]:
                said = f"{meant[0][0].code} and {alias.code}, which are {meant[0][1]} and {letter} by {dataset.id}.toml"
                yield file, "aliases.code", said, "letters that mean one workbook"
        for series in indicator.series:
            for part in series.parts.values():
                for measure in part.measures if part.dataset == dataset.id else ():
                    if meant and measure.partition(" ")[0] != meant[0][1]:
                        yield file, f"series.{series.era}.measures", measure, f"one of {meant[0][1]}, as its alias says"


def _meant(dataset: BufdirDataset, aliases: Iterable[Alias]) -> list[tuple[Alias, str, bool]]:
    """Each alias that is a letter, with what it means in each edition it speaks of, and whether that has it."""
    editions = [(each.valid_from, each.valid_to, each.workbooks, each.renamed) for each in dataset.earlier_editions] + [
        (dataset.letters_from, None, dataset.workbooks, dataset.renamed)
    ]
    return [
        (alias, renamed.get(alias.code, alias.code), alias.code in workbooks)
        for alias in aliases
        for first, end, workbooks, renamed in editions
        if LETTER.fullmatch(alias.code)
        and (alias.valid_to is None or first < alias.valid_to)
        and (alias.valid_from is None or end is None or alias.valid_from < end)
    ]
