"""What services are called in another language, by the names they are listed under."""

from __future__ import annotations

from classifiers.naming import NAMES, usual_names
from classifiers.training.taxonomy import read_taxonomy


def test_every_type_has_a_name_in_every_language() -> None:
    for path in NAMES.glob("*.toml"):
        types = {
            line.partition(" = ")[0] for line in path.read_text(encoding="utf-8").splitlines() if " = " in line
        }
        assert types == {type_.id for type_ in read_taxonomy()}


def test_a_service_is_known_by_its_listed_name_alone() -> None:
    spanish = usual_names()["es"]
    assert (spanish["pothole"], spanish["graffiti removal"]) == ("Bache", "Grafiti")
    assert "pothole, or some other thing" not in spanish


def test_a_name_that_two_types_share_is_left_out() -> None:
    listed: dict[str, set[str]] = {}
    for type_ in read_taxonomy():
        for name in (type_.name, *type_.names):
            listed.setdefault(name.lower(), set()).add(type_.id)
    shared = {name for name, types in listed.items() if len(types) > 1}
    assert not shared & usual_names()["es"].keys()
    assert len(usual_names()["es"]) == len(listed) - len(shared)
