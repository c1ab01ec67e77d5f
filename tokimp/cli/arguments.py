"""What may be written behind `tokimp`; imports nothing that takes time."""

from __future__ import annotations

import argparse
import json
import re
from typing import Any

from tokimp.cli import comparing, generating
from tokimp.types import OUTPUTS, PRECISIONS, TASKS, Value
from tokimp.version import __version__

_ABOUT = """\
Shows which tokens of a text made a language model say what it says.

  tokimp explain "The capital of France is" --target " Paris"
  tokimp predict "The capital of France is"
  tokimp evaluate result.json
  tokimp compare "The capital of France is"
  tokimp generate "The capital of France is"
  tokimp export result.json picture.png
  tokimp serve
  tokimp deploy a-user/tokens
"""

_EXPLAIN = """\
examples:
  tokimp explain "The capital of France is" --model smollm2-135m --method occlusion --target " Paris"
  tokimp explain "A fine film." --task classification --method integrated_gradients --option steps=32
  cat text.txt | tokimp explain - --save result.json --save picture.svg
  tokimp explain "The capital of France is" --json > result.json
  tokimp explain "any" --method list        (an unknown method is answered with those that there are)

Colours are used where the output is a terminal, unless NO_COLOR is set.
exit codes: 0 done, 1 an error that says what to do, 2 a command that cannot be read, 130 stopped
"""

_PREDICT = """\
examples:
  tokimp predict "The capital of France is" --model smollm2-135m --count 5
  tokimp predict "Paris is the [MASK] of France." --task masked-lm --json
"""

_EVALUATE = """\
examples:
  tokimp evaluate result.json
  tokimp evaluate "A fine film." --task classification --method occlusion --metric deletion --metric soft_ns
  tokimp evaluate result.json --check randomised --check repeated --check shifted
  tokimp evaluate result.json --removal pad --randoms 40 --json

Beside each number stands what 95 % of random scores on the same text would get.
"""

_EXPORT = """\
examples:
  tokimp export result.json picture.png --transparent
  tokimp export result.json table.csv
  tokimp export "https://example.org/?r=1…" page.html      (a link is computed again)

In a .csv file, a token that a spreadsheet would compute (first sign = + - @) has an apostrophe in front.
"""

_SERVE = """\
examples:
  tokimp serve
  tokimp serve --host 0.0.0.0 --port 7860
"""

_DEPLOY = """\
Without --push nothing is sent: what would go up is printed, with what the hub has already.

examples:
  tokimp deploy a-user/tokens
  tokimp deploy a-user/tokens --push
  tokimp deploy a-user/tokens --private --preload gpt2 --preload distilbert-sst2 --push
  tokimp deploy a-user/tokens --variable TOKIMP_STORE=hf://datasets/a-user/results --secret HF_TOKEN --push
  tokimp deploy a-user/tokens --json

The token is the one of the hub's own tools: hf auth login, or HF_TOKEN.
exit codes: 0 done, 1 an error that says what to do, 2 a command that cannot be read, 130 stopped
"""

