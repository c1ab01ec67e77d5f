"""Explanations as files: text formats that hold any token as data, and the format by the name's suffix."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.examples import explain, hostile
from tokimp.errors import OptionError
from tokimp.types import Explanation, Token
from tokimp.views.files import FORMATS, Look, content
from tokimp.views.latex import explanation_latex
from tokimp.views.markdown import explanation_markdown
from tokimp.views.spreadsheet import explanation_csv, guarded

LINK = "https://example.org/?r=1a_b-c%20"
TEXTS = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\\{}$&#%_^~|`<>*[]\n-")), max_size=30)


def written(suffix: str, explanation: Explanation) -> str:
    return content(explanation, suffix, Look(link=LINK)).decode()


def table_of(markdown: str) -> list[list[str]]:
    """Cells of the ranked table, without its ruler."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in markdown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows if "---" not in row[0]]


@pytest.mark.parametrize("suffix", [".html", ".svg", ".md", ".tex"])
def test_captions_say_what_was_asked_of_whom_and_where(suffix: str) -> None:
    page = written(suffix, explain("a b", target={"contrast": 7, "contrast_label": " boy"})).replace("{-}", "-")
    for part in ("“ girl” rather than “ boy”", "smollm2-135m", "integrated gradients"):
        assert part in page
    assert LINK in page.replace(r"\allowbreak{}", "").replace(r"\_", "_").replace(r"\%", "%")


@pytest.mark.parametrize("suffix", [".html", ".svg", ".png", ".md", ".tex"])
def test_what_is_no_web_address_is_no_link(suffix: str) -> None:
    with pytest.raises(OptionError, match="https://"):
        content(explain("a"), suffix, Look(link="javascript:alert(1)"))


def test_markdown_ranks_tokens_with_arrows_and_errors() -> None:
    explanation = explain("a\tb", scores=[-2.0, 0.5, 0.125], stderr=[0.25, 0.125, 0.5])
    assert table_of(explanation_markdown(explanation)) == [
        ["rank", "token", "", "score", "± error"],
        ["1", "**“a”**", "▼", "**−2.00**", "0.25"],
        ["2", "“⇥”", "▲", "0.50", "0.12"],
        ["3", "“b”", "", "0.12", "0.50"],
    ]


def test_markdown_of_unsigned_scores_has_no_arrows() -> None:
    page = explanation_markdown(explain("a b", scores=[2.0, 0.5], signed=False))
    assert table_of(page)[0] == ["rank", "token", "score"]
    assert "▲" not in page


@given(TEXTS)
def test_markdown_takes_any_text_as_text(text: str) -> None:
    page = explanation_markdown(explain(text, [Token(text, 1, 0, len(text))], [1.0], target={"contrast_label": text}))
    fence = re.search(r"^(`{3,})text\n(.*)\n\1$", page, re.MULTILINE | re.DOTALL)
    assert fence
    assert not re.search(rf"^{fence[1]}", fence[2], re.MULTILINE)
    outside = page.replace(fence[0], "")
    assert not re.search(r"(?<!\\)[*_`\[\]{}$~#@]|<|www\.|://", outside.replace("**", ""))
    assert all(len(row) == 4 for row in table_of(outside))


def test_a_link_is_the_only_address_in_markdown() -> None:
    page = explanation_markdown(explain("http://evil.org www.evil.org <b>"), LINK)
    assert re.findall(r"<[^>]*>", page.partition("```")[0]) == [f"<{LINK}>"]


@given(TEXTS)
def test_latex_reads_nothing_of_the_text(text: str) -> None:
    tokens = [Token(text, 1, 0, len(text))]
    page = explanation_latex(explain(text, tokens, [1.0], notes=(text,), target={"contrast_label": text}), LINK)
    commands = set(re.findall(r"\\([A-Za-z]+)", page))
    plain = explanation_latex(explain("\\{}$&#%_^~|`<>\"' \n\t\n−"), LINK)
    known = set(re.findall(r"\\([A-Za-z]+)", plain)) | {"DeclareUnicodeCharacter", "tiny", "fbox", "fboxsep"}
    assert commands <= known | {"textsuperscript", "cdot", "pm", "times", "hookleftarrow", "scriptsize", "allowbreak"}
    bare = re.sub(r"\\[\\{}$&#%_,^]", "", page)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    body = bare.partition(r"\begin{document}")[2]
    assert not re.search(r"[#%^]", body)
    declared = {chr(int(code, 16)) for code in re.findall(r"DeclareUnicodeCharacter\{(\w+)\}", page)}
    assert declared <= set(body)
    assert {each for each in body if ord(each) > 0x17F} - set("–—‘’“”…€") <= declared


