"""All colours of pages and figures, in one place; each stands beside a word wherever it is used."""

ACCENT = "#1f5f7a"
INK = "#1c2429"
MUTED = "#56646c"
RULE = "#d5dce0"
PAPER = "#ffffff"
TINT = "#f3f6f8"
WARN_INK = "#5f3b00"
WARN_PAPER = "#fff4dc"

# Tiers in order, after Cividis: dark is most need; not ranked is outside the order, and grey.
TIER = {"A": "#00224e", "B": "#4d556c", "C": "#8a8678", "D": "#d3c164", "E": "#f4eecb", None: "#c4cacd"}

# Groups and statuses, after Okabe and Ito (2008), which hold apart for colour-blind readers.
GROUP = {"guided": "#0072b2", "rest": "#d55e00"}
DASH = {"guided": "solid", "rest": "dash"}
SYMBOL = {"guided": "circle", "rest": "square"}
PHASE = {
    "baseline": "#e9eff2",
    "between": "#ffffff",
    "selection": "#fbe9d3",
    "start_up": "#f5f7f8",
    "during": "#dcebf5",
    "after": "#e9eff2",
}
STATUS = {
    "ok": "#1f5f7a",
    "estimated_split": "#56b4e9",
    "corrected": "#009e73",
    "incomplete_merger": "#f0e442",
    "suppressed_source": "#e69f00",
    "suppressed_here": "#cc79a7",
    "not_reported": "#d55e00",
    "not_published": "#7a3b00",
    "zero_denominator": "#b9c4ca",
    "not_applicable": "#8c979d",
    "unit_absent": "#e6eaec",
}
PATTERN = {
    "suppressed_source": "/",
    "suppressed_here": "\\",
    "not_reported": "x",
    "zero_denominator": ".",
    "unit_absent": "",
}
