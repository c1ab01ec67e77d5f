"""The tab Inside with a model that reads one text and writes another."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models import TEXTS, shared, tiny
from tests.ui.test_inside import run, told
from tokimp.errors import LinkError
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seeing import look
from tokimp.internals.looks.seen import Seen
from tokimp.models.text_model import TextModel
from tokimp.share import PARAMETER, from_link, to_code
from tokimp.types import Request
from tokimp.ui import arguments, controls, revisions, work
from tokimp.ui.arrival import Arrival
from tokimp.ui.desk import Desk
from tokimp.ui.inside import handlers, opening, sharing, statics
from tokimp.ui.inside.answer import answer_of, source_of
from tokimp.ui.inside.pointing import pointed
from tokimp.ui.inside.state import Selection, Shown
from tokimp.ui.inside.tab import every_model, form_payload
from tokimp.ui.state import Asked
from tokimp.ui.tasks import task_of
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "inside")
TEXT = TEXTS["seq2seq"]
VIEWS = ("attention", "token_probabilities", "network")


@pytest.fixture(scope="module")
def model() -> TextModel:
    return shared("t5", "seq2seq")


@pytest.fixture
def desk(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(work, "model_for", lambda _asked: model)
    monkeypatch.setattr(revisions, "held", lambda _name, _task: model)
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "1")
    return Desk()


@pytest.fixture
def shown(model: TextModel) -> Shown:
    return Shown(Asked("seq2seq", model.key, TEXT, ""))


def changed(moments: list[dict[str, Any]], part: str) -> Any:
    return next(each[part] for each in reversed(moments) if part in each)


def matrix(payload: dict[str, Any]) -> np.ndarray:
    rows, columns = (len((payload[axis] or payload["queries"])["labels"]) for axis in ("queries", "keys"))
    return np.frombuffer(base64.b64decode(payload["values"]), dtype="<f2").reshape(rows, columns)


def test_the_answer_is_written_once_for_all_views(desk: Desk, shown: Shown) -> None:
    moments = run(desk, shown, *VIEWS)
    seen = moments[-1]["shown"].seen
    answers = {each.request.generated for each in seen.values()}
    assert len(answers) == 1
    written = len(answers.pop())
    assert written > 0
    assert seen["attention"].evaluations > written
    assert max(seen[view].evaluations for view in VIEWS[1:]) < 4
    again = handlers.follow(desk, moments[-1]["shown"], VIEWS, {}, VISITOR)
    assert "question" not in again


def test_the_answer_stands_behind_the_text_and_is_told_apart(desk: Desk, shown: Shown) -> None:
    moments = run(desk, shown, "attention")
    seen = moments[-1]["shown"].seen["attention"]
    items = changed(moments, "strip")["tokens"]["items"]
    assert [bool(item.get("answer")) for item in items] == [token.segment == "generated" for token in seen.tokens]
    assert items[source_of(seen)]["added"]
    assert items[-1]["label"].endswith(", of the answer")
    assert "".join(item["gap"] + item["text"] for item in items if not item["added"]) == TEXT + answer_of(seen)


def test_rows_are_the_answers_tokens_and_columns_the_texts(desk: Desk, shown: Shown) -> None:
    moments = run(desk, shown, "attention")
    payload = changed(moments, "attention_map")["value"]
    seen = moments[-1]["shown"].seen["attention"]
    source = source_of(seen)
    assert (payload["queries"]["first"], payload["keys"]["first"]) == (source, 0)
    assert len(payload["keys"]["labels"]) == source
    np.testing.assert_allclose(matrix(payload).astype(np.float64).sum(-1), 1, atol=5e-3)
    assert payload["title"] == "The answer’s attention to the text: mean over all layers and heads"
    grid = changed(moments, "attention_grid")["value"]
    assert (grid["size"][:2], grid["first"], grid["layer"]) == ([2, 4], 3, "decoder layer")
    assert "as the decoder reads it" in told(changed(moments, "told_attention"))


@pytest.mark.parametrize(("part", "layer"), [("encoder", 2), ("decoder", 5), ("cross", 5)])
def test_a_part_a_layer_and_a_head_are_chosen(
    desk: Desk, shown: Shown, model: TextModel, part: str, layer: int
) -> None:
    pointing = replace(shown, selection=Selection(layer=layer, head=1))
    moments = run(desk, pointing, "attention", settings={"attention": {"part": part}})
    seen = moments[-1]["shown"].seen["attention"]
    wanted = look(model, TEXT, "attention", generated=seen.request.generated, part=part, layer=layer, head=1)
    np.testing.assert_allclose(matrix(changed(moments, "attention_map")["value"]), wanted["map"], atol=1e-3)
    named = "Encoder layer 2" if part == "encoder" else "Decoder layer 2"
    assert changed(moments, "attention_map")["value"]["title"].endswith(f"{named.lower()}, head 2")
    assert f"{named.lower()}, head 2" in told(changed(moments, "pointed"))


@pytest.mark.parametrize(
    ("part", "click", "wanted"),
    [
        ("attention_grid", {"kind": "head", "index": [3, 2]}, Selection(layer=4, head=2)),
        ("attention_grid", {"kind": "layer", "index": 4}, Selection(layer=5)),
        ("network_paths", {"kind": "token", "index": 1, "layer": 5}, Selection(token=1, layer=5)),
        ("attention_map", {"kind": "cell", "index": [7, 1]}, Selection(token=7, key=1)),
        ("attention_map", {"kind": "token", "index": 2, "axis": "key"}, Selection(token=2)),
    ],
)
def test_a_click_counts_through_both_networks(
    desk: Desk, shown: Shown, part: str, click: dict[str, Any], wanted: Selection
) -> None:
    assert pointed(part, click, run(desk, shown, *VIEWS)[-1]["shown"]) == wanted


def test_a_network_alone_knows_its_layers(desk: Desk, shown: Shown) -> None:
    latest = run(desk, shown, "network")[-1]["shown"]
    click = {"kind": "token", "index": 1, "layer": 9}
    assert pointed("network_paths", click, latest) == Selection(token=1, layer=5)


def test_a_click_in_the_answers_words_points_at_them(desk: Desk, shown: Shown) -> None:
    moments = run(desk, shown, "token_probabilities")
    seen = moments[-1]["shown"].seen["token_probabilities"]
    items = changed(moments, "probability_text")["value"]["tokens"]["items"]
    first = source_of(seen) + 1
    assert [item["indices"] for item in items] == [[place] for place in range(first, len(seen.tokens))]
    assert all(len(item["tip"]) == 4 for item in items)
    assert "Perplexity of the answer" in told(changed(moments, "told_token_probabilities"))


def test_views_of_one_line_say_why_they_are_not_there(desk: Desk, shown: Shown) -> None:
    others = [view for view in LOOKS if view not in VIEWS]
    moments = run(desk, shown, *others)
    for view in others:
        assert "reads one and writes another" in told(changed(moments, f"told_{view}"))
    assert not moments[-1].get("shown", shown).seen


def test_a_link_and_its_files_hold_the_answer(desk: Desk, shown: Shown) -> None:
    seen = run(desk, replace(shown, selection=Selection(layer=4)), "attention")[-1]["shown"].seen["attention"]
    request = from_link(sharing.share_payload(seen)["code"])
    assert request == seen.request
    assert len(request.generated) > 0
    assert Seen.from_json(statics.content(seen, ".json").decode()).request == request
    page = statics.content(seen, ".html").decode()
    assert f"{len(request.generated)} tokens" in page
    table = list(csv.reader(io.StringIO(statics.content(seen, ".csv").decode())))
    queries, keys = ({int(row[column]) for row in table[1:]} for column in (0, 1))
    source = source_of(seen)
    assert (queries, keys) == (set(range(source, len(seen.tokens))), set(range(source)))
    for figure in (0, 1):
        assert statics.content(seen, ".svg", figure=figure).startswith(b"<svg")
        assert statics.content(seen, ".png", figure=figure).startswith(b"\x89PNG")


def test_a_link_opens_with_its_own_answer(desk: Desk, model: TextModel) -> None:
    asked = look(model, TEXT, "attention", generated=(9, 10), part="decoder").request
    arrival = Arrival(False, desk)
    request = opening.linked({PARAMETER: to_code(asked)})
    assert request == asked
    changes = opening.opened(arrival, asked, VISITOR)
    assert [field["name"] for field in changes["options_attention"]["fields"]] == ["part", "measure"]
    moments = list(handlers.run(desk, changes["question"], changes["shown"], VISITOR, changes["turn"]))
    assert moments[-1]["shown"].seen["attention"].request == asked
    assert desk.wanted_look(asked, "a visitor") is not None


def test_a_part_is_offered_where_there_are_two_networks(desk: Desk, shown: Shown) -> None:
    assert "part" not in [field["name"] for field in form_payload("attention")["fields"]]
    assert "first" not in [field["name"] for field in form_payload("network", task="seq2seq")["fields"]]
    set_before = {"attention": {"measure": "norms"}}
    first = handlers.follow(desk, shown, (), set_before, VISITOR)
    fields = {field["name"]: field["value"] for field in first["options_attention"]["fields"]}
    assert fields == {"part": "cross", "measure": "norms"}
    assert "options_attention" not in handlers.follow(desk, first["shown"], (), {}, VISITOR)
    decoder = replace(first["shown"], asked=replace(shown.asked, task="next-token"))
    back = handlers.follow(desk, decoder, (), {"attention": {"part": "encoder"}}, VISITOR)
    assert [field["name"] for field in back["options_attention"]["fields"]] == ["measure"]
    assert "part" not in decoder.of("attention", {"attention": {"part": "encoder"}}).options


def test_a_part_that_is_none_is_told_of_a_link(desk: Desk) -> None:
    request = Request("gpt2", "", "next-token", TEXT, "", view="attention", options={"part": "encoder"})
    changes = opening.opened(Arrival(False, desk), request, VISITOR)
    assert "There is no part encoder" in told(changes["status"])
    with pytest.raises(LinkError):
        from_link("?r=")


@pytest.mark.parametrize("wrong", [[-1], ["9"], "9", [True], [9] * 4_097])
def test_a_program_gives_an_answer_as_ids(wrong: Any) -> None:
    asked = {"text": TEXT, "model": "t5-small", "task": None, "view": "attention", "options": None}
    assert arguments.problems(asked | {"generated": [9, 10]}) == {}
    assert arguments.asked_with(asked | {"generated": [9, 10]}).generated == (9, 10)
    assert arguments.asked_with(asked | {"generated": None}).generated == ()
    assert "The answer" in arguments.problems(asked | {"generated": wrong})["generated"]


def test_models_that_write_another_text_are_offered(desk: Desk) -> None:
    listed = every_model(Arrival(False, desk), "t5-small")["groups"]
    assert "t5-small" in [option["value"] for option in listed[-1]["options"]]
    assert task_of("t5-small") == "seq2seq"


def test_a_folder_says_what_its_model_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny("bert", "masked-lm").network.config.save_pretrained(tmp_path)
    assert task_of(str(tmp_path)) == "next-token"  # this config names no class, and its family has two tasks
    tiny("t5", "seq2seq").network.config.save_pretrained(tmp_path)
    assert task_of(str(tmp_path)) == "seq2seq"
    network = tiny("t5", "seq2seq").network
    network.save_pretrained(tmp_path)
    assert task_of(str(tmp_path)) == "seq2seq"
    monkeypatch.setattr(controls, "any_model_allowed", lambda: False)
    assert task_of(str(tmp_path)) == "next-token"
    assert task_of("") == "next-token"