def test_latex_defines_the_colours_that_it_uses() -> None:
    page = explanation_latex(hostile())
    used = set(re.findall(r"\\tok\{(\w+)\}\{(\w+)\}", page))
    defined = re.findall(r"\\definecolor\{(\w+)\}\{HTML\}\{([0-9A-F]{6})\}", page)
    assert {name for pair in used for name in pair} == {name for name, _ in defined}
    assert ("tkn10", "2166AC") in defined


def test_latex_says_what_its_colours_mean() -> None:
    assert r"blue pushes away{,} down to $-$2; red pushes towards{,} up to 2" in explanation_latex(
        explain("a b", scores=[2.0, -1.0])
    )
    assert "the full colour for 2" in explanation_latex(explain("a b", scores=[2.0, 1.0], signed=False))


def test_latex_packages_are_article_and_xcolor() -> None:
    page = explanation_latex(hostile())
    assert re.findall(r"\\usepackage(?:\[\w+\])?\{(\w+)\}", page) == ["xcolor", "fontenc"]
    assert page.startswith(r"\documentclass{article}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdfLaTeX")
def test_latex_compiles(tmp_path: Path) -> None:
    letters = "".join(map(chr, range(0x20, 0x180))) + "–—‘’“”…€−±×·⏎⁻⁰ ,,--''<<>>``?`!` [x]* 日本語 "
    explanation = hostile(stderr=np.full(len(hostile().tokens), 0.1), notes=("[Mind] *this*: × 10⁻⁵.",))
    for name, drawn in (("hostile", explanation), ("letters", explain(f"\n\n{letters}\n\n\n"))):
        (tmp_path / f"{name}.tex").write_text(explanation_latex(drawn, LINK), encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stdout[-500:]


@pytest.mark.parametrize("signed", [True, False])
def test_csv_has_one_row_a_token_with_all_digits(signed: bool) -> None:
    explanation = hostile(signed=signed, stderr=np.full(len(hostile().tokens), 1 / 3))
    text = explanation_csv(explanation)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [float(row["score"]) for row in rows] == explanation.scores.tolist()
    assert {float(row["stderr"]) for row in rows} == {1 / 3}
    assert [int(row["position"]) for row in rows] == list(range(len(explanation.tokens)))
    assert [(int(row["id"]), int(row["start"]), int(row["end"])) for row in rows] == [
        (token.id, token.start, token.end) for token in explanation.tokens
    ]
    assert rows[1]["token"] == "He"
    assert re.search(r"(?<!\r)\n", re.sub(r'"[^"]*"', "", text)) is None


def test_csv_without_errors_leaves_them_empty() -> None:
    assert explanation_csv(explain("a", scores=[0.1])).splitlines()[1].startswith("a,0,97,0,1,0.1,,")


def test_csv_rows_say_what_they_are_of() -> None:
    explanation = explain("a", scores=[0.1])
    (row,) = csv.DictReader(io.StringIO(explanation_csv(explanation, "https://example.org/?r=1"), newline=""))
    assert explanation.target.label in row["target"]
    assert (row["model"], row["link"]) == (explanation.request.model, "https://example.org/?r=1")
    assert row["method"]
    with pytest.raises(OptionError):
        explanation_csv(explanation, "javascript:alert(1)")


@pytest.mark.parametrize("token", ["=1+1", "+1", "-1", "@sum", " =1", "\t=1", "\n=1", "\r\n+", "\u00a0=cmd", "\tx"])
def test_no_cell_is_a_formula(token: str) -> None:
    assert guarded(token).startswith("'")


@pytest.mark.parametrize("token", ["a", " girl", "1", "", "'t", "a=b", "－"])
def test_other_cells_stay_as_they_are(token: str) -> None:
    assert guarded(token) == token


def test_control_characters_are_pictures_in_a_cell() -> None:
    assert guarded("\x1b[31m\x00") == "␛[31m␀"


@pytest.mark.parametrize("suffix", FORMATS)
def test_files_are_saved_by_their_suffix(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"result{suffix.upper()}"
    explanation = hostile()
    explanation.save(path, link=LINK)
    assert path.read_bytes() == content(explanation, suffix, Look(link=LINK))


def test_what_is_saved_as_json_is_the_explanation_again(tmp_path: Path) -> None:
    explanation = hostile()
    explanation.save(str(tmp_path / "result.json"))
    again = Explanation.from_json((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert again.to_json() == explanation.to_json()


def test_pictures_are_saved_as_they_should_look(tmp_path: Path) -> None:
    explanation = explain("a b")
    explanation.save(tmp_path / "dark.svg", dark=True, transparent=True)
    assert (tmp_path / "dark.svg").read_text(encoding="utf-8") == explanation.to_svg(dark=True, transparent=True)


@pytest.mark.parametrize("name", ["result.pdf", "result", "result.svg.zip"])
def test_an_unknown_suffix_names_those_that_there_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.html, \.svg, \.png, \.md, \.tex, \.csv, \.json"):
        explain("a").save(tmp_path / name)
    assert not (tmp_path / name).exists()
