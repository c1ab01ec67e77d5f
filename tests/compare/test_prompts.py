"""Prompts side by side: one target for all, keywords by characters, spread and outliers, streamed and stopped."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models import ROWS, TEXTS, shared
from tests.toys import toy
from tests.views.examples import HOSTILE, explain, tokens_of
from tokimp.compare.keywords import Keywords, hit, spread, tracks
from tokimp.compare.methods import Methods
from tokimp.compare.prompts import Prompts, Target, compare_prompts, comparing_prompts
from tokimp.compare.templates import Variation, variations
from tokimp.errors import Cancelled, EmptyTextError, MethodUnavailableError, OptionError, TextTooLongError
from tokimp.prompt_comparison import PromptComparison, Spread
from tokimp.types import Floats, Task

TEMPLATE = "the film was {how: not good|good|bad}"


def ranges(keyword: str, text: str, **how: bool) -> list[str]:
    return [text[start:end] for start, end in Keywords((keyword,), **how).ranges(keyword, Variation(text))]


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("film", "The film, the Film.", ["film", "Film"]),
        ("art", "party art", ["art"]),
        ("not good", "not  good, not\ngood", ["not  good", "not\ngood"]),
        ("don't", "don't don'ts", ["don't"]),
        ("爱", "我爱你", ["爱"]),
        ("кот", "Кот и котик", ["Кот"]),
        ("מה", "מה מהר", ["מה"]),
        ("c++", "c++ c+++", ["c++", "c++"]),
        (".*", "a .* b", [".*"]),
        ("👩", "hi 👩!", ["👩"]),
        ("x", "", []),
    ],
)
def test_keywords_are_found_as_whole_words(keyword: str, text: str, found: list[str]) -> None:
    assert ranges(keyword, text) == found


def test_case_and_parts_of_words() -> None:
    assert ranges("film", "Film film", case=True) == ["film"]
    assert ranges("art", "party", whole=False) == ["art"]


def test_too_many_keywords_are_refused_and_twice_is_once() -> None:
    assert Keywords((" a", "a", "", " ")).words == ("a",)
    with pytest.raises(OptionError, match="21 keywords"):
        Keywords(tuple(map(str, range(21))))


def test_a_keyword_split_over_several_tokens_is_summed() -> None:
    """tokens_of cuts after seven letters: " represe", "ntation"."""
    text = "no representation here"
    tokens = tokens_of(text)
    assert [token.text for token in tokens] == ["no", " represe", "ntation", " here"]
    made = explain(text, tokens, [1.0, -3.0, 1.0, 4.0])
    found = hit(made, Keywords(("representation",)).ranges("representation", Variation(text)))
    assert found is not None
    assert (found.positions, found.times, found.score) == ((1, 2), 1, -2.0)
    assert found.share == pytest.approx(4 / 9)
    assert (found.rank, found.among) == (2, 3)  # only 4 is larger than |−2|


def test_the_space_before_a_word_is_no_letter_of_it() -> None:
    text = "a b"
    made = explain(text, tokens_of(text), [1.0, 2.0])
    assert hit(made, [(0, 2)]) == hit(made, [(0, 1)])
    assert hit(made, [(1, 2)]) is None
    assert hit(made, []) is None


def test_an_emoji_is_all_its_tokens() -> None:
    text = "x 👩 y"
    tokens = tokens_of(text)
    found = hit(explain(text, tokens, np.arange(len(tokens), dtype=float)), [(2, 3)])
    assert found is not None
    assert [tokens[place].text for place in found.positions] == ["👩", "", ""]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.0, 2.0, 3.0], Spread(2.0, 1.4826, 1.0, 3.0)),
        ([1.0, None, 2.0, 3.0, 100.0], Spread(2.5, 1.4826, 1.0, 100.0, (4,))),
        ([5.0, 5.0, 5.0, 6.0], Spread(5.0, 1.2533 / 4, 5.0, 6.0, (3,))),  # the median deviation is 0
        ([5.0] * 4, Spread(5.0, 0.0, 5.0, 5.0)),
        ([0.1 + 0.2, 0.3, 0.3, 0.3], Spread(0.3, 0.0, 0.3, 0.3)),  # rounding is no outlier
        ([1.0, 1.0, 9.0], Spread(1.0, 1.2533 * 8 / 3, 1.0, 9.0)),  # too few
        ([None], None),
    ],
)
def test_spread_by_hand(values: list[float | None], found: Spread | None) -> None:
    told = spread(values)
    if found is None or told is None:
        assert told is found
        return
    assert (told.median, told.deviation, told.low, told.high) == pytest.approx(
        (found.median, found.deviation, found.low, found.high)
    )
    assert told.outliers == found.outliers


def test_the_toy_says_what_each_keyword_does() -> None:
    """An additive toy, so that a token's score is its worth: not 0.5, good 2, bad −1, film 1."""
    found = compare_prompts(
        toy("additive"), TEMPLATE, ("film", "{how}", "zebra"), ("occlusion", "saliency"), target="yes"
    )
    assert found.prompts == ("the film was not good", "the film was good", "the film was bad")
    assert found.methods == ("occlusion", "saliency")
    by = {(track.keyword, track.method): track for track in found.keywords}
    film, how = by["film", "occlusion"], by["{how}", "occlusion"]
    assert [each and each.score for each in film.hits] == pytest.approx([1, 1, 1])
    assert [each and each.score for each in how.hits] == pytest.approx([2.5, 2, -1])
    assert [each and each.share for each in film.hits] == pytest.approx([1 / 3.5, 1 / 3, 1 / 2])
    assert [each and each.rank for each in film.hits] == [2, 2, 1]
    assert film.score == Spread(pytest.approx(1), 0.0, pytest.approx(1), pytest.approx(1))
    assert by["zebra", "occlusion"].hits == (None, None, None)
    assert by["zebra", "occlusion"].score is None


