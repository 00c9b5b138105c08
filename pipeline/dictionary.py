"""The page docs/indicators.md, made from the registry: `veiviser dictionary > docs/indicators.md`."""

from collections.abc import Iterator

from pipeline.registry.load import Registry, jurisdictions, load
from pipeline.registry.model import Indicator, Series, Validity


def page() -> str:
    """All indicators of all jurisdictions, as Markdown."""
    lines = [
        "# Indicators",
        "",
        "Made from the registry by `veiviser dictionary > docs/indicators.md`; a test tells when it is out of date.",
    ]
    for name in jurisdictions():
        registry = load(name)
        lines += ["", f"## {registry.jurisdiction.name.en}"]
        for indicator in sorted(registry.indicators.values(), key=lambda each: (each.use != "rank", each.id)):
            lines += ["", f"### {indicator.label.en}", "", *_facts(registry, indicator)]
    return "\n".join(lines) + "\n"


def _facts(registry: Registry, indicator: Indicator) -> Iterator[str]:
    yield f"- id `{indicator.id}`; {indicator.label.nb} / {indicator.label.nn}"
    where = f"ranked in the dimension {indicator.dimension}" if indicator.use == "rank" else "context"
    yield f"- {where}; {indicator.direction_words.en}; unit {indicator.unit}"
    yield f"- smallest denominator shown without a note: {indicator.minimum_denominator:g}"
    yield f"- to be reviewed by {indicator.review_date}"
    for duty in indicator.duties:
        yield f"- duty: {duty.standard.en} ({duty.act}, {duty.section}; {_span(duty)}; {duty.sure.replace('_', ' ')})"
    if indicator.counterbalance:
        other = indicator.counterbalance
        sure = other.sure.replace("_", " ")
        yield f"- counterbalance: {other.indicator} ({other.worse} when it gets worse; {sure}). {other.reason.en}"
    for alias in indicator.aliases:
        yield f"- called {alias.code} in {alias.used_by} ({_span(alias)})"
    for series in indicator.series:
        yield f"- era {series.era}, {series.first_period} to {series.last_period or 'now'}: {_formula(series)}"
        if series.note:
            yield f"  {series.note.en}"
    for each in registry.breaks_of(indicator.id):
        words = f"{each.kind}, {each.effect.replace('_', ' ')}, {each.sure.replace('_', ' ')}"
        yield f"- break on {each.day} ({words}): {each.reason.en}"
    for post in registry.index.goalposts:
        if post.indicator == indicator.id:
            yield f"- goalposts, {post.era}: need 0 at {post.at_none:g}, need 100 at {post.at_full:g}. {post.basis}"


def _span(validity: Validity) -> str:
    if validity.valid_from is None and validity.valid_to is None:
        return "undated"
    return f"{validity.valid_from or '…'} to {validity.valid_to or '…'}"


def _formula(series: Series) -> str:
    """The parts with their dataset, measures and dimensions, as they stand in the declaration."""
    return "; ".join(
        f"{name} = {' + '.join(f'`{part.dataset}` {measure}' for measure in part.measures)}"
        + "".join(f", {key} = {code}" for key, code in part.dimensions.items())
        for name, part in series.parts.items()
    )
