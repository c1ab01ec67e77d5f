"""`tokimp evaluate` on a tiny model from a folder: saved results, texts, what it prints and refuses."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import tokimp
from tests.models import tiny
from tokimp.cli import main
from tokimp.cli.arguments import parser
from tokimp.metrics.removal import REMOVALS
from tokimp.score import Score

TEXT = "the film was not good"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tiny")
    model = tiny("bert", "classification")
    model.network.save_pretrained(path)
    model.tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture
def saved(folder: str, tmp_path: Path) -> str:
    file = str(tmp_path / "result.json")
    assert main(["explain", TEXT, "--model", folder, "--method", "occlusion", "--save", file, "--json"]) == 0
    return file


def printed(capsys: pytest.CaptureFixture[str]) -> list[Score]:
    return [Score.from_fields(fields) for fields in json.loads(capsys.readouterr().out)]


def test_a_saved_result_and_its_text_have_the_same_numbers_as_the_function(
    folder: str, saved: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    more = ["--randoms", "6", "--json", "--removal", "pad"]
    assert main(["evaluate", saved, *more]) == 0
    of_file = printed(capsys)
    assert main(["evaluate", TEXT, "--model", folder, "--method", "occlusion", *more]) == 0
    of_text = printed(capsys)
    monkeypatch.setattr(sys, "stdin", io.StringIO(Path(saved).read_text(encoding="utf-8")))
    assert main(["evaluate", "-", *more]) == 0
    e = tokimp.Explanation.from_json(Path(saved).read_text(encoding="utf-8"))
    wanted = tokimp.evaluate(tokimp.load(folder), e, removal="pad", randoms=6)
    assert of_file == of_text == printed(capsys) == wanted


def test_a_table_names_metric_removal_band_and_direction(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    asked = [
        "--metric",
        "deletion",
        "--metric",
        "soft_ns",
        "--randoms",
        "4",
        "--check",
        "shifted",
        "--check",
        "repeated",
    ]
    assert main(["evaluate", saved, *asked]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = shown.out.splitlines()
    starts = ["Deletion (mask)", "Soft-NS (zeroed)", "Shifted input", "Same order again", "Spread over seeds"]
    rows = lines[3:8]
    assert [row.split("  ")[0] for row in rows] == starts
    assert " to " in rows[0]
    assert "lower" in rows[0]
    assert "chance" in rows[0]
    assert any("4 random orders" in line for line in lines)


def test_checks_alone_measure_no_metric(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["evaluate", saved, "--check", "randomised", "--json"]) == 0
    assert [score.metric for score in printed(capsys)] == ["randomised", "randomised_absolute"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--metric", "deletions"], "Did you mean 'deletion'"),
        (["--metric", "list"], "comprehensiveness, sufficiency"),
        (["--randoms", "100000"], "randoms = 100000 will not do"),
    ],
)
def test_errors_say_what_to_do(saved: str, asked: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", saved, *asked]) == 1
    assert says in capsys.readouterr().err


def test_what_is_no_result_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "none.json")]) == 1
    assert "There is no file" in capsys.readouterr().err
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert main(["evaluate", str(tmp_path / "other.json")]) == 1
    assert "This file holds no explanation." in capsys.readouterr().err


def test_its_removals_are_those_of_the_metrics() -> None:
    for removal in REMOVALS:
        assert parser().parse_args(["evaluate", "a", "--removal", removal]).removal == removal
    with pytest.raises(SystemExit):
        parser().parse_args(["evaluate", "a", "--removal", "shuffle"])