def test_the_target_is_the_first_answer_for_all() -> None:
    model = toy(lambda values: values.sum(1) - 1.2)
    found = compare_prompts(model, TEMPLATE, method="occlusion")
    assert {each.target.label for each in found.explanations} == {"yes"}
    assert [answer.label for answer in found.answers] == ["yes", "yes", "no"]
    expected = [1 / (1 + np.exp(-value)) for value in (2.3, 1.8, -1.2)]
    assert [each.probability for each in found.explanations] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("target", [None, " good", "representation"])
def test_the_target_has_the_same_ids_in_every_prompt(target: str | None) -> None:
    """A word of several tokens too."""
    found = compare_prompts(
        shared("gpt2", "next-token"), "the film was\nwas the film", method="saliency", target=target
    )
    assert len({each.target.ids for each in found.explanations}) == 1


@pytest.mark.parametrize("family,task", [row for row in ROWS if row[0] in ("roberta", "gpt2", "llama")])  # noqa: PT006
def test_every_task(family: str, task: Task) -> None:
    text = TEXTS[task]
    found = compare_prompts(shared(family, task), [text, f"{text} and you"], "film", "occlusion")
    assert len(found.explanations) == 2
    assert all(each is not None for each in found.keywords[0].hits)
    again = PromptComparison.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.keywords == found.keywords


def test_hostile_texts_are_only_texts() -> None:
    model = shared("gpt2", "next-token")
    found = compare_prompts(model, [HOSTILE[:30], "{x: 1|2} ${7*7}"], ("<script>", "${7*7}", "("), "saliency")
    hits = {track.keyword: [each is not None for each in track.hits] for track in found.keywords}
    assert hits == {"<script>": [True, False], "${7*7}": [False, True], "(": [True, False]}


def test_a_prompt_that_cannot_be_asked_is_left_out_with_its_reason() -> None:
    model = shared("bert", "classification")
    long = "the film " * 100
    found = compare_prompts(model, ["the film", long, " \n", "was good"], method="saliency")
    assert found.prompts == ("the film", "was good")
    assert set(found.failed) == {long, " \n"}
    assert len(found.alignment.positions) == len(found.answers) == 2
    with pytest.raises(TextTooLongError):
        compare_prompts(model, [long, "the film"])
    with pytest.raises(EmptyTextError):
        compare_prompts(model, [" ", "the film"])


def test_methods_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("additive")
    monkeypatch.setattr(model, "offers", frozenset({"attention"}))
    found = compare_prompts(model, ["good film"], method=("saliency", "occlusion"))
    assert (found.methods, set(found.unavailable)) == (("occlusion",), {"saliency"})
    with pytest.raises(MethodUnavailableError, match="needs gradients"):
        compare_prompts(model, ["good film"], method="saliency")
    gpt2 = shared("gpt2", "next-token")
    late = compare_prompts(gpt2, ["the film"], method={"occlusion": {"replacement": "mask"}, "saliency": {}})
    assert (late.methods, set(late.unavailable)) == (("saliency",), {"occlusion"})


def test_it_streams_after_each_prompt_and_stops() -> None:
    prompts = tuple(variations(TEMPLATE))
    asked = Prompts(toy("additive"), prompts, Target("yes"), Methods(("occlusion",)), Keywords(("film",)))
    said: list[float] = []
    seen = list(comparing_prompts(asked, lambda fraction, _: said.append(fraction)))
    assert [len(each.prompts) for each in seen] == [1, 2, 3]
    assert [len(each.keywords[0].hits) for each in seen] == [1, 2, 3]
    assert said == sorted(said)
    assert said[-1] == pytest.approx(1.0)

    def leave(fraction: float, _partial: Floats | None) -> None:
        if fraction > 0.4:
            raise Cancelled

    stream = comparing_prompts(asked, leave)
    assert len(next(stream).prompts) == 1
    with pytest.raises(Cancelled):
        next(stream)


def test_nothing_tracked_is_nothing() -> None:
    assert tracks([], {}, Keywords()) == ()
    assert compare_prompts(toy("additive"), ["good"]).keywords == ()
