"""What becomes of dropped files: archive, quarantine and receipts, also when killed in the middle."""

import shutil
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import telling
from pipeline.api import Release
from pipeline.reports.drop_template import template
from pipeline.settings import Settings
from pipeline.sources import drop_folder, landing, records
from pipeline.sources.landing import ArchivedFile, archive, scan
from pipeline.warehouse import drops, models
from pipeline.warehouse.build import known_files
from pipeline.warehouse.door import Door
from pipeline.warehouse.drops import Taken, kinds, take_in
from pipeline.warehouse.load import READERS, REFERENCE_TABLES, load_raw
from tests.sources.delivered import GOOD, NORWAY, as_text, as_workbook

NOW = datetime.now(UTC)
OTHER = ["nordland", "2026/13", "1804", "17.03.2026", "annet", "merknad", "", ""]
BAD = [GOOD[0], "2026/12", "301", *GOOD[3:]]
CODE_LISTS = ("klass_codes", "klass_changes", "population_07459")


@pytest.fixture(scope="module")
def door() -> Door:
    files = [each for each in scan(Settings().raw / "norway", NORWAY.datasets) if each.sidecar.dataset in CODE_LISTS]
    return Door(NORWAY, files)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: Door) -> Path:
    """A folder with an archive of the code lists alone, and a watched folder whose files are old at once."""
    monkeypatch.setattr(drop_folder, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(drops, "Door", lambda registry, files: door)
    for name in CODE_LISTS:
        shutil.copytree(Settings().raw / "norway" / name, tmp_path / "raw" / name)
    (tmp_path / "drop").mkdir()
    return tmp_path


def put(place: Path, name: str, body: bytes) -> Path:
    path = place / "drop" / name
    path.write_bytes(body)
    return path


def take(place: Path) -> list[Taken]:
    return list(take_in(NORWAY, place / "raw", place / "drop", lambda: NOW, lambda seconds: None))


def archived(place: Path, dataset: str = "inspection") -> list[ArchivedFile]:
    return [file for file in scan(place / "raw", NORWAY.datasets) if file.sidecar.dataset == dataset]


def taking(place: Path) -> list[str]:
    return [each.name for each in (place / "drop" / ".taking").iterdir()]


def text(taken: Taken) -> str:
    assert taken.receipt is not None
    return taken.receipt.read_text(encoding="utf-8-sig")


def test_what_is_sound_goes_into_the_archive_with_its_day_and_its_name(place: Path) -> None:
    path = put(place, "Tilsyn 2026-05-01.csv", as_text([GOOD, OTHER]))
    body = path.read_bytes()
    [taken] = take(place)
    [file] = archived(place)
    assert (taken.outcome, taken.stored) == ("accepted", file.file_id) and not path.exists()
    assert file.body() == body and file.sidecar.published_is_known
    assert file.published_on == date(2026, 5, 1) and file.sidecar.note == "dropped as Tilsyn 2026-05-01.csv"
    assert "KVITTERING: mottatt" in text(taken) and f"RECEIPT: accepted\nFile: {path.name}" in text(taken)


def test_without_a_day_in_its_name_the_day_it_was_changed_is_a_guess(place: Path) -> None:
    put(place, "inspection.xlsx", as_workbook([GOOD]))
    take(place)
    [file] = archived(place)
    assert file.path.suffix == ".xlsx" and not file.sidecar.published_is_known
    assert abs(file.sidecar.published - NOW) < timedelta(days=1)


def test_one_wrong_cell_and_nothing_of_the_file_is_taken_in(place: Path) -> None:
    put(place, "tilsyn_2026-05-01.csv", as_text([GOOD]))
    put(place, "tilsyn_2026-05-02.csv", body := as_text([OTHER, BAD, [*GOOD[:5], "feil", "", ""]]))
    good, bad = take(place)
    assert (good.outcome, bad.outcome, bad.faults) == ("accepted", "refused", 2)
    [file] = archived(place)
    assert file.published_on == date(2026, 5, 1)
    kept = place / "drop" / "quarantine" / bad.receipt.name.removesuffix(".txt")  # type: ignore[union-attr]
    assert kept.read_bytes() == body
    told = text(bad)
    assert "rad 3, Kommunenummer: her står '301'; her kan stå: trolig 0301" in told
    assert "row 4, Funn: given 'feil'; allowed: one of the words lovbrudd" in told


def test_the_same_file_twice_is_no_news(place: Path) -> None:
    put(place, "tilsyn_2026-05-01.csv", as_text([GOOD]))
    [first] = take(place)
    put(place, "tilsyn_2026-06-01.csv", as_text([GOOD]))
    [again] = take(place)
    assert (again.outcome, again.stored) == ("known", first.stored) and len(archived(place)) == 1
    assert "RECEIPT: nothing new" in text(again)


def test_two_files_of_one_day_are_two_vintages_in_the_order_they_came(place: Path) -> None:
    put(place, "tilsyn_2026-05-01_a.csv", as_text([GOOD]))
    put(place, "tilsyn_2026-05-01_b.csv", as_text([OTHER]))
    assert [each.outcome for each in take(place)] == ["accepted", "accepted"]
    first, second = archived(place)
    assert second.sidecar.published - first.sidecar.published == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "regneark.csv",
            "a name that begins with one of inspection (tilsyn, inspections); joint_service_list (samarbeid",
        ),
        ("ssb_12305.csv", "a name that begins with one of"),
        ("tilsynene.csv", "a name that begins with one of"),
        ("tilsyn.xls", "a file saved as .csv or .txt or .xlsx"),
        ("tilsyn_2026-02-31.csv", "given '2026-02-31'; allowed: one day until"),
        ("tilsyn_2126-02-01.csv", "given '2126-02-01'; allowed: one day until"),
        ("tilsyn_2026-02-01_20260301.csv", "given '2026-02-01 and 2026-03-01'; allowed: one day"),
        ("embeter.csv", "in the name, as in office_list_"),
    ],
)
def test_a_name_that_says_too_little_or_too_much(place: Path, name: str, told: str) -> None:
    put(place, name, as_text([GOOD]))
    [taken] = take(place)
    assert taken.outcome == "refused" and told in text(taken)


