"""`tokimp generate` on a tiny decoder from a folder: what it prints, saves and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models import tiny
from tokimp.cli import main
from tokimp.generation import GenerationExplanation

TEXT = "the film was"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tiny")
    model = tiny("llama", "next-token")
    model.network.save_pretrained(path)
    model.tokenizer.save_pretrained(path)
    return str(path)


def test_an_answer_has_a_line_a_token(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", TEXT, "--model", folder, "--answer", " not good", "--method", "occlusion"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"occlusion on {folder}"
    assert out[1] == "“ not good”"
    assert [line.split("”")[0] for line in out[3:5]] == ["“ not", "“ good"]
    assert out[-1].startswith("All together, ")
    assert out[-1].count("nats") == 1


def test_an_answer_is_saved_in_every_format(folder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files = [tmp_path / f"a{suffix}" for suffix in (".html", ".csv", ".json")]
    saves = [part for file in files for part in ("--save", str(file))]
    how = ["--new-tokens", "4", "--temperature", "0.9", "--seed", "2", "--span", "1:3"]
    assert main(["generate", TEXT, "--model", folder, *how, "--json", *saves]) == 0
    found = GenerationExplanation.from_json(capsys.readouterr().out)
    assert found.to_json() == GenerationExplanation.from_json(files[2].read_text(encoding="utf-8")).to_json()
    assert (len(found.answer), len(found.rows), found.span) == (4, 2, (1, 3))
    assert files[0].read_text(encoding="utf-8") == found.to_html()
    assert files[1].read_bytes().decode() == found.to_csv()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--span", "four"], "FROM:TO"),
        (["--span", "9:12", "--answer", " not"], "nothing between"),
        (["--save", "answer.txt"], "no format"),
        (["--new-tokens", "0"], "max_new_tokens"),
    ],
)
def test_what_cannot_be_is_said(folder: str, wrong: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", TEXT, "--model", folder, *wrong]) == 1
    assert said in capsys.readouterr().err
