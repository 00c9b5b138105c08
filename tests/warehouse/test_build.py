"""A build end to end: the same input gives the same tables, and bad input stops it with the last release in place."""

import io
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipeline.analysis.rounds import need_tables
from pipeline.jobs import ANALYSES
from pipeline.problems import BadInput
from pipeline.registry.load import Registry, load
from pipeline.settings import Settings
from pipeline.sources.landing import archive, scan
from pipeline.warehouse.build import build
from pipeline.warehouse.release import NoRelease, connect, current, make_current, path_of

LATER = datetime(2026, 11, 23, tzinfo=UTC)


def contents(path: Path) -> dict[str, tuple[int, int]]:
    """Table → (rows, a hash of all its rows in their order); the run's own times are left out."""
    with connect(path) as con:
        names = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        return {
            name: con.execute(
                f"""SELECT count(*), coalesce(sum(hash(t) % 1000003 * n), 0)
                    FROM (SELECT t, row_number() OVER () % 1009 AS n FROM {name} AS t)"""
            ).fetchall()[0]
            for (name,) in names
            if name != "ops.run"
        }


def built(tmp_path: Path, jurisdiction: str, releases: dict[str, Path]) -> Settings:
    """A home of its own with an archive that may be changed, and the release built from it as it was."""
    settings = Settings(home=tmp_path)
    shutil.copytree(Settings().raw / jurisdiction, settings.raw / jurisdiction)
    good = path_of(settings.processed / jurisdiction, releases[jurisdiction].stem)
    good.parent.mkdir(parents=True)
    shutil.copyfile(releases[jurisdiction], good)
    make_current(settings.processed / jurisdiction, good.stem)
    return settings


@pytest.mark.parametrize("jurisdiction", ["england", "norway"])
def test_the_same_input_gives_the_same_tables(own_home: Path, releases: dict[str, Path], jurisdiction: str) -> None:
    again = build(load(jurisdiction), Settings(home=own_home), ANALYSES).path
    assert again.name == releases[jurisdiction].name
    assert contents(again) == contents(releases[jurisdiction])


def test_a_release_that_stands_is_not_built_again(home: Path, releases: dict[str, Path]) -> None:
    built = build(load("england"), Settings(home=home), ANALYSES)
    assert (built.path, built.is_new) == (releases["england"], False)


def test_as_of_picks_the_preliminary_vintage(spring: Path, releases: dict[str, Path]) -> None:
    query = """SELECT value, status FROM core.indicator_value
               WHERE indicator_id = 'children_reported' AND unit_kind = 'country' AND period = '2025' AND is_newest"""
    values = []
    for path in (spring, releases["norway"]):
        with connect(path) as con:
            revisions = con.execute("SELECT DISTINCT revision FROM raw.file WHERE dataset_id = 'ssb_12615'").fetchall()
            values.append((len(revisions), con.execute(query).fetchall()[0][0]))
    assert [count for count, _ in values] == [1, 2]
    assert values[0][1] != values[1][1]


@pytest.fixture
def spoiled(tmp_path: Path, releases: dict[str, Path]) -> Callable[..., list[str]]:
    """A home with a good release of England or Norway, to which one more delivery is made; returns what the build says."""

    def attempt(
        jurisdiction: str, dataset: str, body: Callable[[bytes], bytes], published: datetime = LATER
    ) -> list[str]:
        settings = built(tmp_path, jurisdiction, releases)
        registry, processed = load(jurisdiction), settings.processed / jurisdiction
        good = current(processed)
        newest = [f for f in scan(settings.raw / jurisdiction, registry.datasets) if f.sidecar.dataset == dataset][-1]
        changed = body(newest.body())
        archive(
            settings.raw / jurisdiction,
            registry.datasets[dataset],
            changed,
            newest.path.suffix[1:],
            published,
            published,
        )
        with pytest.raises(BadInput) as caught:
            build(registry, settings, ANALYSES)
        assert list(processed.glob("*.building*")) == []
        assert current(processed) == good
        with connect(good) as con:
            places = {"england": 158, "norway": 841}[jurisdiction]
            assert con.execute("SELECT count(*) FROM core.municipality").fetchall() == [(places,)]
        return [str(problem) for problem in caught.value.problems]

    return attempt


