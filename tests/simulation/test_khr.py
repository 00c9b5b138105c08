"""The half-yearly files, read with nothing but the csv module."""

import csv
import io

import pytest

FILES = {
    "khr_follow_up": "2021-02-26",
    "khr_investigations": "2021-02-26",
    "khr_plans": "2021-02-26",
    "khr_plans_evaluated": "2021-02-26",
    "khr_supervision": "2021-03-01",
}
SHARES = {
    "khr_investigations": "Fosthj Fylkesmannens vurd fristovers andel",
    "khr_supervision": "Fosthj Andel barn plassert mer enn 1 år tilsynskrav ikke oppfylt",
}


def read(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("iso-8859-1"), newline=""), delimiter=";"))


@pytest.fixture(params=FILES)
def dataset(request):
    return request.param


@pytest.fixture
def raw(body, dataset):
    return body[dataset, FILES[dataset]]


@pytest.fixture
def true(registry, known, dataset):
    """(code, period) → numerator and denominator, each as (value, status)."""
    rows = known.counts[known.counts["dataset"] == dataset]
    keys = zip(rows["municipality_code"], rows["period"], rows["measure"], strict=True)
    cells = dict(zip(keys, zip(rows["value"], rows["status"], strict=True), strict=True))
    places = {(code, period) for code, period, _ in cells}
    return {place: [cells[(*place, measure)] for measure in registry.datasets[dataset].measures] for place in places}


def test_header_is_the_publishers_to_the_byte(raw, registry, dataset):
    numerator, denominator = registry.datasets[dataset].measures
    header = f"Rapporteringsenhet;År;Halvår;{numerator};{denominator};{SHARES.get(dataset, 'Andel')}\r\n"
    assert raw.startswith(header.encode("iso-8859-1"))
    assert raw.startswith(b"Rapporteringsenhet;\xc5r;Halv\xe5r;")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_lines_end_as_on_windows(raw):
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")


def test_the_two_spaces_in_evaluated_plans_are_kept(body):
    header = body["khr_plans_evaluated", "2021-02-26"].split(b"\r\n")[0]
    assert header.count(b"Tiltak Barn Med  Tiltaksplan \xa74-4") == 2


def test_codes_have_lost_their_leading_zero(raw):
    codes = {row[0] for row in read(raw)[1:]}
    assert {"101", "301", "1103", "5403"} <= codes
    assert not any(code.startswith("0") and code != "0" for code in codes)


def test_every_cell_is_the_truth_or_the_sign_of_its_reason(raw, true):
    signs = {"not_reported": "", "suppressed_source": ":"}
    seen = set()
    for code, year, half, *cells, _share in read(raw)[1:]:
        place = code.zfill(4), f"{year}H{half}"
        if code == "0" or place == ("1103", "2016H1"):
            continue
        expected = [str(int(value)) if status == "ok" else signs[status] for value, status in true[place]]
        assert cells == expected, place
        seen.add(place)
    assert len(seen) == len(true) - (("1103", "2016H1") in true)


def test_shares_are_rounded_half_away_from_zero_with_a_comma(raw):
    shares = 0
    for _, _, _, numerator, denominator, share in read(raw)[1:]:
        if ":" in (numerator, denominator):
            assert share == ":"
        elif denominator in ("", "0"):
            assert share == ""
        else:
            # whole numbers only: 1000 n / d + 1/2, rounded down, is the share in tenths
            tenths = (2000 * int(numerator) + int(denominator)) // (2 * int(denominator))
            assert share == f"{tenths // 10},{tenths % 10}"
            shares += 1
    assert shares > 2000


def test_only_supervision_is_hidden_and_there_every_one_to_three_and_no_zero(raw, true, dataset):
    hidden = 0
    for code, year, half, *cells, _share in read(raw)[1:]:
        if code == "0":
            continue
        for text, (value, status) in zip(cells, true[code.zfill(4), f"{year}H{half}"], strict=True):
            if status != "not_reported":
                assert (text == ":") == (dataset == "khr_supervision" and 1 <= value <= 3)
                hidden += text == ":"
    assert (hidden > 1000) == (dataset == "khr_supervision")


def test_about_three_of_two_hundred_forms_are_missing_and_more_where_need_is_high(raw, known, world):
    rows = [row for row in read(raw)[1:] if row[0] != "0"]
    blank = [row for row in rows if row[3:] == ["", "", ""]]
    assert 0.010 < len(blank) / len(rows) < 0.020
    service = known.services.set_index(["year", "municipality_code"])["service_id"]
    need = world.effects.need
    mean = sum(need[service[int(row[1]), row[0].zfill(4)]] for row in blank) / len(blank)
    everyone = sum(need[service[int(row[1]), row[0].zfill(4)]] for row in rows) / len(rows)
    assert mean > everyone + 0.15


def test_true_zeros_and_empty_denominators_are_there(body):
    rows = read(body["khr_investigations", "2021-02-26"])[1:]
    assert any(row[3] == "0" and int(row[4]) > 0 for row in rows)
    assert any(row[3:] == ["0", "0", ""] for row in rows)


def test_the_country_row_sums_what_was_reported(raw, true):
    rows = read(raw)[1:]
    country = {f"{year}H{half}": cells for code, year, half, *cells in rows if code == "0"}
    assert len(country) == 16
    reported = [cells for (_, period), cells in true.items() if period == "2019H2" and cells[0][1] != "not_reported"]
    sums = [str(int(sum(cells[part][0] for cells in reported))) for part in (0, 1)]
    assert country["2019H2"][:2] == sums


def test_the_planted_error_is_ten_times_the_truth_and_passes_the_denominator(body, known):
    rows = known.counts[(known.counts["municipality_code"] == "1103") & (known.counts["period"] == "2016H1")]
    rows = rows[rows["dataset"] == "khr_investigations"].set_index("measure")
    (written,) = [row for row in read(body["khr_investigations", "2021-02-26"]) if row[:3] == ["1103", "2016", "1"]]
    true = rows.loc["Fosthj Fylkesmannens Vurd Fristovers Antall", "value"]
    assert [float(written[3]), float(written[4])] == [10 * true, rows.loc["Unders Avsl Siste Halvår", "value"]]
    assert int(written[3]) > int(written[4])
