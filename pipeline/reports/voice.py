"""Says words, numbers, dates and periods in one language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import babel.dates
import babel.numbers

from pipeline.registry.model import Indicator, Language, Text
from pipeline.reports.words import texts

LOCALE: dict[Language, str] = {"nb": "nb", "nn": "nn", "en": "en_GB"}
# Letters that come after z, in this order, wherever Norwegian is read; other accents do not matter for order.
ORDER = str.maketrans(
    {
        "æ": "{",
        "ä": "{",
        "ø": "|",
        "ö": "|",
        "å": "}",
        "á": "a",
        "č": "c",
        "đ": "d",
        "ŋ": "n",
        "š": "s",
        "ž": "z",
        "é": "e",
        "ï": "i",
    }
)


def alphabetical(name: str) -> str:
    """What a name is sorted by: æ, ø, å last, and no difference between capitals and small letters."""
    return name.casefold().translate(ORDER)


@dataclass(frozen=True)
class Voice:
    """Speaks one language. `voice("status.ok")` is a text; the methods say numbers the way the language writes them."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with its {values} filled in. Raises KeyError for a key nobody wrote."""
        text = self._texts[key][self.language]
        return text.format(**values) if values else text

    def of(self, text: Text) -> str:
        """A text from a declaration."""
        return text[self.language]

    @cached_property
    def _texts(self) -> Mapping[str, Text]:
        return texts()

    @cached_property
    def _signs(self) -> dict[int, str]:
        """Python's signs against the language's: group, decimal and minus."""
        locale = LOCALE[self.language]
        return str.maketrans(
            {
                ",": babel.numbers.get_group_symbol(locale),
                ".": babel.numbers.get_decimal_symbol(locale),
                "-": babel.numbers.get_minus_sign_symbol(locale),
            }
        )

    @cached_property
    def separators(self) -> str:
        """Decimal and group sign, as Plotly wants them."""
        return ".,".translate(self._signs)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with this many decimals, or ∞. The signs are Babel's; Babel itself takes 15 µs a number."""
        said = f"{value:,.{decimals}f}".replace("inf", "∞")
        return (said if said.strip("-0.") else said.lstrip("-")).translate(self._signs)

    def count(self, value: float, is_estimated: bool = False) -> str:
        """A count; few positions have decimals, and a count that was worked out is said to be about so many."""
        if is_estimated:
            return self("number.about", count=self.number(value))
        is_whole = value >= 100 or abs(value - round(value)) < 0.005
        return self.number(value, 0 if is_whole else 1)

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share 0..1 as percent."""
        return self("number.percent", value=self.number(100 * share, decimals))

    def chance(self, probability: float) -> str:
        """A probability 0..1 as percent; draws never show that something is impossible or certain."""
        if probability < 0.01:
            return self("number.under", limit=self.percent(0.01))
        if probability > 0.99:
            return self("number.over", limit=self.percent(0.99))
        return self.percent(probability)

    def between(self, low: float, high: float, decimals: int = 1) -> str:
        """An interval, without a unit."""
        return self(
            "number.to" if low < 0 else "number.between",
            low=self.number(low, decimals),
            high=self.number(high, decimals),
        )

    def rank(self, best: int, worst: int) -> str:
        """A place, always as the span that the interval gives."""
        if best == worst:
            return self("number.rank_one", best=self.number(best))
        return self("number.rank", best=self.number(best), worst=self.number(worst))

    def value(self, value: float, indicator: Indicator) -> str:
        """A value in the unit of its indicator."""
        return self(f"number.{indicator.unit}", value=self.number(value, indicator.decimals))

    def change(self, value: float, indicator: Indicator) -> str:
        """A change, with its sign; shares change by percentage points."""
        sign = "+" if value > 0 else ""
        unit = "number.percent_points" if indicator.unit == "percent" else f"number.{indicator.unit}"
        return self(unit, value=sign + self.number(value, indicator.decimals))

    def date(self, day: date) -> str:
        """A day, such as 22. november 2026."""
        return babel.dates.format_date(day, "long", locale=LOCALE[self.language])

    def period(self, period: str) -> str:
        """A period, such as 2019 or 2. halvår 2019."""
        return self(f"number.{period[4:]}", year=period[:4]) if period[4:] else period

    def tier(self, letter: str | None, k: int) -> str:
        """The words of a tier; nothing means not ranked."""
        return self(f"tier.{letter or 'none'}", k=k)

    def list(self, words: Iterable[str]) -> str:
        """Words in a row, with commas."""
        return ", ".join(words)


def sentence(text: str) -> str:
    """A text with a capital first."""
    return text[:1].upper() + text[1:]