def test_each_kind_is_known_by_the_longest_name() -> None:
    for name, kind in {
        "KHR_Tilsyn_2019.csv": "khr_supervision",
        "khr_plans_2019.csv": "khr_plans",
        "khr_plans_evaluated.csv": "khr_plans_evaluated",
        "KHR-oppfølging.csv": "khr_follow_up",
        "tilsyn2026.csv": "inspection",
        "tilsyn på skjema.xlsx": "inspection",
        "samarbeid 2026-01-01.xlsx": "joint_service_list",
    }.items():
        assert drops.kind_of(name, NORWAY).id == kind
        assert drops.kind_of(unicodedata.normalize("NFD", name), NORWAY).id == kind


def test_real_figures_are_not_put_beside_synthetic_ones(place: Path) -> None:
    khr = (next((Settings().raw / "norway" / "khr_plans").glob("*.csv"))).read_bytes()
    archive(place / "raw", NORWAY.datasets["khr_plans"], b"other", "csv", NOW, NOW, synthetic=True)
    put(place, "khr_plans.csv", khr)
    [taken] = take(place)
    assert taken.outcome == "refused" and "synthetic deliveries" in text(taken)


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_killed_between_archive_and_folder_it_is_taken_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(place, "tilsyn_2026-05-01.csv", as_text([GOOD]))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(drop_folder, "received", killed)
        take(place)
    assert len(archived(place)) == 1 and taking(place) == [path.name]
    [taken] = take(place)
    assert taken.outcome == "known" and len(archived(place)) == 1 and taking(place) == []


