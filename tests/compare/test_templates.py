"""Variations of a prompt: lists, templates with slots, tables, and their limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokimp.compare.templates import MOST_CHARACTERS, Variation, filled, from_csv, variations
from tokimp.errors import EmptyTextError, OptionError


def texts(found: list[Variation]) -> list[str]:
    return [each.text for each in found]


def test_one_prompt_a_line() -> None:
    assert texts(variations("one\n\n  two \r\nthree")) == ["one", "  two ", "three"]
    assert texts(variations(["a\nb", "{x: 1|2}"])) == ["a\nb", "{x: 1|2}"]


def test_all_fillings_of_all_slots() -> None:
    found = filled("{name: Anna|Omar} is a {job:nurse | pilot}.")
    assert texts(found) == ["Anna is a nurse.", "Anna is a pilot.", "Omar is a nurse.", "Omar is a pilot."]
    assert found[3].slots == {"name": ((0, 4),), "job": ((10, 15),)}
    for each in found:
        for ranges in each.slots.values():
            assert all(each.text[start:end] in ("Anna", "Omar", "nurse", "pilot") for start, end in ranges)


def test_a_slot_may_stand_again() -> None:
    found = filled("{a: x|yy}-{a}")
    assert texts(found) == ["x-x", "yy-yy"]
    assert found[1].slots == {"a": ((0, 2), (3, 5))}


@pytest.mark.parametrize(
    ("template", "lines"),
    [
        ("{a: x|y} {{b}}", ["x {b}", "y {b}"]),
        (r"{a: x\|z|y}", ["x|z", "y"]),
        (r"{a: \{x\}|y}", ["{x}", "y"]),
        ("{a: x|}", ["x", ""]),
        ("{a: |x}", ["", "x"]),
        ("{a: x|x}", ["x"]),
        ("{{{a: x|y}}}", ["{x}", "{y}"]),
        ("{{a: x|y}}", ["{a: x|y}"]),
        ('{"a": 1}', ['{"a": 1}']),
        ("{name}", ["{name}"]),
        ("if (x) { y }", ["if (x) { y }"]),
        ("{имя: Анна|عمر} 你好", ["Анна 你好", "عمر 你好"]),
    ],
)
def test_braces(template: str, lines: list[str]) -> None:
    assert texts(filled(template)) == lines


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{a: x|y} {", "brace"),
        ("{a: x|y} }", "brace"),
        ("{a: x|y} {b: x}", "brace"),
        ("{a: x|y} {b}", "what the slot b may be"),
        ("{a: x|y} {a: z|w}", "listed twice"),
    ],
)
def test_what_cannot_be_read_says_how_to_write_it(template: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        filled(template)


def test_there_is_a_limit_that_is_told_before_they_are_made() -> None:
    ten = "|".join(map(str, range(10)))
    with pytest.raises(OptionError, match="more than 50 prompts"):
        filled(" ".join(f"{{s{slot}: {ten}}}" for slot in range(40)))
    with pytest.raises(OptionError, match="more than 50 prompts"):
        variations("x\n" * 51)
    with pytest.raises(OptionError, match="more than 50 prompts"):
        variations(["x"] * 51)
    with pytest.raises(OptionError, match="characters"):
        variations("x" * (MOST_CHARACTERS + 1))
    assert len(variations("x\n" * 50)) == 50


@pytest.mark.parametrize("nothing", ["", " \n\t\n", []])
def test_no_prompt_is_an_error(nothing: str) -> None:
    with pytest.raises(EmptyTextError):
        variations(nothing)


@pytest.mark.parametrize(
    ("table", "column", "lines"),
    [
        ("one\ntwo\n", 0, ["one", "two"]),
        ("id,Prompt\n1,one\n2,two\n", None, ["one", "two"]),
        ("id;text\n1;a, b\n", None, ["a, b"]),
        ("id\ttext\n1\ta\n", None, ["a"]),
        ("\ufeffid,q\n1,one\n", "q", ["one"]),
        ('q\n"two\nlines"\n', "q", ["two\nlines"]),
        ("q,w\n,x\none,\n", "q", ["one"]),
        ("only\nthis\n", None, ["only", "this"]),
        ("id,q\n1\n2,two\n", "q", ["two"]),
        ("q\n=1+1\n", "q", ["=1+1"]),
    ],
)
def test_prompts_of_a_table(table: str, column: str | int | None, lines: list[str]) -> None:
    assert texts(from_csv(table, column)) == lines


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("a,b\n1,2\n", None, "Nothing says which column"),
        ("a,b\n1,2\n", "c", "no column 'c'"),
        ("a,b\n1,2\n", 2, "no column 2"),
        ("a\n" + "x\n" * 51, "a", "more than 50"),
        ("x" * 200_000, 0, "cannot be read"),
    ],
)
def test_tables_that_will_not_do(table: str, column: str | int | None, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        from_csv(table, column)


@pytest.mark.parametrize("table", ["", "\n\n", "q\n", "q\n\n \n"])
def test_a_table_without_prompts(table: str) -> None:
    with pytest.raises(EmptyTextError):
        from_csv(table, None if not table.startswith("q") else "q")


@given(st.text("{}|\\: ab\n", max_size=25))
def test_any_template_is_read_or_refused(text: str) -> None:
    try:
        found = variations(text)
    except (OptionError, EmptyTextError):
        return
    assert found
    for each in found:
        for ranges in each.slots.values():
            assert all(0 <= start <= end <= len(each.text) for start, end in ranges)
