"""Conversations in the words of real templates: what was said is found where it stands, and no token is added."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tokimp
from tests import models
from tests.tiny_tokenizers import byte_pairs
from tokimp.errors import InputError, UnsupportedModelError
from tokimp.models.chat import Chat, Message, chat
from tokimp.models.text_model import TextModel

DATA = Path(__file__).parent / "data"
REAL = ("mistral-nemo-instruct", "phi-3.5-mini-instruct")
TURNS: list[Message] = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "the film was not good"},
    {"role": "assistant", "content": "good"},
    {"role": "user", "content": "the film was not good"},
]
TRIMMING = "{% for m in messages %}<{{ m.role }}>\n\n{{ m.content | trim }}\n<end>\n{% endfor %}"
TWICE = "{% for m in messages %}{{ m.content }} / {{ m.content }}\n{% endfor %}"
CUTTING = "{% for m in messages %}[{{ m.content.split('</think>')[-1].lstrip('\\n') }}]{% endfor %}"


def talking(template: str, family: str = "llama") -> TextModel:
    model = models.tiny(family, "next-token", max_position_embeddings=512)
    model.tokenizer.chat_template = template
    return model


def real(name: str) -> TextModel:
    return talking((DATA / f"{name}.jinja").read_text(encoding="utf-8"))


def said(found: Chat) -> list[tuple[str, str]]:
    return [(segment, found.text[start:end]) for start, end, segment in found.roles if segment != "template"]


def ids_of(model: TextModel, turns: list[Message]) -> list[int]:
    """As transformers has them."""
    coded = model.tokenizer.apply_chat_template(
        [dict(turn) for turn in turns], add_generation_prompt=True, tokenize=True, return_dict=True
    )
    return list(coded["input_ids"])


def check(model: TextModel, turns: list[Message]) -> Chat:
    """The round trip: ranges without gaps, the ids of transformers, everything said free and nothing else."""
    found = chat(model, turns)
    edges = [edge for start, end, _ in found.roles for edge in (start, end)]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (0, len(found.text))
    assert edges[1:-1:2] == edges[2::2]
    inputs = model.encode(found.text, roles=found.roles)
    assert inputs.ids.tolist() == ids_of(model, turns)
    for token, fixed in zip(inputs.tokens, inputs.fixed, strict=True):
        if not token.special and token.end > token.start:
            assert fixed == (token.segment == "template")
    return found


@pytest.mark.parametrize("name", REAL)
def test_round_trip_on_real_templates(name: str) -> None:
    found = check(real(name), TURNS)
    assert sorted(said(found)) == sorted((turn["role"], turn["content"]) for turn in TURNS)


@pytest.mark.packs
def test_round_trip_on_the_template_of_smollm2() -> None:
    model = tokimp.load("smollm2-135m")
    assert said(check(model, TURNS)) == [(turn["role"], turn["content"]) for turn in TURNS]
    alone = tokimp.chat(model, "Who are you?")
    assert said(alone) == [("user", "Who are you?")]
    assert alone.text.startswith("<|im_start|>system\nYou are a helpful AI assistant")
    assert alone.text.endswith("<|im_start|>assistant\n")


def test_a_system_message_may_stand_where_the_template_wants_it() -> None:
    """Mistral's comes with the last words of the user."""
    found = chat(real("mistral-nemo-instruct"), TURNS)
    assert [segment for segment, _ in said(found)] == ["user", "assistant", "system", "user"]
    assert found.text.startswith("<s>[INST]the film")
    assert chat(real("mistral-nemo-instruct"), TURNS[1:], system="You are brief.") == found


def test_a_template_that_trims() -> None:
    turns: list[Message] = [{"role": "user", "content": "\n\n good film \n"}, {"role": "assistant", "content": "film"}]
    assert said(check(talking(TRIMMING), turns)) == [("user", "good film"), ("assistant", "film")]


def test_white_space_that_stays_belongs_to_the_message() -> None:
    found = chat(real("phi-3.5-mini-instruct"), [{"role": "user", "content": "\n good \n"}])
    assert said(found) == [("user", "\n good \n")]


def test_what_stands_twice_and_what_was_cut() -> None:
    assert said(chat(talking(TWICE), "good film")) == [("user", "good film")] * 2
    thought = {"role": "assistant", "content": "<think>bad</think>\n\ngood film"}
    assert said(check(talking(CUTTING), [TURNS[1], thought])) == [
        ("user", "the film was not good"),
        ("assistant", "good film"),
    ]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=4))
def test_any_words(texts: list[str]) -> None:
    turns = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    for template in (TRIMMING, TWICE):
        found = chat(talking_once(template), turns)
        for segment, text in said(found):
            assert any(turn["role"] == segment and text in turn["content"] for turn in turns)
        shown = sum(len(text) for _, text in said(found))
        assert shown >= sum(len(text.strip()) for text in texts)


def talking_once(template: str) -> TextModel:
    model = models.shared("gpt2", "next-token")
    copied = type(model)(model.network, byte_pairs(), task="next-token", key="tiny", revision="0")
    copied.tokenizer.chat_template = template
    return copied


def test_template_and_pinned_tokens_stay_and_score_nothing() -> None:
    model = real("phi-3.5-mini-instruct")
    found = chat(model, TURNS)
    pinned = (*found.roles, (found.text.index("You"), found.text.index("brief"), "pinned"))
    for method in ("occlusion", "shapley_sampling", "integrated_gradients"):
        e = tokimp.ask(model, found.text, target=10, roles=pinned).explain(method)
        kept = np.array([token.segment in ("template", "pinned") for token in e.tokens])
        assert {token.segment for token in e.tokens} == {"template", "system", "user", "assistant", "pinned"}
        np.testing.assert_array_equal(e.scores[kept], 0)
        assert np.abs(e.scores[~kept]).max() > 0
        again = tokimp.ask(model, found.text, target=10, roles=e.request.roles).explain(method)
        np.testing.assert_array_equal(again.scores, e.scores)


def test_the_template_is_taken_away_where_that_is_asked() -> None:
    model = real("phi-3.5-mini-instruct")
    found = chat(model, TURNS)
    free = [role for role in found.roles if role[2] != "template"]
    inputs = model.encode(found.text, roles=free)
    assert inputs.ids.tolist() == ids_of(model, TURNS)
    assert len(inputs.free) == sum(not token.special for token in inputs.tokens)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(UnsupportedModelError, match="has no chat template"):
        chat(models.shared("llama", "next-token"), "good film")
    with pytest.raises(InputError, match="does not take these messages: After the optional system message"):
        chat(real("mistral-nemo-instruct"), TURNS[2:])
    with pytest.raises(InputError, match="does not take these messages"):
        chat(talking("{{ messages[0].nothing.at_all }}"), "good film")
    with pytest.raises(InputError, match="does not take these messages"):
        chat(talking("{{ ''.__class__.__mro__ }}"), "good film")  # the sandbox
    with pytest.raises(UnsupportedModelError, match="rewrites its messages"):
        chat(talking("{{ messages[0].content | length }}"), "good film")
    for wrong in ([], [{"role": "user"}], [{"role": "user", "content": None}]):
        with pytest.raises(InputError, match="A message is a role and a text"):
            chat(real("phi-3.5-mini-instruct"), wrong)  # type: ignore[arg-type]
