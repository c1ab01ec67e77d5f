"""How commands are written: read strictly, explained by their help, and quickly so."""

from __future__ import annotations

import importlib
import subprocess
import sys
from argparse import ArgumentTypeError

import pytest

import tokimp
from tokimp.cli import main
from tokimp.cli.arguments import option, parser
from tokimp.types import Value
from tokimp.version import __version__
from tokimp.views.files import FORMATS

HEAVY = ("torch", "transformers", "gradio", "scipy", "PIL", "shap")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("steps=32", 32),
        ("tolerance=0.5", 0.5),
        ("adaptive=true", True),
        ("keep=null", None),
        ("baseline=zero", "zero"),
        ("word=a=b", "a=b"),
        ('word="x"', '"x"'),
        ("list=[1]", "[1]"),
        ("empty=", ""),
    ],
)
def test_options_are_numbers_facts_or_words(written: str, value: Value) -> None:
    read = option(written)[1]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("written", ["steps", "=3", "a b=3", ""])
def test_an_option_needs_a_name_and_a_value(written: str) -> None:
    with pytest.raises(ArgumentTypeError, match="name=value"):
        option(written)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["explain"],
        ["explain", "a", "--option", "steps"],
        ["explain", "a", "--target", "x", "--target-id", "3"],
        ["explain", "a", "--output", "energy"],
        ["predict", "a", "--count", "0"],
        ["predict", "a", "--js"],
        ["export", "result.json"],
        ["deploy"],
        ["deploy", "tokens"],
        ["deploy", "a/b/c"],
        ["deploy", "a/../b"],
        ["deploy", "a/b", "--variable", "A"],
        ["deploy", "a/b", "--variable", "A B=c"],
        ["deploy", "a/b", "--secret", "A=b"],
    ],
)
def test_what_cannot_be_read_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: tokimp" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["explain", "predict", "export", "serve", "deploy"])
def test_help_has_examples_that_can_be_read(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"tokimp {command}" in capsys.readouterr().out.partition("examples:")[2]


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert " ".join(FORMATS) in " ".join(capsys.readouterr().out.split())


def test_it_says_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"tokimp {__version__}\n"


def test_a_secret_that_was_written_out_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["deploy", "a/b", "--secret", "KEY=hidden"])
    assert "hidden" not in capsys.readouterr().err


def test_a_words_space_is_kept() -> None:
    assert parser().parse_args(["explain", "The", "--target", " Paris"]).target == " Paris"


def test_help_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys, runpy\n"
        "sys.argv = ['tokimp', 'explain', '--help']\n"
        "try: runpy.run_module('tokimp', run_name='__main__')\n"
        "except SystemExit as stopped: assert stopped.code == 0\n"
        f"print('heavy:', *({HEAVY!r} & sys.modules.keys()))\n"
    ).replace(repr(HEAVY), f"set({HEAVY!r})")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.splitlines()[-1].strip() == "heavy:"
    assert "--method" in ran.stdout


def test_the_package_keeps_its_methods_whatever_is_imported() -> None:
    tokimp.methods = importlib.import_module("tokimp.methods")  # what importing the package of that name does
    assert "occlusion" in tokimp.methods()
    assert {"methods", "load"} <= set(dir(tokimp))
    with pytest.raises(AttributeError, match="no 'metods'"):
        _ = tokimp.metods
