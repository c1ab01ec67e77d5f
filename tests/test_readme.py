"""What the README says can be done: commands that are read, variables that there are, a program that the tests run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from scripts.readme import LIMITS, over_http
from tokimp.cli.arguments import parser

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\bTOKIMP_[A-Z_]+\b")


def test_its_commands_can_be_read() -> None:
    commands = re.findall(r"python -m (tokimp [^`\n#]+)", README)
    named = {"explain", "evaluate", "compare", "generate", "export", "deploy"}
    assert {command.split()[1] for command in commands} == named
    for command in commands:
        parser().parse_args(shlex.split(command)[1:])


def test_its_variables_are_those_of_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tokimp").rglob("*.py"))
    limits = {f"TOKIMP_MOST_{name.upper()}" for name in LIMITS}
    known = {name for name in VARIABLE.findall(code) if not name.startswith("TOKIMP_MOST_")}
    assert set(VARIABLE.findall(README)) == known | limits


def test_its_program_is_the_one_that_the_tests_run() -> None:
    script = (ROOT / "scripts" / "over_http.py").read_text(encoding="utf-8")
    lines = over_http().removeprefix("```python\n").removesuffix("\n```")
    assert script.endswith(f"\n{lines}\n")
    assert over_http() in README
    assert script.startswith('"""')