_SHAPE: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
_FORMATS = ".html .svg .png .md .tex .csv .json"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="tokimp", description=_ABOUT, **_SHAPE)
    top.add_argument("--version", action="version", version=f"tokimp {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    add = commands.add_parser
    explain = add("explain", help="share an answer out among the tokens of a text", epilog=_EXPLAIN, **_SHAPE)
    _add_question(explain)
    _add_method(explain)
    predict = add("predict", help="what the model says, with probabilities", epilog=_PREDICT, **_SHAPE)
    _add_question(predict)
    predict.add_argument("--count", type=_positive, default=10, help="how many answers (default: 10)")
    evaluate = add("evaluate", help="whether scores are better than chance", epilog=_EVALUATE, **_SHAPE)
    _add_question(evaluate, "a saved .json file, or a text to explain; - reads either from standard input")
    _add_asking(evaluate)
    _add_evaluation(evaluate)
    compare = add("compare", help="methods on one text, or prompts", epilog=comparing.EXAMPLES, **_SHAPE)
    _add_question(compare, "the text, or with --prompts what has them; - reads it from standard input")
    comparing.add_arguments(compare)
    generate = add("generate", help="a whole answer, token by token", epilog=generating.EXAMPLES, **_SHAPE)
    _add_question(generate)
    _add_asking(generate)
    generate.set_defaults(method="attn_lrp")
    generating.add_arguments(generate)
    export = add("export", help="turn a saved result or a link into any format", epilog=_EXPORT, **_SHAPE)
    export.add_argument("source", help="a .json file that was saved, - for standard input, or a link")
    export.add_argument("file", help=f"where to; its suffix says the format: {_FORMATS}")
    _add_look(export)
    serve = add("serve", help="open the page on this machine", epilog=_SERVE, **_SHAPE)
    serve.add_argument("--host", help="address to listen on (default: this machine only)")
    serve.add_argument("--port", type=_positive, help="port to listen on (default: the first free one from 7860)")
    _add_deploy(add("deploy", help="put the page up as a Space, or bring it up to date", epilog=_DEPLOY, **_SHAPE))
    return top


def option(written: str) -> tuple[str, Value]:
    """`steps=32` as a name with its value: a number, true, false, null, or else a word."""
    name, equals, value = written.partition("=")
    if not equals or not re.fullmatch(r"\w+", name):
        raise argparse.ArgumentTypeError(f"{written!r} is not written as name=value")
    try:
        read = json.loads(value)
    except ValueError:
        return name, value
    return name, read if isinstance(read, int | float | bool | None) else value


def _add_question(
    command: argparse.ArgumentParser, text: str = "the text, or - to read it from standard input"
) -> None:
    command.add_argument("text", help=text)
    command.add_argument("--model", help="key of the catalogue, hub id, folder or .gguf file (default: the task's)")
    command.add_argument("--task", choices=TASKS, help="where the model does not tell (default: next-token)")
    command.add_argument("--mask", type=int, default=0, metavar="N", help="which mask of a fill-mask text, from 0")
    command.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _add_method(command: argparse.ArgumentParser) -> None:
    _add_asking(command)
    command.add_argument("--save", action="append", default=[], metavar="FILE", help=f"{_FORMATS}; may be repeated")
    _add_look(command)


def _add_evaluation(command: argparse.ArgumentParser) -> None:
    several: dict[str, Any] = {"action": "append", "default": []}
    command.add_argument("--metric", metavar="KEY", **several, help="may be repeated (default: those of removal)")
    checks = ("randomised", "repeated", "shifted")
    command.add_argument("--check", choices=checks, **several, help="of sanity; may be repeated")
    command.add_argument("--sanity", dest="check", action="store_const", const=list(checks), help="all three checks")
    removals = ("auto", "mask", "pad", "delete", "replace")
    command.add_argument("--removal", choices=removals, default="auto", help="how tokens are taken away")
    command.add_argument("--randoms", type=_positive, help="random scores beside these (default: some seconds' worth)")


def _add_asking(command: argparse.ArgumentParser) -> None:
    command.add_argument("--method", default="integrated_gradients", help="default: integrated_gradients")
    for name, about in (("target", "what is explained"), ("contrast", "what it is held against")):
        either = command.add_mutually_exclusive_group()
        either.add_argument(f"--{name}", metavar="WORD", help=f"{about}: a label, or a word with its space")
        either.add_argument(f"--{name}-id", type=int, metavar="ID", help="the same by its class or token id")
    command.add_argument("--output", choices=OUTPUTS, default="logit", help="unit of the scores (default: logit)")
    command.add_argument(
        "--option",
        type=option,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the method; may be repeated",
    )
    command.add_argument("--seed", type=int, default=0, help="for methods that draw at random (default: 0)")
    command.add_argument("--precision", choices=PRECISIONS, default="fp32", help="default: fp32")


def _add_look(command: argparse.ArgumentParser) -> None:
    command.add_argument("--link", metavar="PAGE", help="address of a page with tokimp: captions then link there")
    command.add_argument("--dark", action="store_true", help="dark picture (.svg, .png)")
    command.add_argument("--transparent", action="store_true", help="picture without a ground (.svg, .png)")


def _add_deploy(command: argparse.ArgumentParser) -> None:
    command.add_argument("space", type=_space, help="owner/name")
    command.add_argument("--push", action="store_true", help="send it; else only say what would be sent")
    command.add_argument("--private", action="store_true", help="a new Space that only its owner sees")
    command.add_argument("--hardware", help="what it runs on, as Spaces call it (default: left as it is)")
    several: dict[str, Any] = {"action": "append", "default": []}
    command.add_argument("--preload", metavar="KEY", **several, help="model that the Space is built with; repeatable")
    command.add_argument(
        "--variable", type=_variable, metavar="NAME=VALUE", **several, help="of its environment; repeatable"
    )
    command.add_argument(
        "--secret", type=_variable_name, metavar="NAME", **several, help="variable of this environment; repeatable"
    )
    command.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _space(written: str) -> str:
    if not re.fullmatch(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}", written, re.ASCII):
        raise argparse.ArgumentTypeError(f"{written!r} is not written as owner/name")
    return written


def _variable(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{written!r} is not written as NAME=VALUE")
    return _variable_name(name), value


def _variable_name(written: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*", written, re.ASCII):
        # What was written may be a secret itself, and is not shown.
        raise argparse.ArgumentTypeError("a variable's name has letters, digits and _ only")
    return written


def _positive(written: str) -> int:
    number = int(written)
    if number < 1:
        raise argparse.ArgumentTypeError("a number of at least 1 is needed")
    return number
