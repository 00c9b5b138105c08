"""Which tables SSB would answer with: their measures and dimension values, and the words for them."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Cell:
    """One selection in a table: its measure, other dimension values, and the column of the truth it shows."""

    measure: str
    column: str
    dimensions: dict[str, str] = field(default_factory=dict)
    base: Literal["barn", "årsverk", "personer"] = "barn"
    measuring: Literal["Flow", "Stock"] = "Flow"

    @property
    def is_hidden_when_small(self) -> bool:
        """SSB hides small counts of children in child welfare, not positions and not population."""
        return self.base == "barn"

    @property
    def decimals(self) -> int:
        """Decimals of the published number."""
        return 1 if self.base == "årsverk" else 0

    @property
    def selection(self) -> str:
        """The dimension values in one string: `KOKalder0000=F000-017;KOKbvfunksjon0000=2`."""
        return ";".join(f"{key}={value}" for key, value in sorted(self.dimensions.items()))


def _with_measures(age: str, function: str, column: str) -> Cell:
    return Cell("KOSbvbarntiltaka0000", column, {"KOKalder0000": age, "KOKbvfunksjon0000": function})


TABLES: dict[str, tuple[Cell, ...]] = {
    "ssb_07459": (Cell("Personer1", "children", {"Alder": "000-017"}, base="personer", measuring="Stock"),),
    "ssb_12275": (
        _with_measures("F000-017", "0", "measures"),
        _with_measures("F000-017", "1", "at_home"),
        _with_measures("F000-017", "2", "placed"),
        _with_measures("F000-022", "0", "measures_0_22"),
        _with_measures("F000-022", "1", "at_home_0_22"),
        _with_measures("F000-022", "2", "placed_0_22"),
    ),
    "ssb_12286": (Cell("KOSbvbarnus0000", "investigated"),),
    "ssb_12305": (
        Cell("KOSsumfagutdanni0000", "qualified", base="årsverk", measuring="Stock"),
        Cell("KOSsumfagutd0000", "qualified_per_1000", base="årsverk", measuring="Stock"),
        Cell("KOSsumfunksjon240000", "positions", base="årsverk", measuring="Stock"),
    ),
    "ssb_12615": (Cell("KOSbvbarnmelding0000", "children_reported"),),
    "ssb_12870": (
        Cell("KOSbvbarnust0000", "either", {"KOKalder0000": "F000-017"}),
        Cell("KOSbvbarnust0000", "either_0_22", {"KOKalder0000": "F000-022"}),
    ),
}

DIMENSION_LABELS = {
    "KOKkommuneregion0000": "region",
    "Region": "region",
    "KOKalder0000": "alder",
    "KOKbvfunksjon0000": "barnevernfunksjon",
    "Alder": "alder",
    "ContentsCode": "statistikkvariabel",
    "Tid": "år",
}

VALUE_LABELS = {
    "F000-017": "0-17 år",
    "F000-022": "0-22 år",
    "0": "Tiltak i alt",
    "1": "Barn som ikke er plassert av barnevernet (funksjon 251)",
    "2": "Barn som er plassert av barnevernet (funksjon 252)",
    "000-017": "0-17 år",
    "KOSbvbarntiltaka0000": "Barn med barnevernstiltak i løpet av året (antall)",
    "KOSbvbarnus0000": "Barn med undersøkelse i løpet av året (antall)",
    "KOSsumfagutdanni0000": "Årsverk med fagutdanning (årsverk)",
    "KOSsumfagutd0000": "Årsverk med fagutdanning per 1 000 barn 0-17 år (årsverk)",
    "KOSsumfunksjon240000": "Årsverk til saksbehandling og administrasjon (årsverk)",
    "KOSbvbarnmelding0000": "Barn med melding i løpet av året (antall)",
    "KOSbvbarnust0000": "Barn med undersøkelse eller tiltak i løpet av året (antall)",
    "Personer1": "Personer (antall)",
}
