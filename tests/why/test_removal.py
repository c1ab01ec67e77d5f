"""What the model would say without the token, with another, or with it elsewhere: against plain forward passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import toys
from tests.models import TEXTS, shared
from tokimp.models.text_model import TextModel
from tokimp.reasons import Reason
from tokimp.watch import Watch
from tokimp.why.case import Case, case_of
from tokimp.why.removal import instead, moved, without


def case(model: TextModel, text: str, token: int, method: str = "gradient_x_input", **options: Any) -> Case:
    return case_of(model, tokimp.explain(model, text, method, **options), token, Watch())


def rows(reason: Reason | None) -> dict[str, float]:
    assert reason is not None
    return {row.name: row.value for row in reason.numbers}


def plain(model: TextModel, ids: list[int]) -> torch.Tensor:
    """Logits (class or vocabulary,) by the network itself: of a class, or of the next token."""
    with torch.no_grad():
        logits = model.network(input_ids=torch.tensor([ids])).logits[0]
    return logits if model.task == "classification" else logits[-1]


def test_mask_and_deletion_are_both_told() -> None:
    model = shared("bert", "classification")
    asked = case(model, TEXTS["classification"], 4)
    ids, target = asked.inputs.ids.tolist(), asked.question.target.index
    masked, deleted = plain(model, [*ids[:4], 4, *ids[5:]]), plain(model, [*ids[:4], *ids[5:]])
    found = without(asked)
    told = rows(found)
    assert told["value when masked"] == pytest.approx(float(masked[target]), abs=1e-5)
    assert told["value when deleted"] == pytest.approx(float(deleted[target]), abs=1e-5)
    assert told["probability when masked"] == pytest.approx(float(masked.softmax(0)[target]), abs=1e-6)
    assert model.labels[int(masked.argmax())] in found.sentence
    assert found.sentence.startswith("Without “not” (masked), the model would")


def test_it_is_taken_away_as_the_method_does_it() -> None:
    model = shared("bert", "classification")
    told = without(case(model, TEXTS["classification"], 4, "occlusion", replacement="pad"))
    assert "(replaced by padding)" in told.sentence
    assert [name for name in rows(told) if name.startswith("value when")] == [
        "value when replaced by padding",
        "value when masked",
        "value when deleted",
    ]


def test_a_decoders_token_is_deleted_and_its_answer_read_anew() -> None:
    model = shared("gpt2", "next-token")
    asked = case(model, "the film was not", 1)
    ids = asked.inputs.ids.tolist()
    logits = plain(model, [ids[0], *ids[2:]])
    told = rows(without(asked))
    assert told["value when deleted"] == pytest.approx(float(logits[asked.question.target.index]), abs=1e-5)
    assert "value when masked" not in told


def test_special_tokens_are_deleted_where_nothing_is_read() -> None:
    model = shared("bert", "classification")
    asked = case(model, TEXTS["classification"], 6)
    assert asked.explanation.tokens[6].text == "[SEP]"
    logits = plain(model, asked.inputs.ids.tolist()[:-1])
    told = without(asked)
    assert rows(told)["value when deleted"] == pytest.approx(float(logits[asked.question.target.index]), abs=1e-5)
    assert told.notes
    assert instead(asked) is None
    assert moved(asked) is None
    read = without(case(model, TEXTS["classification"], 0))
    assert "Here the answer is read" in read.sentence
    assert read.numbers == ()


def test_what_stands_in_its_place_is_not_the_token_itself() -> None:
    model = shared("gpt2", "next-token")
    asked = case(model, "the film was not", 2)
    ids = asked.inputs.ids.tolist()
    others, source = asked.alternatives
    assert len(others) == 5
    assert ids[2] not in others
    assert source == "tokens that the model would write there"
    likely = plain(model, ids[:2]).argsort(descending=True).tolist()
    assert (
        list(others) == [each for each in likely if each != ids[2] and each not in model.tokenizer.all_special_ids][:5]
    )
    told = instead(asked)
    logits = [plain(model, [*ids[:2], other, *ids[3:]]) for other in others]
    target = asked.question.target.index
    assert told is not None
    values = [row.value for row in told.numbers if row.name.endswith(", value")]
    assert values == pytest.approx([float(each[target]) for each in logits], abs=1e-5)
    assert "“ was”" in told.sentence


def test_a_classifier_without_a_helper_gets_random_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    from tokimp.errors import NoBaselineError
    from tokimp.models import proposals

    def missing() -> TextModel:
        raise NoBaselineError("It is not installed.")

    monkeypatch.setattr(proposals, "_helper", missing)
    found = instead(case(shared("bert", "classification"), TEXTS["classification"], 4))
    assert found is not None
    assert "over 5 random tokens" in found.sentence


def test_moving_is_worth_what_the_order_is() -> None:
    """The toy sums value × position: [CLS] good film bad [SEP] is 1·2 + 2·1 − 3·1."""
    model = toys.toy("order")
    asked = case(model, "good film bad", 1, "occlusion", target="yes")
    assert asked.whole == pytest.approx(1.0)
    told = rows(moved(asked))
    assert told["to the end, value"] == pytest.approx(1 - 2 + 6)
    assert told["behind the token on its right, value"] == pytest.approx(1 + 4 - 3)
    assert "to the beginning, value" not in told


def test_a_word_is_moved_whole_and_a_decoders_last_token_stays() -> None:
    model = shared("gpt2", "next-token")
    asked = case(model, "the xyz film was", 2)
    assert len(asked.word) > 1
    found = moved(asked)
    assert found is not None
    assert found.sentence.startswith("With its whole word moved")
    assert not any(name.startswith("to the end") for name in rows(found))
    last = case(model, "the film was", 2)
    assert moved(last) is None


def test_the_mask_that_is_read_moves_with_the_text() -> None:
    model = shared("bert", "masked-lm")
    asked = case(model, TEXTS["masked-lm"], 1)
    ids = asked.inputs.ids.tolist()
    told = rows(moved(asked))
    order = [*ids[:1], *ids[2:-1], ids[1], ids[-1]]
    with torch.no_grad():
        logits = model.network(input_ids=torch.tensor([order])).logits[0, order.index(model.tokenizer.mask_token_id)]
    assert told["to the end, value"] == pytest.approx(float(logits[asked.question.target.index]), abs=1e-5)
    assert np.isfinite(list(told.values())).all()
