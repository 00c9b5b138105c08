"""Which service a municipality of any year belongs to, and where its population comes from."""

import pytest


@pytest.fixture(scope="module")
def unit(known):
    return known.services.set_index(["year", "municipality_code"])


# Chains and splits from the domain dossier §5.
@pytest.mark.parametrize(
    ("year", "code", "current"),
    [
        (2018, "1432", "4647"),  # Førde, merged while it was guided
        (2019, "1850", "1875"),  # Tysfjord: the declared main successor
        (2019, "5012", "5055"),  # Snillfjord, in three; none declared, the first
        (2017, "1613", "5055"),  # Snillfjord before 2018
        (2023, "1507", "1508"),  # Ålesund
        (2019, "1534", "1508"),  # Haram before it was part of Ålesund and left again
        (2025, "1580", "1580"),  # Haram after
        (2016, "0720", "3907"),  # Stokke: all but a strip to Sandefjord
        (2013, "0704", "3905"),  # Tønsberg
        (2018, "2012", "5601"),  # Alta, renumbered twice
        (2013, "0301", "0301"),
    ],
)
def test_codes_lead_to_the_municipality_of_today(unit, year, code, current):
    assert unit.loc[(year, code), "current_code"] == current


def test_members_of_a_joint_service_share_it_in_all_years(registry, unit):
    joint = next(each for each in registry.joint_services if each.id == "alta_5403")
    assert [member.code for member in joint.members] == ["5403", "5429"]
    for year, codes in {2013: ["2012", "1943"], 2021: ["5403", "5429"], 2025: ["5601", "5546"]}.items():
        assert {unit.loc[(year, code), "service_id"] for code in codes} == {"alta_5403"}


def test_there_are_as_many_services_as_groups_and_municipalities_alone(registry, known):
    now = known.services[known.services["year"] == 2025]
    joint = [each for each in registry.joint_services if each.valid_to is None]
    members = sum(len(each.members) for each in joint)
    assert len(now) == 357
    assert now["service_id"].nunique() == 357 - members + len(joint)


def test_real_populations_are_used_and_gaps_are_filled_as_declared(world):
    children = world.places.units.set_index(["year", "code"])["children"]
    assert children[2017, "0301"] > 120_000
    filled = [children[2015, code] for code in ("0706", "0719", "0720")]
    assert filled == [round(children[2017, "0710"] * share) for share in (0.72, 0.09, 0.19)]
    assert children[2025, "1103"] == children[2024, "1103"]


def test_places_that_got_a_part_of_another_have_no_history_before(world):
    assert world.places.broken_until == {
        "1806": 2020,
        "1875": 2020,
        "5055": 2020,
        "5056": 2020,
        "5059": 2020,
        "1508": 2024,
        "1580": 2024,
    }