@pytest.mark.parametrize(
    "error", [PermissionError(13, "denied"), OSError(28, "No space left"), OSError(30, "Read-only")]
)
def test_a_file_that_the_disk_refuses_is_told_and_stops_no_other(
    place: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    move = drop_folder.take

    def refused(found: drop_folder.Found) -> drop_folder.Found:
        if "first" in found.name:
            raise error
        return move(found)

    first = put(place, "tilsyn_first.csv", as_text([GOOD]))
    put(place, "tilsyn_second.csv", as_text([OTHER]))
    with monkeypatch.context() as patched:
        patched.setattr(drop_folder, "take", refused)
        failed, taken = take(place)
    assert (failed.outcome, taken.outcome) == ("failed", "accepted") and failed.why in str(failed) and first.exists()
    assert [each.outcome for each in take(place)] == ["accepted"]


@pytest.mark.parametrize(("hour", "outcome"), [(21, "refused"), (22, "accepted")])
def test_a_day_begins_at_midnight_of_the_jurisdiction(place: Path, hour: int, outcome: str) -> None:
    """22:00 UTC is midnight of Norwegian summer time."""
    put(place, "tilsyn_2026-07-02.csv", as_text([GOOD]))
    now = datetime(2026, 7, 1, hour, 30, tzinfo=UTC)
    [taken] = take_in(NORWAY, place / "raw", place / "drop", lambda: now, lambda seconds: None)
    assert taken.outcome == outcome


@pytest.mark.parametrize(("first", "outcome"), [(GOOD, "accepted"), (BAD, "refused")])
def test_a_better_file_that_is_saved_while_the_first_is_looked_at_is_taken_next(
    place: Path, monkeypatch: pytest.MonkeyPatch, door: Door, first: list[str], outcome: str
) -> None:
    path, faults = put(place, "tilsyn_2026-05-01.csv", as_text([first])), door.faults

    def saved_meanwhile(*asked: object) -> object:
        path.write_bytes(as_text([GOOD, OTHER]))
        return faults(*asked)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(door, "faults", saved_meanwhile)
        [taken] = take(place)
    assert taken.outcome == outcome and path.read_bytes() == as_text([GOOD, OTHER])
    [better] = take(place)
    assert better.outcome == "accepted" and not path.exists()
    assert as_text([GOOD, OTHER]) in [file.body() for file in archived(place)]


@pytest.mark.parametrize("writes", [0, 1])
def test_killed_while_it_is_archived_it_is_archived_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    path, write_once, written = put(place, "tilsyn.csv", as_text([GOOD])), landing._write_once, []

    def one(target: Path, content: bytes) -> None:
        if len(written) == writes:
            raise KeyboardInterrupt
        written.append(target)
        write_once(target, content)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(landing, "_write_once", one)
        take(place)
    assert archived(place) == [] and taking(place) == [path.name]
    [taken] = take(place)
    assert taken.outcome == "accepted" and len(archived(place)) == 1


def test_where_nobody_may_drop_nothing_is_done(tmp_path: Path) -> None:
    assert list(take_in(NORWAY, tmp_path / "raw", tmp_path / "nowhere", lambda: NOW)) == []


def test_a_template_that_was_filled_in_is_accepted_and_an_empty_one_is_not(place: Path) -> None:
    for name, dataset in kinds(NORWAY).items():
        put(place, f"{name}_2026-05-01.xlsx", template(dataset, NORWAY, ".xlsx", NOW.date()))
        [taken] = take(place)
        assert taken.outcome == "refused" and "no rows" in text(taken), text(taken)
    header = template(NORWAY.datasets["inspection"], NORWAY, ".csv", NOW.date())
    put(place, "inspection.csv", header + ";".join(GOOD).encode() + b"\r\n")
    assert [each.outcome for each in take(place)] == ["accepted"]


def offices(day: date = date(2026, 5, 1)) -> Iterator[list[str]]:
    for office in NORWAY.offices:
        language = {"nb": "bokmål", "nn": "nynorsk"}[office.language]
        for county in office.counties:
            if county.holds(day):
                yield [office.organisation_number or "0" * 9, office.name.nb, county.county, language]


OFFICE_HEADER = [column.name for column in NORWAY.datasets["office_list"].columns]  # type: ignore[attr-defined]


def test_a_list_of_offices_that_agrees_is_kept_and_one_that_does_not_says_where(place: Path) -> None:
    rows = list(offices())
    put(place, "embeter_2026-05-01.csv", as_text(rows, OFFICE_HEADER))
    assert [each.outcome for each in take(place)] == ["accepted"]
    rows = [row for row in rows if row[2] != "50"]
    nordland = next(number for number, row in enumerate(rows, 2) if row[2] == "18")
    rows[nordland - 2] = ["999999999", "Statsforvalteren i Nordland", "18", "nynorsk"]
    rows[0][1] = "Statsforvalteren i Agder"
    put(place, "embeter_2026-05-02.csv", as_text(rows, OFFICE_HEADER))
    [taken] = take(place)
    told = text(taken)
    assert taken.outcome == "refused" and "if the list is right, mend offices.toml first" in told
    assert f"row {nordland}, Organisasjonsnummer: given '999999999'; allowed: 974764687" in told
    assert f"row {nordland}, Målform: given 'nn'; allowed: nb" in told
    assert f"row 2, Fylkesnummer: given '{rows[0][2]} agder'; allowed: Statsforvalteren i Østfold" in told
    assert "the whole file, Fylkesnummer: given ''; allowed: 50 Statsforvalteren i Trøndelag" in told
    assert taken.faults == 5


KHR = NORWAY.datasets["khr_plans"]
KHR_HEADER = ["Rapporteringsenhet", "År", "Halvår", *KHR.measures]  # type: ignore[attr-defined]
KHR_RIGHT = [["301", "1103"], ["2019"], ["1", "2"], ["4", "0", ":", ""], ["20", "..", ""]]
KHR_WRONG = [["9999", "Oslo"], ["19", ""], ["3", ""], ["4.5", "fire", "-"], ["03", "1e3"]]


@given(st.data())
@settings(max_examples=30)
def test_each_wrong_cell_of_a_khr_extract_is_named_once(door: Door, data: st.DataObject) -> None:
    """Units are asked once all cells can be read: what is wrong then comes with the next receipt."""
    rows, cells, units = [], set(), set()
    for line in range(2, 2 + data.draw(st.integers(1, 4))):
        row = [str(data.draw(st.sampled_from(choices))) for choices in KHR_RIGHT]
        row[1] = str(2011 + line)  # so that no two rows have one key; figures start in 2013
        for column in range(5):
            if data.draw(st.integers(0, 7)) == 0:
                row[column] = data.draw(st.sampled_from(KHR_WRONG[column]))
                (cells if column else units).add((line, KHR_HEADER[column]))
        rows.append(row)
    body = as_text(rows, KHR_HEADER).decode("utf-8-sig").encode("iso-8859-1")
    found = []
    for complaint in door.faults(body, KHR, "f", date(2020, 6, 1)):
        line, _, column = complaint.place.removeprefix("row ").partition(", column ")
        found.append((int(line), column if column and complaint.field != "unit_code" else complaint.field))
    units = {(line, "unit_code") for line, _ in units}
    assert len(found) == len(set(found))
    if cells:
        assert set(found) == cells
    else:
        assert {line for line, _ in found} <= {line for line, _ in units} and bool(found) == bool(units)


def test_an_extract_as_a_workbook_says_what_the_text_says(door: Door) -> None:
    rows = [["301", 2019, 1, 4, 20], ["1103", 2019, 2, ":", 25]]
    texts = [[str(cell) for cell in row] for row in rows]
    day = date(2020, 6, 1)
    assert door.faults(as_workbook(rows, KHR_HEADER), KHR, "f", day) == []
    read = [
        drops_reader(body)
        for body in (as_workbook(rows, KHR_HEADER), as_text(texts, KHR_HEADER).decode("utf-8-sig").encode("latin-1"))
    ]
    assert read[0] == read[1]


def drops_reader(body: bytes) -> list[dict[str, object]]:
    from pipeline.sources import delimited

    return delimited.read(body, KHR, "f").fillna(-1).to_dict("records")  # type: ignore[arg-type, return-value]


def test_of_an_inspection_delivered_twice_the_newest_holds(place: Path) -> None:
    put(place, "tilsyn_2026-05-01.csv", as_text([GOOD, OTHER]))
    put(place, "tilsyn_2026-06-01.csv", as_text([["nordland", *GOOD[1:5], "trukket", "2026-05-20", "https://x.no/1"]]))
    assert [each.outcome for each in take(place)] == ["accepted", "accepted"]
    con = duckdb.connect()
    con.execute("CREATE SCHEMA raw; CREATE SCHEMA core")
    load_raw(con, NORWAY, known_files(place / "raw", NORWAY))
    con.execute(
        """CREATE TABLE core.service_member AS
           SELECT '1804' AS municipality_code, 'bodo' AS service_id, NULL::DATE AS valid_from, DATE '2026-04-01' AS valid_to
           UNION ALL SELECT '1804', 'salten', DATE '2026-04-01', NULL"""
    )
    found = con.execute(models.models()["core.inspection"]).df().set_index("case_number")
    assert found.index.tolist() == ["2026/12", "2026/13"]
    assert found["finding"].tolist() == ["withdrawn", "remark"] and set(found["service_id"]) == {"bodo"}
    assert found.loc["2026/12", "report_address"] == "https://x.no/1" and found["closed_on"].notna().tolist() == [
        True,
        False,
    ]
    con.execute("CREATE TABLE core.office AS SELECT 'nordland' AS office_id, 'Statsforvalteren i Nordland' AS name_nb")
    con.execute(f"CREATE TABLE core.inspection AS {models.models()['core.inspection']}")
    told = telling.inspections(Release(place, NORWAY, con).inspections(["1804", "0301"]))
    stored = found.loc["2026/13", "file_id"]
    assert told.splitlines() == [
        "Inspections",
        "  2026-03-17 1804, other: remark",
        f"    Statsforvalteren i Nordland, case 2026/13; file {stored}, row 3",
    ]
    assert set(found["office_id"]) == {"nordland"} and found.loc["2026/13", "line"] == 3


def test_a_reader_of_ours_that_breaks_stops_nothing_else(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("in the reader")

    with monkeypatch.context() as patched:
        patched.setattr(records, "raw", broken)
        put(place, "tilsyn.csv", as_text([GOOD]))
        [taken] = take(place)
    assert taken.outcome == "refused" and "ZeroDivisionError: in the reader" in text(taken)
    assert "this is our failure, not yours" in text(taken) and "vår feil" in text(taken)


def test_a_receipt_of_many_faults_says_how_many_more(place: Path) -> None:
    put(place, "tilsyn.csv", as_text([[GOOD[0], f"2026/{number}", "301", *GOOD[3:]] for number in range(1, 1_205)]))
    [taken] = take(place)
    assert taken.faults == 1_204 and "… and 204 more" in text(taken) and "1001." not in text(taken)


def test_the_examples_in_the_declarations_are_right(door: Door) -> None:
    dataset = NORWAY.datasets["inspection"]
    example = [column.example for column in dataset.columns]  # type: ignore[attr-defined]
    assert door.faults(as_text([example]), dataset, "f", date(2026, 10, 1)) == []
    assert records.day_of("29.02.2026") is None


def test_a_code_list_is_asked_what_the_build_asks(door: Door) -> None:
    dataset, day = NORWAY.datasets["kostra_groups"], date(2026, 5, 1)
    body = next((Settings().raw / "norway" / "kostra_groups").glob("*.csv")).read_bytes()
    assert door.faults(body, dataset, "f", day) == []
    cut_short = b"".join(body.splitlines(keepends=True)[:-1])
    [complaint] = door.faults(cut_short, dataset, "f", day)
    assert complaint.given == "no row" and complaint.allowed[1].startswith("one for ")


def test_where_nobody_declares_inspections_their_empty_table_has_the_columns_that_are_declared() -> None:
    declared = [column.field for column in NORWAY.datasets["inspection"].columns]  # type: ignore[attr-defined]
    assert REFERENCE_TABLES["inspection"] == ["file_id", "line", *declared]


LISTED = NORWAY.datasets["joint_service_list"]
LIST_HEADER = list(LISTED.columns.values())  # type: ignore[attr-defined]


@given(
    st.lists(st.lists(st.sampled_from(["0301", "1804", "1850", "4601"]), min_size=1, unique=True), min_size=1),
    st.sets(st.integers(0, 9)),
    st.dates(date(2020, 1, 1), date(2026, 12, 31)),
)
@settings(max_examples=25)
def test_a_list_of_joint_services_is_read_as_written_or_told_by_row(
    door: Door, groups: list[list[str]], cut: set[int], day: date
) -> None:
    none = LISTED.members.none  # type: ignore[attr-defined]
    written = [
        [each[0], *((", ".join(f"ÅS {code}" for code in each), ", ".join(each)) if len(each) > 1 else (none, ""))]
        for each in groups
    ]
    rows = [row[:2] if number in cut else row for number, row in enumerate(written)]
    told = door.faults(body := as_text(rows, LIST_HEADER), LISTED, "f", day)
    assert [each.place for each in told] == [f"row {number + 2}" for number in sorted(cut) if number < len(rows)][:20]
    if not told:
        declared = LISTED.on(drops.day_of(f"samarbeid_{day}.csv", LISTED, date(2026, 12, 31)) or NOW.date())
        table = READERS["reference"](body, declared, "f")
        assert table[["municipality_code", "member_names", "member_codes"]].to_numpy().tolist() == written
        assert declared.members.day == day  # type: ignore[attr-defined]