def test_an_unknown_municipality_code(spoiled: Callable[..., list[str]]) -> None:
    [problem] = spoiled("england", "ons_population", lambda body: body.replace(b",840,E06000047", b",849,E06000047"))
    assert problem.endswith(
        "row 14, column population_estimate: unit_code: given '849'; allowed: a code of the list of municipality codes"
    )


def test_a_code_without_its_zero(spoiled: Callable[..., list[str]]) -> None:
    """Where no lost zeros are declared, a short code is refused, not guessed."""
    problems = spoiled(
        "norway", "population_07459", lambda body: body.replace(b"0101,Halden,2005", b"101,Halden,2005", 1)
    )
    assert len(problems) == 1
    assert (
        "row 2, column age_0_17: unit_code: given '101'; allowed: four digits with the leading zero, such as 0301"
        in problems[0]
    )


def test_an_empty_file(spoiled: Callable[..., list[str]]) -> None:
    [problem] = spoiled("england", "dfe_plans", lambda body: b"")
    assert problem.endswith(".csv: file: given 'an empty file'; allowed: a header and at least one row")


def test_two_files_for_one_dataset_and_vintage(spoiled: Callable[..., list[str]]) -> None:
    same_time = datetime(2026, 11, 22, tzinfo=UTC)
    [problem] = spoiled("england", "dfe_plans", lambda body: body + b"\n", same_time)
    assert problem.endswith("published: given both 2026-11-22 00:00; allowed: one file a vintage of dfe_plans")


def test_a_truncated_zip(spoiled: Callable[..., list[str]]) -> None:
    [problem] = spoiled("norway", "bufdir_monitor", lambda body: body[: len(body) // 2])
    assert "ZIP: given 'no end of the ZIP'; allowed: a complete ZIP file: fetch it again" in problem


def test_a_workbook_renamed_in_the_real_zip(spoiled: Callable[..., list[str]]) -> None:
    def renamed(body: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(buffer, "w") as new:
            for name in old.namelist():
                new.writestr(name.replace("3A_", "5A_"), old.read(name))
        return buffer.getvalue()

    problems = spoiled("norway", "bufdir_monitor", renamed)
    assert len(problems) == 2 and "given none for 3A" in problems[1]


def test_an_empty_archive_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="the archive .* is empty: copy data/raw of the project there"):
        build(load("england"), Settings(home=tmp_path), ANALYSES)


def test_a_day_before_the_first_delivery_is_told_as_such() -> None:
    with pytest.raises(
        NoRelease, match="nothing was published by 2001-01-01; the first file of england is of 2020-04-15"
    ):
        build(load("england"), Settings(), ANALYSES, as_of=date(2001, 1, 1))


def test_more_than_all_stops_the_build(own_home: Path) -> None:
    """Without the correction, the planted error makes more breaches than investigations."""
    registry = replace(load("norway"), corrections=())
    with pytest.raises(
        BadInput, match=r"1103 2016H1: deadline_breaches: given 1040.0 of 621.0; allowed: a part of the"
    ):
        build(registry, Settings(home=own_home), ANALYSES)
    assert not (own_home / "data" / "processed" / "norway" / "current").exists()


def test_a_table_that_falls_short_stops_the_build(own_home: Path) -> None:
    """An analysis that gives a probability above 1 is stopped by the checks on stored tables."""

    def wrong(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
        tables = need_tables(con, registry)
        tables["result.need_rank"].loc[0, "probability_top_13"] = 1.5
        return tables

    with pytest.raises(BadInput, match=r"result.need_rank: in_range\(0, 1\): given 1 failing; first"):
        build(load("england"), Settings(home=own_home), [wrong, *ANALYSES[1:]])


def test_a_file_that_was_touched_in_the_archive_is_found_also_when_nothing_is_new(
    tmp_path: Path, releases: dict[str, Path]
) -> None:
    settings = built(tmp_path, "england", releases)
    assert not build(load("england"), settings, ANALYSES).is_new
    [path] = (settings.raw / "england" / "dfe_plans").glob("*.csv")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b",730,155,", b",730,156,", 1))
    with pytest.raises(BadInput, match="restore the file from a backup"):
        build(load("england"), settings, ANALYSES)


def test_a_release_opens_with_plain_duckdb(releases: dict[str, Path]) -> None:
    with duckdb.connect(str(releases["england"]), read_only=True) as con:
        assert con.execute("SELECT jurisdiction FROM registry.release").fetchall() == [("england",)]
