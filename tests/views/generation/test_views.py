"""An explained answer drawn: every stop has its colours, blanks are blank, hostile tokens are text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.views.generation.made import ANSWER, explained, hostile
from tests.views.inside.trees import check_drawing, every, nodes, titles
from tests.views.markup import Markup
from tokimp.assets import read_asset
from tokimp.errors import OptionError
from tokimp.generation import GenerationExplanation, Span
from tokimp.types import Token
from tokimp.views.characters import drawable
from tokimp.views.drawing import Node, markup
from tokimp.views.generation import page
from tokimp.views.generation.heat import MOST_CELLS, grid_of, heat_figure
from tokimp.views.generation.page import generation_body, generation_fragment, generation_page, generation_title
from tokimp.views.generation.payload import generation_payload
from tokimp.views.generation.sheet import COLUMNS, generation_csv
from tokimp.views.generation.stops import shared_scale, stops, unsure_sentence
from tokimp.views.generation.table import table_tree
from tokimp.views.generation.text import answer_tree, prompt_tree


def typed(tree: Node) -> str:
    """The text of a block without its title."""
    return Markup(markup(tree)).typed.removeprefix("Prompt").removeprefix("Answer")


def shades_in(figure: Node) -> list[str]:
    """Classes of the cells, row by row as they stand: (row, column) -> class."""
    cells = {}
    for tag, facts, _ in every(figure):
        if tag == "path" and "tk-cell" in str(facts["class"]):
            for x, y in re.findall(r"M(\S+) (\S+?)h", facts["d"]):
                cells[float(y), float(x)] = str(facts["class"]).split()[1]
    return [cells[at] for at in sorted(cells)]


def test_the_total_comes_first_and_then_a_stop_a_row() -> None:
    made = explained()
    found = stops(made)
    assert [stop.place for stop in found] == [-1, *range(made.start, made.start + len(ANSWER))]
    np.testing.assert_array_equal(found[0].scores, made.total.scores)  # type: ignore[union-attr]
    assert found[0].head == "Total of all 5 tokens"
    assert found[3].head == "Token 3 of 5: “ of”, 4\u202f%"
    assert shared_scale(found) == pytest.approx(np.abs(made.matrix).max())
    assert max(abs(shade) for stop in found[1:] for shade in stop.shades(shared_scale(found))) == 10


def test_while_rows_come_the_total_is_their_sum() -> None:
    made = explained(rows=2)
    found = stops(made)
    assert found[0].head == "Total so far: 2 of 5 tokens"
    np.testing.assert_allclose(found[0].scores, made.matrix[:, : made.start].sum(axis=0), rtol=0, atol=0)
    assert len(found) == 3
    assert stops(explained(rows=0)) == []


def test_a_span_names_its_tokens() -> None:
    made = explained(span=Span(1, 3))
    found = stops(made)
    assert found[0].head == "Total of tokens 2 to 3"
    assert [stop.place - made.start for stop in found[1:]] == [1, 2]
    assert len(found[0].scores) == made.start + 1
    assert generation_title(made) == "Why “, of”?"
    assert stops(explained(span=Span(2, 3)))[0].head == "Total of one token"


def test_what_the_model_doubted_is_named_and_marked() -> None:
    made = explained()
    assert unsure_sentence(made) == "Least sure of “ of” 4\u202f%, “,” 30\u202f%, “ course” 30\u202f%."
    tree = answer_tree(made, None, 0.0, True)
    assert [each[2] for each in nodes(tree, "span", "tk-doubted")] == ["of"]
    assert [each[2] for each in nodes(tree, "span", "tk-doubtful")] == [",", "course"]


@pytest.mark.parametrize("made", [explained(), hostile(), explained(errors=True), explained(rows=1)])
def test_text_is_what_was_typed_and_written(made: GenerationExplanation) -> None:
    for stop in [None, *stops(made)]:
        top = 0.0 if stop is None else stop.top
        assert typed(prompt_tree(made, stop, top, True)) == drawable(made.request.text)
        written = drawable("".join(token.text for token in made.answer))
        assert typed(answer_tree(made, stop, top, True)) == written.removeprefix(" ")


def test_tokens_that_were_not_yet_written_have_no_colour() -> None:
    made = explained()
    stop = stops(made)[3]
    spans = [each for each in nodes(answer_tree(made, stop, 0.1, True), "span") if "data-place" in each[1]]
    kinds = [str(each[1].get("class", "")) for each in spans]
    assert [kind.startswith(("tkp", "tkn")) for kind in kinds] == [True, True, False, False, False]
    assert ["tk-chosen" in kind for kind in kinds] == [False, False, True, False, False]
    assert ["tk-unheard" in kind for kind in kinds] == [False, False, False, True, True]


def test_template_tokens_are_quiet() -> None:
    tokens = [Token("<|user|>", 1, 0, 8, True, "template"), Token("hi", 2, 8, 10, segment="user")]
    made = explained("<|user|>hi", tokens=tokens)
    tree = prompt_tree(made, stops(made)[0], 1.0, True)
    assert [each[2] for each in nodes(tree, "span", "tk-quiet")] == ["<|user|>"]


def test_the_matrix_has_a_row_a_token_and_blanks_behind_it() -> None:
    made = explained()
    found = stops(made)
    figure = heat_figure(made, found)
    check_drawing(figure)
    count = sum(made.start + place for place in range(len(ANSWER)))
    shades = shades_in(figure)
    assert len(shades) == count
    expected = [shade for stop in found[1:] for shade in stop.shades(shared_scale(found))]
    assert [int(re.sub(r"tk[pn]?", "", name)) * (-1 if "tkn" in name else 1) for name in shades] == expected
    assert [each[1]["data-row"] for each in nodes(figure, "rect", "tk-hit")] == list(range(len(ANSWER)))
    assert titles(figure)[2].startswith("Token 3 of 5: “ of”, 4\u202f%: “ capital” −2.33")


def test_long_matrices_keep_the_largest_columns() -> None:
    made = explained("a b " * 300, [f" w{place}" for place in range(80)])
    grid = grid_of(made, stops(made))
    assert len(grid.columns) == MOST_CELLS // 80
    assert list(grid.columns) == sorted(grid.columns)
    kept = np.abs(made.matrix).max(axis=0)
    assert min(kept[list(grid.columns)]) >= np.sort(kept)[-len(grid.columns)]
    assert len(json.dumps(heat_figure(made, stops(made)))) < 1_000_000


def test_the_table_says_what_pushed() -> None:
    made = explained()
    table = Markup(markup(table_tree(made, stops(made))))
    assert table.attributes("scope") == ["col"] * 4 + ["row"] * 6
    assert "3 “ of”" in table.text
    assert "“ capital” −2.33" in table.text
    unsigned = Markup(markup(table_tree(explained(signed=False), stops(explained(signed=False)))))
    assert unsigned.attributes("scope") == ["col"] * 3 + ["row"] * 6


def test_the_browser_gets_one_tree_and_the_shades_of_each_stop() -> None:
    made = hostile()
    payload = generation_payload(made)
    json.dumps(payload, allow_nan=False)
    known = set(re.findall(r'"([a-zA-Z-]+)"', re.sub(r"[^=]*= \[", "[", read_asset("drawing.js"), count=1)))
    drawn = list(every(payload["tree"]))
    assert {name for tag, facts, _ in drawn for name in (tag, *facts)} <= known
    assert sorted(each[1]["data-place"] for each in drawn if "data-place" in each[1]) == list(range(len(made.tokens)))
    assert [len(stop["shades"]) for stop in payload["stops"]] == [len(stop.scores) for stop in stops(made)]
    assert [len(stop["numbers"]) for stop in payload["stops"]] == [len(stop["own"]) for stop in payload["stops"]]
    assert all(max(map(abs, stop["own"])) == 10 for stop in payload["stops"])
    assert len(payload["names"]) == len(payload["spoken"]) == len(made.tokens)


def test_what_is_still_being_written_stands_there_plain() -> None:
    payload = generation_payload(explained(rows=0))
    assert payload["stops"] == []
    assert payload["finished"] is False
    assert "svg" not in {tag for tag, _, _ in every(payload["tree"])}
    assert payload["key"] == generation_payload(explained(answer=ANSWER[:2], rows=0))["key"]


def test_rows_are_chosen_without_script() -> None:
    made = hostile()
    body = Markup(generation_body(made))
    radios = [facts for tag, facts in body.tags if tag == "input"]
    assert len(radios) == len(made.rows) + 1
    assert [("checked" in facts) for facts in radios] == [True] + [False] * len(made.rows)
    ids = {facts["id"] for facts in radios}
    assert len(ids) == len(radios)
    assert {facts["for"] for tag, facts in body.tags if tag == "label"} == ids
    assert {tag for tag, _ in body.tags}.isdisjoint({"script", "style", "a", "img"})


def test_a_very_long_page_draws_the_first_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    made = explained()
    monkeypatch.setattr(page, "MOST_SPANS", 2 * len(made.tokens))
    body = Markup(generation_body(made))
    assert len([tag for tag, _ in body.tags if tag == "input"]) == 3
    assert "3 more tokens stand in the heatmap" in body.text


def test_pages_hold(golden: Callable[[str, str], None]) -> None:
    body = generation_body(hostile())
    assert "<script>" not in body
    golden("generation_hostile.html", body)
    golden("generation.html", generation_body(explained(errors=True)))
    whole = generation_page(explained())
    assert "http" not in whole.replace("http-equiv", "")
    assert "<script" not in whole
    assert ":checked" in whole
    assert ":checked" in generation_fragment(explained())
    assert "Unfinished: 2 tokens" in generation_body(explained(rows=2))
    assert "tku10" in generation_body(explained(signed=False))


def test_the_sheet_has_every_cell(tmp_path: Path) -> None:
    made = explained(span=Span(1, 3), errors=True)
    rows = list(csv.DictReader(io.StringIO(generation_csv(made), newline="")))
    assert tuple(rows[0]) == COLUMNS
    cells = [float(row["score"]) for row in rows if row["answer_token"] != "total"]
    np.testing.assert_array_equal(cells, np.concatenate([row.scores for row in made.rows]))
    total = [float(row["score"]) for row in rows if row["answer_token"] == "total"]
    np.testing.assert_array_equal(total, made.total.scores)  # type: ignore[union-attr]
    assert {row["answer_position"] for row in rows} == {"1", "2", ""}
    assert "'=1+1" in generation_csv(hostile())
    for suffix in (".html", ".csv", ".json"):
        made.save(tmp_path / f"a{suffix}")
    assert (
        GenerationExplanation.from_json((tmp_path / "a.json").read_text(encoding="utf-8")).to_json() == made.to_json()
    )
    with pytest.raises(OptionError, match="no format"):
        made.save(tmp_path / "a.png")
    assert made._repr_html_() == generation_fragment(made)
