"""SSB's answers, read with nothing but the json module."""

import itertools
import json
import math

import pytest

TABLES = ["ssb_12275", "ssb_12286", "ssb_12305", "ssb_12615", "ssb_12870"]
FINAL = dict.fromkeys(TABLES, "2026-06-15") | {"ssb_07459": "2026-02-25"}


def cells(raw: bytes) -> dict[tuple[str, str, str, str], tuple[float | None, str | None]]:
    """(region, other dimension values, measure, year) → value and sign."""
    document = json.loads(raw)
    categories = [document["dimension"][name]["category"]["index"] for name in document["id"]]
    region, *others, contents, time = document["id"]
    found = {}
    for flat, codes in enumerate(itertools.product(*[sorted(each, key=each.get) for each in categories])):
        chosen = dict(zip(document["id"], codes, strict=True))
        selection = ";".join(f"{name}={chosen[name]}" for name in sorted(others))
        key = chosen[region], selection, chosen[contents], chosen[time]
        found[key] = document["value"][flat], document["status"].get(str(flat))
    return found


@pytest.fixture(scope="module")
def parsed(body):
    """Dataset and day → cells; each file parsed once."""
    return {place: cells(raw) for place, raw in body.items() if place[0].startswith("ssb_")}


@pytest.fixture(params=FINAL)
def table(request):
    return request.param


def test_the_document_has_the_shape_of_the_real_answer(body, table):
    raw = body[table, FINAL[table]]
    document = json.loads(raw)
    assert list(document) == [
        *["version", "class", "label", "source", "updated", "note", "role", "id", "size", "dimension", "extension"],
        *["value", "status"],
    ]
    assert math.prod(document["size"]) == len(document["value"])
    assert document["size"] == [len(document["dimension"][name]["category"]["index"]) for name in document["id"]]
    assert document["extension"]["px"]["tableid"] == table.removeprefix("ssb_")
    assert document["updated"].startswith(FINAL[table])
    assert "SYNTETISK" in document["label"] and "SYNTETISK" in document["note"][0]
    assert b'": ' not in raw and "Ålesund".encode() in raw
    assert document["id"][-2:] == ["ContentsCode", "Tid"]


def test_every_cell_is_the_truth_or_the_sign_of_its_reason(parsed, known, table):
    rows = known.counts[known.counts["dataset"] == table]
    signs = {"ok": None, "not_reported": "..", "suppressed_source": ":"}
    expected = {
        (row.municipality_code, row.selection, row.measure, row.period): (
            row.value if row.status == "ok" else None,
            signs[row.status],
        )
        for row in rows.itertuples()
    }
    found = {key: cell for key, cell in parsed[table, FINAL[table]].items() if key[0] not in ("EAK", "0")}
    wrong = {key: cell for key, cell in found.items() if cell[1] != "." and cell != expected[key]}
    assert wrong == {}
    assert {key for key, cell in found.items() if cell[1] == "."} == found.keys() - expected.keys()
    assert all(value is None for value, sign in found.values() if sign == ".")


def test_old_and_new_codes_stand_side_by_side(body, parsed, table):
    document = json.loads(body[table, FINAL[table]])
    labels = next(iter(document["dimension"].values()))["category"]["label"]
    assert labels["0101"] == "Halden (-2019)"
    assert labels["3002"] == "Moss (2020-2023)"
    assert labels["3103"] == "Moss"
    signs = {key[0::3]: cell[1] for key, cell in parsed[table, FINAL[table]].items()}
    assert [signs["0104", "2019"], signs["0104", "2020"], signs["3002", "2019"]] == [None, ".", "."]


@pytest.mark.parametrize("name", TABLES)
def test_small_counts_of_children_are_hidden_and_zeros_are_not(parsed, known, name):
    rows = known.counts[(known.counts["dataset"] == name) & (known.counts["status"] != "not_reported")]
    found = parsed[name, FINAL[name]]
    hidden = [
        found[row.municipality_code, row.selection, row.measure, row.period][1] == ":" for row in rows.itertuples()
    ]
    assert hidden == [name != "ssb_12305" and value in (1, 2) for value in rows["value"]]
    if name == "ssb_12275":
        assert (rows["value"] == 0).any()


def test_functions_add_up_and_ages_contain_each_other(parsed):
    found = {key: cell[0] for key, cell in parsed["ssb_12275", "2026-06-15"].items() if cell[0] is not None}
    checked = 0
    for (region, selection, measure, year), total in found.items():
        if not selection.endswith("=0"):
            continue
        parts = [found.get((region, selection[:-1] + function, measure, year)) for function in "12"]
        if None not in parts:
            assert sum(parts) == total
            checked += 1
        older = found.get((region, selection.replace("017", "022"), measure, year))
        assert older is None or older >= total
    assert checked > 4000


@pytest.mark.parametrize("name", TABLES)
def test_a_few_of_the_last_years_cells_are_revised_and_no_others(parsed, name):
    before, after = parsed[name, "2026-03-16"], parsed[name, "2026-06-15"]
    assert before.keys() == after.keys()
    assert all(before[key] == after[key] for key in before if key[3] != "2025")
    last = [key for key in before if key[3] == "2025" and key[0] != "EAK" and after[key][1] != "."]
    changed = [key for key in last if before[key] != after[key]]
    filled = [key for key in changed if before[key][1] == ".." and after[key][1] is None]
    assert 0.02 < len(changed) / len(last) < 0.10
    assert 1 <= len(filled) < len(changed)
    both = [key for key in changed if before[key][0] is not None and after[key][0] is not None]
    assert all(before[key][0] < after[key][0] for key in both if key[2] != "KOSsumfagutd0000")


@pytest.mark.parametrize("name", TABLES)
def test_the_country_is_the_true_total(parsed, known, name):
    counts = known.counts[(known.counts["dataset"] == name) & (known.counts["measure"] != "KOSsumfagutd0000")]
    sums = counts.groupby(["selection", "measure", "period"])["value"].sum().round(1)
    found = parsed[name, "2026-06-15"]
    for (selection, measure, period), total in sums.items():
        assert found["EAK", selection, measure, period] == (pytest.approx(total), None)
