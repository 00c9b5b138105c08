"""The declaration of the synthetic country: read strictly, and parts drawn apart."""

import pytest

from pipeline.problems import BadInput
from pipeline.registry.load import HOME
from pipeline.simulation.effects import autoregressive
from pipeline.simulation.parameters import level_at, read_parameters, stream


@pytest.fixture
def written(tmp_path):
    """Writes a changed declaration and gives the folder to read it from."""

    def write(old: str, new: str):
        text = (HOME / "norway" / "simulation.toml").read_text(encoding="utf-8")
        assert text.count(old) == 1
        (tmp_path / "norway").mkdir()
        (tmp_path / "norway" / "simulation.toml").write_text(text.replace(old, new), encoding="utf-8")
        return tmp_path

    return write


def test_a_field_nobody_declared_is_refused(registry, written):
    with pytest.raises(BadInput, match=r"norway/simulation.toml: missing.khr_reported: .*Extra inputs"):
        read_parameters(registry, written("[missing]\n", "[missing]\nkhr_reported = 0.9\n"))


def test_all_mistakes_are_told_at_once(registry, written):
    home = written("transient_memory = 0.6 ", "transient_memory = 1.6\nmemory = 1 ")
    with pytest.raises(BadInput) as caught:
        read_parameters(registry, home)
    assert len(caught.value.problems) == 2


def test_an_indicator_that_is_not_ranked_is_refused(registry, written):
    with pytest.raises(BadInput, match="exactly the ranked indicators"):
        read_parameters(registry, written("[indicators.caseload]", "[indicators.workload]"))


def test_guidance_has_no_effect_here(registry, written):
    with pytest.raises(BadInput, match="guidance_effect"):
        read_parameters(registry, written("guidance_effect = 0.0", "guidance_effect = -0.2"))


def test_levels_are_linear_between_declared_years_and_held_outside():
    levels = {2015: 10.0, 2019: 20.0}
    assert [level_at(levels, year) for year in (2013, 2015, 2016, 2019, 2025)] == [10.0, 10.0, 12.5, 20.0, 20.0]


def test_each_part_has_a_stream_of_its_own():
    first = stream(1, "positions").random(3).tolist()
    stream(1, "something new").random(100)
    assert stream(1, "positions").random(3).tolist() == first
    assert stream(1, "leavers").random(3).tolist() != first
    assert stream(2, "positions").random(3).tolist() != first


def test_transient_effects_keep_their_variance_and_memory():
    path = autoregressive(stream(7, "test").standard_normal((4000, 12)), 0.6)
    assert path[:, -1].std() == pytest.approx(1, abs=0.05)
    assert (path[:, 4] * path[:, 5]).mean() == pytest.approx(0.6, abs=0.05)
    assert (path[:, 4] * path[:, 7]).mean() == pytest.approx(0.6**3, abs=0.05)
