"""Names → things."""

from __future__ import annotations

import pytest

from tokimp.errors import OptionError
from tokimp.registry import Registry


@pytest.fixture
def fruits() -> Registry[int]:
    made = Registry[int]("fruit")
    for number, name in enumerate(["pear", "apple", "orange"]):
        assert made.add(name, number) == number
    return made


def test_it_is_a_mapping_in_the_order_of_registration(fruits: Registry[int]) -> None:
    assert list(fruits) == ["pear", "apple", "orange"]
    assert dict(fruits) == {"pear": 0, "apple": 1, "orange": 2}
    assert len(fruits) == 3
    assert "apple" in fruits
    assert "plum" not in fruits
    assert fruits.get("apple") == 1


def test_a_name_is_given_once(fruits: Registry[int]) -> None:
    with pytest.raises(ValueError, match="There is a fruit 'pear' already"):
        fruits.add("pear", 7)
    assert fruits["pear"] == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("aple", "There is no fruit 'aple'. Did you mean 'apple'?"),
        ("xyz", "There is no fruit 'xyz'. There are: pear, apple, orange."),
    ],
)
def test_an_unknown_name_is_helped(fruits: Registry[int], name: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        fruits[name]
    assert str(caught.value) == message
