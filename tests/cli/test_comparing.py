"""`tokimp compare` on a tiny model from a folder: what it prints, saves and refuses."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.models import tiny
from tokimp.cli import main
from tokimp.comparison import Comparison
from tokimp.prompt_comparison import PromptComparison

TEXT = "the film was not good"
TWO = ["--method", "occlusion", "--method", "attention"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tiny")
    model = tiny("bert", "classification")
    model.network.save_pretrained(path)
    model.tokenizer.save_pretrained(path)
    return str(path)


def test_methods_are_compared_in_sentences_and_a_table(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", TEXT, "--model", folder, *TWO]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith("2 methods compared")
    assert out[-2].startswith(" 1 Occlusion  1.00 ")
    assert out[-1].startswith(" 2 Attention ")
    assert "\x1b" not in "".join(out)


def test_methods_are_measured_where_that_is_asked_for(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", TEXT, "--model", folder, "--method", "occlusion", "--evaluate", "--json"]) == 0
    found = Comparison.from_json(capsys.readouterr().out)
    assert {score.metric for score in found.scores["occlusion"]} >= {"comprehensiveness", "sufficiency"}
    assert main(["compare", TEXT, "--model", folder, "--method", "occlusion", "--evaluate"]) == 0
    assert "than chance: Occlusion." in capsys.readouterr().out


def test_prompts_of_a_template(folder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    template = "the film was {how: not good|bad}"
    files = [tmp_path / f"a{suffix}" for suffix in (".html", ".csv", ".json")]
    saves = [part for file in files for part in ("--save", str(file))]
    words = ["--keyword", "film", "--keyword", "{how}", "--target", "positive"]
    assert main(["compare", template, "--prompts", "--model", folder, "--method", "occlusion", *words, *saves]) == 0
    out = capsys.readouterr().out
    assert "Why “positive”? 2 prompts compared" in out
    assert "“{how}”: median score" in out
    found = PromptComparison.from_json(files[2].read_text(encoding="utf-8"))
    assert found.prompts == ("the film was not good", "the film was bad")
    assert files[1].read_bytes().decode() == found.to_csv()
    assert files[0].read_text(encoding="utf-8") == found.to_html()


@pytest.mark.parametrize("column", [["--column", "q"], ["--column", "1"], []])
def test_prompts_of_a_table(folder: str, column: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("id,q\n1,the film\n2,the girl\n", encoding="utf-8")
    code = main(["compare", str(table), "--prompts", "--model", folder, "--method", "saliency", "--json", *column])
    shown = capsys.readouterr()
    if not column:
        assert (code, "Choose one of: id, q." in shown.err) == (1, True)
        return
    first = PromptComparison.from_json(shown.out).prompts[-2:]
    assert (code, first) == (0, ("the film", "the girl"))


def test_prompts_of_standard_input(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("the film\nthe girl\n"))
    assert main(["compare", "-", "--prompts", "--model", folder, "--method", "saliency"]) == 0
    assert "  the girl" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--method", "no_such"], "no method"),
        (["--save", "a.docx"], "no format"),
        (["--prompts", "--evaluate"], "on one text"),
        (["--prompts", "--method", "no_such"], "no method"),
    ],
)
def test_what_will_not_do_is_told_before_a_model_is_loaded(
    more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", TEXT, "--model", "no-such-model", *more]) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "missing.csv", "--prompts", "--model", "no-such-model"]) == 1
    assert "There is no file missing.csv." in capsys.readouterr().err
