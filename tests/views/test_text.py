"""The coloured text says exactly what was typed, and adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.examples import HOSTILE, explain, hostile, tokens_of, with_specials
from tests.views.markup import Markup
from tokimp.types import Token
from tokimp.views.characters import drawable
from tokimp.views.pieces import typed_pieces
from tokimp.views.text import legend, legend_html, plain_payload, text_payload, token_items, tokens_html, word_items

SEED = "Among the crowd stood a kind-hearted little"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text(" \n\t\r<&\"'a", max_size=20)


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, tuple[Token, ...]]:
    """A text with tokens cut anywhere: with gaps, empty ones, and ones that share a character."""
    text = draw(ANY_TEXT)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        start = at + draw(st.integers(0, 2))
        end = min(start + draw(st.integers(1, 4)), len(text))
        if start >= end:
            break
        tokens.append(Token(text[start:end], 1, start, end))
        if draw(st.booleans()):
            tokens.append(Token("", 2, end - 1, end))
        at = end
    return text, with_specials(tokens)


@given(cut_texts())
def test_the_page_holds_what_was_typed(cut: tuple[str, tuple[Token, ...]]) -> None:
    text, tokens = cut
    assert Markup(tokens_html(explain(text, tokens))).typed == drawable(text)


@given(cut_texts())
def test_the_payload_holds_what_was_typed(cut: tuple[str, tuple[Token, ...]]) -> None:
    text, tokens = cut
    payload = text_payload(explain(text, tokens))
    for unit in ("tokens", "words"):
        items = [item for item in payload[unit]["items"] if not item["added"]]
        assert "".join(item["gap"] + item["text"] for item in items) + payload["tail"] == drawable(text)


@given(cut_texts())
def test_words_keep_every_token_and_the_sum(cut: tuple[str, tuple[Token, ...]]) -> None:
    text, tokens = cut
    explanation = explain(text, tokens, stderr=np.full(len(tokens), 0.5))
    words = word_items(explanation)
    assert [index for word in words for index in word["indices"]] == list(range(len(tokens)))
    assert sum(word["score"] for word in words) == pytest.approx(explanation.scores.sum(), abs=1e-12)
    for word in words:
        assert word["stderr"] == pytest.approx(0.5 * len(word["indices"]) ** 0.5)


def test_subwords_join_into_words_as_typed() -> None:
    words = [
        ("In", [0, 2]), (" kind", [2, 7]), ("-", [7, 8]), ("he", [8, 10]), ("arted", [10, 15]), (" don", [15, 19]),
        ("'t", [19, 21]), (".", [21, 22]), ("\n", [22, 23]), ("日", [23, 24]), ("本", [24, 25]), ("👍", [25, 26]),
        ("", [25, 26]), ("🏽", [26, 27]), (" हि", [27, 30]), ("न्दी", [30, 34]),
    ]  # fmt: skip
    tokens = [Token(text, 1, *span) for text, span in words]
    text = "In kind-hearted don't.\n日本👍🏽 हिन्दी"
    joined = [item["text"] for item in word_items(explain(text, tokens))]
    assert joined == ["In", " kind-hearted", " don't", ".", "\n", "日", "本", "👍🏽", " हिन्दी"]


def test_special_tokens_never_join_a_word() -> None:
    tokens = with_specials([Token("un", 1, 0, 2), Token("seen", 2, 2, 6)])
    assert [item["text"] for item in word_items(explain("unseen", tokens))] == ["[CLS]", "unseen", "[SEP]"]


def test_an_item_says_everything_about_its_token() -> None:
    tokens = [Token("a", 1, 0, 1), Token(" girl", 2, 1, 6), Token("\n", 3, 6, 7)]
    explanation = explain("a girl\n", tokens, [0.1, 0.6, -0.3], stderr=[0.0, 0.02, 0.0])
    item = token_items(explanation)[1]
    assert (item["rank"], item["bucket"], item["share"]) == (1, "tkp10", pytest.approx(0.6))
    assert item["label"] == "girl, pushes towards, 0.600 ± 0.020, rank 1 of 3"
    assert item["tip"] == ["“ girl”", "0.600 ± 0.020", "pushes towards", "rank 1 of 3 · 60\u202f% of all"]
    assert token_items(explanation)[2]["label"] == "line break, pushes away, −0.3 ± 0, rank 2 of 3"


def test_what_may_be_nothing_says_so_and_is_dotted() -> None:
    explanation = explain("a b c", scores=[0.5, 0.39, -0.3], stderr=[0.1, 0.2, 0.0])
    items = token_items(explanation)
    assert [item["maybe"] for item in items] == [False, True, False]
    assert items[1]["label"] == "b, not distinguishable from 0, 0.39 ± 0.20, rank 2 of 3"
    assert items[1]["tip"][2] == "not distinguishable from 0"
    assert text_payload(explanation)["tokens"]["legend"]["doubt"].startswith("not distinguishable from 0")
    page = Markup(tokens_html(explanation) + legend_html(explanation))
    assert [tag for tag, _ in page.tags].count("u") == 2  # the token, and the legend's sample
    assert "0.39 ± 0.20, may be 0" in page.attributes("title")


def test_the_legend_is_silent_where_all_scores_are_certain() -> None:
    certain = explain("a b", scores=[0.5, 0.4], stderr=[0.1, 0.2])  # two errors away are enough
    assert text_payload(certain)["tokens"]["legend"]["doubt"] == ""
    assert "dotted" not in legend_html(certain)
    assert "dotted" not in legend_html(explain("a b", scores=[0.5, 0.4]))


@pytest.mark.parametrize(("players", "error"), [("tokens", 0.5 * 2**0.5), ("words", 1.0), ("sentences", 1.0)])
def test_tokens_that_share_a_players_score_err_together(players: str, error: float) -> None:
    tokens = [Token("un", 1, 0, 2), Token("seen", 2, 2, 6)]
    explanation = explain("unseen", tokens, [2.0, 2.0], stderr=[0.5, 0.5])
    asked = replace(explanation, request=replace(explanation.request, options={"players": players}))
    word = word_items(asked)[0]
    assert (word["score"], word["stderr"]) == (4.0, pytest.approx(error))


def test_an_unsigned_score_does_not_push() -> None:
    explanation = explain("a b", scores=[0.4, 0.2], signed=False)
    assert [item["bucket"] for item in token_items(explanation)] == ["tku10", "tku5"]
    assert "push" not in str(text_payload(explanation)) + legend_html(explanation)


def test_whitespace_with_a_score_can_be_seen() -> None:
    page = Markup(tokens_html(explain("a\n\tb ", scores=[1, -2, 3, 0, 0])))
    assert page.attributes("data-mark") == ["⏎", "⇥"]
    assert page.typed == "a\n\tb "


def test_pieces_of_one_character_keep_their_scores_visible() -> None:
    page = Markup(tokens_html(explain("👩", scores=[1.0, -2.0, 3.0])))
    assert [name for name in page.attributes("class") if "tk-piece" in name] == ["tkn7 tk-piece", "tkp10 tk-piece"]
    assert page.typed == "👩"


def test_what_the_question_keeps_is_muted_and_says_so() -> None:
    text, roles = "un a b c", ((0, 4, "pinned"), (7, 12, "pinned"))
    pieces = [(0, 1), (1, 2), (2, 4), (4, 6), (6, 8)]
    tokens = [
        Token(text[start:end], 1, start, end, segment="input" if i == 3 else "pinned")
        for i, (start, end) in enumerate(pieces)
    ]
    tokens[4] = replace(tokens[4], segment="input")
    tokens.append(Token(" d", 1, 8, 10, segment="generated"))
    explanation = explain(text, tokens, [0.0, 0.0, 0.2, 0.0, -0.5, 0.0])
    explanation = replace(explanation, request=replace(explanation.request, roles=roles))
    items = token_items(explanation)
    assert [item["pinned"] for item in items] == [True, True, False, False, False, True]
    assert items[0]["label"] == "u, always stays"
    assert items[0]["tip"] == ["“u”", "always stays", "it cannot be taken away"]
    assert items[4]["label"] == "c, pushes away, −0.5, rank 1 of 3"
    assert items[3]["label"].endswith("rank 3 of 3")  # of what can be taken away, also where it changes nothing
    assert [word["pinned"] for word in word_items(explanation)] == [True, False, False, False, True]
    page = Markup(tokens_html(explanation) + legend_html(explanation))
    assert page.attributes("class").count("tk0 tk-pinned") == 3
    assert page.attributes("title").count("always stays: it cannot be taken away") == 3
    assert "Grey text always stays" in legend_html(explanation)
    assert "Grey text" not in legend_html(explain(text, tokens[:3]))


def test_generated_tokens_follow_the_text() -> None:
    tokens = [Token("One", 1, 0, 3), Token(" two", 2, 3, 7, segment="generated")]
    assert Markup(tokens_html(explain("One", tokens, [1.0, 0.5]))).typed == "One two"


def test_text_past_the_last_token_is_shown() -> None:
    pieces, tail = typed_pieces([Token("One", 1, 0, 3)], "One two")
    assert ([piece.text for piece in pieces], tail) == (["One"], " two")


def test_the_legend_has_the_numbers_of_both_ends() -> None:
    facts = legend(explain("a b", scores=[0.53, -0.2]))
    assert (facts["low"], facts["high"], facts["left"], facts["right"]) == (
        "−0.53", "0.53", "◄ pushes away", "pushes towards ►",
    )  # fmt: skip
    assert legend(explain("a b", scores=[0.0, 0.0]))["high"] == "0"
    assert legend(explain("a b", scores=[0.5, 0.2]), scale=2.0)["high"] == "2"


def test_text_without_scores_can_be_picked_from() -> None:
    payload = plain_payload(tokens_of("a b"), "a b", "masks it")
    assert [item["label"] for item in payload["tokens"]["items"]] == ["a, Enter masks it", "b, Enter masks it"]
    assert payload["tokens"]["legend"] is None


def test_hostile_tokens_become_no_markup() -> None:
    page = Markup(tokens_html(hostile()))
    assert {tag for tag, _ in page.tags} == {"div", "span", "bdi"}
    assert page.typed == drawable(HOSTILE)
    assert "${7*7} {{x}} `tick` \\n \\u0041" in page.typed


def test_golden_tokens(golden: Callable[[str, str], None]) -> None:
    golden("tokens.html", tokens_html(explain(SEED)))
    golden("tokens_hostile.html", tokens_html(hostile(stderr=np.full(len(hostile().tokens), 0.1))))
    golden("legend.html", legend_html(explain(SEED)))
