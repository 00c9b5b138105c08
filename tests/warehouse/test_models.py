"""SQL models: found, ordered by what they read, and blamed when they fail."""

import duckdb
import pytest

from pipeline.warehouse.models import behind, in_order, models, reads, run


def test_a_model_reads_what_stands_behind_from_and_join() -> None:
    select = "WITH a AS (SELECT 1) SELECT core.x FROM staging.one AS s JOIN a USING (x) LEFT JOIN raw.two ON extract(year FROM d) > 1"
    assert reads(select) == {"staging.one", "raw.two"}


def test_each_model_comes_after_those_it_reads() -> None:
    order = in_order({"mart.c": "FROM core.b", "core.b": "FROM core.a", "core.a": "FROM raw.x"})
    assert order == ["core.a", "core.b", "mart.c"]


def test_every_table_that_a_model_reads_is_made_somewhere() -> None:
    made = set(models()) | {
        "result.need_score",
        "result.need_rank",
        "result.need_variant",
        "result.need_exit",
        "result.need_round",
        "result.need_model",
        "result.need_choice",
        "result.need_refit",
        "result.need_refit_rank",
        "result.need_expert",
        "result.need_shift",
        "result.need_dimension",
        "result.indicator_estimate",
        "result.indicator_verdict",
        "result.service_peer",
        "result.cohort_path",
        "result.effect",
        "result.effect_by_period",
        "result.power",
        "result.service_change",
        "result.baseline",
    }
    read = {table for select in models().values() for table in reads(select)}
    assert {table for table in read if table.split(".")[0] in ("staging", "core", "result", "mart")} <= made


def test_every_model_says_its_grain_first() -> None:
    for name, select in models().items():
        assert select.startswith("-- One row per "), name


def test_a_failing_model_is_named() -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA core").fetchall()
    with pytest.raises(duckdb.Error) as caught:
        run(con, {"core.broken": "SELECT nothing FROM core.nowhere"})
    assert caught.value.__notes__ == ["in the model core.broken (core/broken.sql)"]


def test_the_models_behind_a_table() -> None:
    selects = {
        "a.one": "SELECT 1",
        "a.two": "FROM a.one",
        "a.three": "FROM a.two JOIN raw.cell",
        "a.four": "FROM a.one",
    }
    assert list(behind(["a.three"], selects)) == ["a.one", "a.three", "a.two"]
    assert behind(["raw.cell"], selects) == {}
