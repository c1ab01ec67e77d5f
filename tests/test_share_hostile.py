"""Links that were damaged, cut off, made up or made to do harm: a LinkError that says what to do, and nothing else."""

from __future__ import annotations

import base64
import json
import tracemalloc
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_share import ADDRESS, LONG, REQUEST, canonical, code_of, texts, values
from tokimp import share
from tokimp.errors import InputError, LinkError
from tokimp.types import Request

CODES = [share.to_code(REQUEST), share.to_code(LONG)]
FACTS = {
    field.name: getattr(LONG, field.name)
    for field in fields(LONG)
    if field.name not in share._DEFAULTS or getattr(LONG, field.name) != share._DEFAULTS[field.name]
}
anything = values | st.sampled_from([2**63, 10**4000, -1, "next-token", [], {}, [1], {"a": [1]}, {"a": {"b": None}}])


def outcome(link: str) -> Request | LinkError:
    try:
        return Request.from_link(link)
    except LinkError as error:
        return error


def refused(link: str) -> bool:
    told = outcome(link)
    return isinstance(told, LinkError) and bool(told.next_step) and len(str(told)) < 200


@pytest.mark.parametrize(
    "link", ["", " ", "?r=", "https://example.org/", "https://example.org/?x=1", "/e/", "http://[", "a=b"]
)
def test_an_address_without_a_question(link: str) -> None:
    with pytest.raises(LinkError, match=r"no question in this address\. Paste the whole link"):
        Request.from_link(link)


@pytest.mark.parametrize("sign", "23456789")
def test_a_link_of_a_newer_version(sign: str) -> None:
    with pytest.raises(LinkError, match="made by a newer version of tokimp"):
        Request.from_link(sign + CODES[0][1:])


def test_a_link_that_was_cut_off() -> None:
    for code in CODES:
        for length in range(8, len(code)):
            with pytest.raises(LinkError, match=r"cut off|damaged"):
                Request.from_link(code[:length])
    with pytest.raises(LinkError, match=r"its end is missing\. Copy it again, whole"):
        Request.from_link(CODES[1][:-20])


def test_every_changed_character_is_noticed() -> None:
    code = CODES[1]
    for place in range(1, len(code)):
        for other in "A_9":
            if other != code[place]:
                with pytest.raises(LinkError):
                    Request.from_link(code[:place] + other + code[place + 1 :])
    with pytest.raises(LinkError, match="damaged: something in it was changed"):
        Request.from_link(code[:3] + ("A" if code[3] != "A" else "B") + code[4:])


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1" * 40_000, "longer than any"),
        ("1" + "A" * share.LONGEST_CODE, "longer than any"),
        (code_of(b"0" * 20_000_000), "more than a question can hold"),
        (code_of(canonical({"text": "a" * share.LONGEST_JSON})), "more than a question can hold"),
        (code_of(b"{}", checksum=1), "damaged"),
        (code_of(b"{}") + "AAAA", "damaged"),
        (code_of(b"[" * 100_000), "damaged"),
        (code_of(b'{"a":' * 20_000), "damaged"),
        (code_of(b"[]"), "damaged"),
        (code_of(b"null"), "damaged"),
        (code_of(b"\xff\xfe"), "damaged"),
        (code_of(b""), "damaged"),
        (code_of(b"9" * 5000), "damaged"),
        (code_of(b"{}"), "method is nothing that a link can carry"),
        ("1", "cut off"),
        ("1AAAA", "cut off"),
        ("1é", "damaged"),
        ("<script>alert(1)</script>", "no question"),
    ],
    ids=range(18),
)
def test_what_a_hostile_link_gets_told(code: str, said: str) -> None:
    with pytest.raises(LinkError, match=said):
        Request.from_link("?r=" + code if "<" not in code else code)


WRONG = [
    ("seed", True),
    ("seed", -1),
    ("seed", 1.0),
    ("seed", 2**63),
    ("mask", None),
    ("mask", "0"),
    ("target", True),
    ("target", 1.0),
    ("target", [1]),
    ("target", "a" * 513),
    ("text", None),
    ("text", 5),
    ("model", ["gpt2"]),
    ("model", "a" * 513),
    ("task", "seq3seq"),
    ("task", ["next-token"]),
    ("output", "odds"),
    ("precision", 32),
    ("options", []),
    ("options", None),
    ("options", {"a": [1]}),
    ("options", {"a": {}}),
    ("options", {"a": 2**64}),
    ("options", {"a" * 513: 1}),
    ("options", {str(number): 1 for number in range(33)}),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=str)
