"""Commands on a tiny model from a folder: what they print, save and return."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.cli.test_terminal import Terminal
from tests.models import tiny
from tokimp.cli import commands, main
from tokimp.types import Explanation

TEXT = "the film was not good"
"""Every word is a token of the tiny model."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tiny")
    model = tiny("bert", "classification")
    model.network.save_pretrained(path)
    model.tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture
def asked(folder: str) -> list[str]:
    return ["explain", TEXT, "--model", folder, "--method", "occlusion"]


def explanation_of(printed: str) -> Explanation:
    return Explanation.from_json(printed)


def test_explain_prints_a_table_where_there_is_no_terminal(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "method: occlusion" in shown.out
    assert [line.split()[-1] for line in shown.out.splitlines()[-6:]] == [*TEXT.split(), "[SEP]"]
    assert "\x1b" not in shown.out


def test_explain_colours_a_terminal_and_shows_progress_there(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(asked) == 0
    assert "\x1b[48;" in out.getvalue()
    assert "100 %" in err.getvalue()
    assert err.getvalue().endswith("\r\x1b[K")


def test_json_is_all_that_is_printed_and_follows_what_was_asked(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--json", "--target-id", "1", "--contrast-id", "0", "--output", "prob", "--seed", "3"]
    assert main([*asked, *more, "--option", "window=2", "--option", "replacement=pad"]) == 0
    request = explanation_of(capsys.readouterr().out).request
    assert dict(request.options) == {"window": 2, "replacement": "pad"}
    assert (request.target, request.contrast, request.output, request.seed) == (1, 0, "prob", 3)


def test_text_comes_from_standard_input(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(TEXT + "\n"))
    assert main([asked[0], "-", *asked[2:], "--json"]) == 0
    assert explanation_of(capsys.readouterr().out).request.text == TEXT


def test_explain_saves_every_file_and_export_makes_the_same(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"a.{suffix}" for suffix in ("json", "svg", "csv", "html")]
    saves = [part for file in files for part in ("--save", str(file))]
    look = ["--link", "https://example.org/", "--dark"]
    assert main([*asked, *saves, *look]) == 0
    explanation = explanation_of(files[0].read_text(encoding="utf-8"))
    assert explanation.link("https://example.org/") in files[1].read_text(encoding="utf-8")
    for file in files[1:]:
        again = tmp_path / f"b{file.suffix}"
        assert main(["export", str(files[0]), str(again), *look]) == 0
        assert again.read_bytes() == file.read_bytes()
    assert capsys.readouterr().err == ""


def test_export_computes_a_link_again(asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*asked, "--json", "--option", "window=2", "--target", "neutral"]) == 0
    first = explanation_of(capsys.readouterr().out)
    assert main(["export", first.link("https://example.org"), str(tmp_path / "again.json")]) == 0
    again = explanation_of((tmp_path / "again.json").read_text(encoding="utf-8"))
    assert again.request == first.request
    assert again.scores.tolist() == first.scores.tolist()


def test_export_reads_standard_input(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*asked, "--json"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(capsys.readouterr().out))
    assert main(["export", "-", str(tmp_path / "a.md")]) == 0
    assert "| rank | token |" in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_predict_prints_what_the_model_says(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", TEXT, "--model", folder, "--count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["predict", TEXT, "--model", folder, "--count", "2", "--json"]) == 0
    candidates = json.loads(capsys.readouterr().out)["candidates"]
    assert [line.split()[-1] for line in lines] == [each["label"] for each in candidates]
    assert candidates[0]["prob"] >= candidates[1]["prob"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["--method", "oclusion"], "Did you mean 'occlusion'?"),
        (["--method", "list"], "integrated_gradients, "),
        (["--option", "window=0"], "window = 0 will not do"),
        (["--target", "nothing"], "nothing"),
        (["--save", "a.pdf"], ".html, .svg, .png"),
        (["--save", "a.svg", "--link", "javascript:1"], "https://"),
        (["--model", "no-such-model"], "no-such-model is not on this machine"),
        (["--save", "/no/such/folder/a.svg"], "/no/such/folder/a.svg"),
    ],
)
def test_errors_say_what_to_do(
    asked: list[str], changes: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, *changes]) == 1
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.err.startswith("tokimp: ")
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("source", "says"), [("no.json", "There is no file"), ("https://example.org/", "no question"), ("?r=1zzz", "link")]
)
def test_export_says_what_is_no_result(
    source: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", source, str(tmp_path / "a.svg")]) == 1
    assert says in capsys.readouterr().err
    broken = tmp_path / "broken.json"
    broken.write_text('{"format": 7}', encoding="utf-8")
    assert main(["export", str(broken), str(tmp_path / "a.svg")]) == 1
    assert "This file holds no explanation." in capsys.readouterr().err
    assert not (tmp_path / "a.svg").exists()


def test_stopping_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(_asked: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(commands.COMMANDS, "predict", stop)
    assert main(["predict", "a"]) == 130
    assert capsys.readouterr().err == "\ntokimp: stopped.\n"


def test_serve_opens_the_page_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, Any]] = []
    serving: Any = ModuleType("tokimp.ui.serving")
    serving.serve = lambda **settings: opened.append(settings)
    monkeypatch.setitem(sys.modules, "tokimp.ui.serving", serving)
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    assert main(["serve", "--host", "127.0.0.1", "--port", "7999"]) == 0
    assert opened == [{"server_name": "127.0.0.1", "server_port": 7999}]
    assert commands.os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_serve_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "tokimp.ui.serving", raising=False)
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    assert main(["serve"]) == 1
    assert "pip install 'tokimp[app]'" in capsys.readouterr().err
