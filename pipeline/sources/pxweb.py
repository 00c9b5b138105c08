"""Reads JSON-stat2 as PxWeb sends it, with the `status` signs that ready-made readers drop."""

from math import prod
from typing import Any

import pandas as pd

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import PxwebDataset
from pipeline.sources import agreement, limits, strict_json
from pipeline.sources.table import COLUMNS, PROBLEMS_SHOWN, check_decimals


def read(body: bytes, dataset: PxwebDataset, file: str) -> pd.DataFrame:
    """The cells of a JSON-stat2 dataset; columns as in `table`, place the flat index of the cell.

    Raises BadInput when it is no JSON-stat2 dataset, lacks a declared dimension, or uses an undeclared sign.
    """
    parsed = _parsed(body, file)
    try:
        cells = read_jsonstat2(parsed, file)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"{type(error).__name__}: {error}"
        raise bad_input(file, "", "JSON-stat2", what, "dimensions with categories, numbers, whole indexes") from None
    given = [column for column in cells.columns if column not in ("value", "status")]
    named = {
        dataset.unit_dimension: "unit_code",
        dataset.time_dimension: "period",
        dataset.contents_dimension: "measure",
    }
    missing = [name for name in named if name not in given]
    if missing:
        raise BadInput(Problem(file, "id", "dimension", repr(given), f"a dimension {name!r}") for name in missing)
    others = sorted(set(given) - set(named))
    cells = cells.rename(columns=named)
    for name, codelist in dataset.codelists.items():
        if name in others:
            cells[name] = cells[name].replace(codelist.codes)
    cells["unit_code"] = cells["unit_code"].str.removesuffix(dataset.strip_suffix)
    cells["dimensions"] = _joined(cells, others)
    cells["place"] = "index " + cells.index.astype(str)
    cells = _with_status(cells, dataset, file)
    check_decimals(cells, dataset, file)
    agreement.check_totals(cells, dataset, file)
    return cells[COLUMNS]


def read_jsonstat2(dataset: dict[str, Any], file: str = "") -> pd.DataFrame:
    """One row a cell, row-major: a column of codes a dimension, then `value` and `status` (the sign, or nothing).

    Dense and sparse values and status, `index` as list, map, or left out for a single category.
    """
    codes = [_codes(dataset["dimension"][name]["category"], name, file) for name in dataset["id"]]
    limits.check_cells(prod(map(len, codes)), file, "dimension")
    if len(set(dataset["id"])) != len(codes):
        raise bad_input(file, "id", "id", dataset["id"], "each dimension once")
    cells = pd.MultiIndex.from_product(codes, names=dataset["id"]).to_frame(index=False)
    if dataset["size"] != [len(each) for each in codes]:
        raise bad_input(file, "size", "size", dataset["size"], f"the {len(cells)} combinations of the categories")
    for name in ("value", "status"):
        given = dataset.get(name)
        if isinstance(given, list) and len(given) != len(cells):
            raise bad_input(file, name, name, f"{len(given)} entries", f"{len(cells)}, the product of the sizes")
        if name == "status" and isinstance(given, str):
            given = [given] * len(cells)
        flat = _flat(given or {}, "float64" if name == "value" else "str")
        if len(flat) and not (0 <= flat.index.min() <= flat.index.max() < len(cells)):
            raise bad_input(
                file, f"index {flat.index.max()}", name, f"index {flat.index.max()}", f"0 to {len(cells) - 1}"
            )
        cells[name] = flat.reindex(range(len(cells)))
    return cells


def _parsed(body: bytes, file: str) -> dict[str, Any]:
    if not body.strip():
        raise bad_input(file, "", "file", "an empty file", "a JSON-stat2 dataset")
    parsed = strict_json.parse(body, file)
    for field in ("id", "size", "dimension", "value"):
        if not isinstance(parsed, dict) or field not in parsed:
            raise bad_input(file, "", field, "nothing", f"a JSON-stat2 dataset with {field}")
    return dict(parsed)


def _codes(category: dict[str, Any], name: str, file: str) -> list[str]:
    """The codes in their order; `index` numbers them from 0, and every code has a label where any has."""
    labels = category.get("label", {})
    index = category.get("index", list(labels))
    codes = list(index) if isinstance(index, list) else sorted(index, key=index.__getitem__)
    if isinstance(index, dict) and [index[code] for code in codes] != list(range(len(codes))):
        raise bad_input(file, f"dimension {name}", "index", "numbers left out or twice", f"0 to {len(codes) - 1}")
    if len(set(codes)) != len(codes) or not all(isinstance(code, str) for code in codes):
        raise bad_input(file, f"dimension {name}", "index", "a code twice, or one that is no text", "each code once")
    if labels and set(labels) != set(codes):
        odd = sorted(set(labels) ^ set(codes))[:3]
        raise bad_input(file, f"dimension {name}", "label", odd, "a label for each code of the index, and no other")
    return codes


def _flat(given: Any, dtype: str) -> "pd.Series[Any]":
    pairs = {_index(key): value for key, value in given.items()} if isinstance(given, dict) else dict(enumerate(given))
    kinds = (int, float) if dtype == "float64" else (str,)
    if any(each is not None and (isinstance(each, bool) or not isinstance(each, kinds)) for each in pairs.values()):
        wrong = "a text or a truth value where a number" if dtype == "float64" else "no text where a sign"
        raise ValueError(f"{wrong} belongs")
    return pd.Series(pairs, dtype=dtype)


def _index(key: str) -> int:
    """The number of a cell, written as JSON-stat2 writes it: int() alone would take ` 7`, `0_7` and `०७`."""
    number = int(key)
    if str(number) != key:
        raise ValueError(f"{key!r} where the number of a cell belongs")
    return number


def _joined(cells: pd.DataFrame, names: list[str]) -> "pd.Series[str]":
    """The remaining dimensions as `name=code;name=code`, by name."""
    joined = pd.Series("", index=cells.index)
    for number, name in enumerate(names):
        joined += (";" if number else "") + name + "=" + cells[name]
    return joined


def _with_status(cells: pd.DataFrame, dataset: PxwebDataset, file: str) -> pd.DataFrame:
    """A cell with a value is ok; an empty one is what its sign means, or not reported when it has none."""
    sign = cells["status"]
    unknown = cells[sign.notna() & (~sign.isin(list(dataset.symbols)) | cells["value"].notna())]
    if len(unknown):
        allowed = ", ".join(repr(symbol) for symbol in dataset.symbols)
        raise BadInput(
            Problem(
                file, str(cell.place), "status", f"{cell.status!r} beside {cell.value}", f"{allowed}, without a value"
            )
            for cell in unknown.head(PROBLEMS_SHOWN).itertuples()
        )
    silent = cells[sign.isna() & cells["value"].isna()] if sign.notna().any() else cells[:0]
    if len(silent):
        raise BadInput(
            Problem(file, str(cell.place), "status", "neither value nor sign", "one of them, as in the other cells")
            for cell in silent.head(PROBLEMS_SHOWN).itertuples()
        )
    status = sign.map(dict(dataset.symbols)).fillna("not_reported").mask(cells["value"].notna(), "ok")
    text = cells["value"].map("{:.12g}".format).mask(cells["value"].isna(), sign.fillna("null"))
    return cells.assign(status=status, text=text)