def test_types_are_strict(name: str, value: Any) -> None:
    facts = FACTS | {name: value}
    with pytest.raises(LinkError, match=f"question's {name} is nothing that a link can carry"):
        Request.from_link(code_of(canonical(facts)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_are_finite(number: str) -> None:
    plain = canonical(
        {
            **{name: getattr(REQUEST, name) for name in ("model", "revision", "task", "text", "method")},
            "options": {"a": 1},
        }
    )
    with pytest.raises(LinkError, match="options is nothing that a link can carry"):
        Request.from_link(code_of(plain.replace(b'"a":1', b'"a":' + number.encode())))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"mask":1', b'"mask":1,"mask":1'),
        (b'"mask":1', b'"mask": 1'),
        (b'"mask":1', b'"mask":1.0'),
        (b'"mask":1', b'"mask":0'),
        (b'"seed":7', b'"seed":07'),
        (b'"tolerance":0.3', b'"tolerance":0.30'),
        ("naïve".encode(), b"na\\u00efve"),
        (b"To be, or", b"\\ud800To be, or"),
    ],
)
def test_there_is_one_spelling(old: bytes, new: bytes) -> None:
    plain = canonical(FACTS)
    assert Request.from_link(code_of(plain)) == LONG
    assert plain.count(old)
    with pytest.raises(LinkError):
        Request.from_link(code_of(plain.replace(old, new)))


def test_a_field_of_a_later_version() -> None:
    plain = canonical(FACTS | {"temperature": 1})
    with pytest.raises(LinkError, match=r"something that this version does not know\. Update tokimp"):
        Request.from_link(code_of(plain))


def test_a_bomb_costs_nothing() -> None:
    bomb = "?r=" + code_of(b" " * 24_000_000)
    assert len(bomb) > 30_000
    tracemalloc.start()
    try:
        with pytest.raises(LinkError):
            Request.from_link(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, text="half \ud83d"),
        replace(REQUEST, target="\udc00"),
        replace(REQUEST, options={"\ud800": 1}),
        replace(REQUEST, options={"a": float("nan")}),
        replace(REQUEST, options={"a": (1, 2)}),  # type: ignore[dict-item]
        replace(REQUEST, target=np.int64(3)),  # type: ignore[arg-type]
        replace(REQUEST, seed=True),
        replace(REQUEST, seed=-1),
        replace(REQUEST, text="a" * share.LONGEST_JSON),
        replace(REQUEST, text="".join(map(chr, np.random.default_rng(0).integers(0x4E00, 0x9FFF, 15_000)))),
    ],
    ids=range(10),
)
def test_what_fits_into_no_link_is_told_when_it_is_made(request_: Request) -> None:
    with pytest.raises(LinkError) as told:
        request_.link(ADDRESS)
    assert told.value.next_step
    assert isinstance(told.value, InputError)


@given(code=st.sampled_from(CODES), tape=st.binary(min_size=3, max_size=12))
@settings(max_examples=2500, deadline=None, derandomize=True)
def test_a_mutated_link_is_refused_or_the_same(code: str, tape: bytes) -> None:
    """The tape says what is done: three bytes a change, of which the first says where."""
    link = code
    for where, sort, other in zip(tape[::3], tape[1::3], tape[2::3], strict=False):
        place = where * len(link) // 256
        head, tail, character = link[:place], link[place:], "AQgw19-_=&%é "[other % 13]
        changed = (head + character + tail[1:], head + character + tail, head + tail[1:], head, head + tail + tail)
        link = changed[sort % len(changed)]
    same = REQUEST if code == CODES[0] else LONG
    assert refused(link) or outcome(link) == same


@given(body=st.binary(max_size=200), sign=st.sampled_from(["", "1", "?r=1", "/e/1", "https://example.org/?r=1"]))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_random_bytes_are_no_question(body: bytes, sign: str) -> None:
    assert refused(sign + base64.urlsafe_b64encode(body).decode().rstrip("="))
    assert refused(sign + body.decode("latin-1"))


@given(name=st.sampled_from(sorted(share._HOLDS)) | texts, value=anything)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_hostile_fields_are_refused_or_a_question(name: str, value: Any) -> None:
    facts = FACTS | {name: value}
    facts = {each: facts[each] for each in facts if each not in share._DEFAULTS or facts[each] != share._DEFAULTS[each]}
    code = code_of(canonical(facts))
    assert refused(code) or json.loads(canonical(getattr(outcome(code), name))) == json.loads(canonical(value))
