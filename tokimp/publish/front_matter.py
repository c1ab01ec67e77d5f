"""The block at the top of a Space's README.md: what Spaces read of it, checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from huggingface_hub import SpaceCard, SpaceHardware
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tokimp.errors import PublishError

BLOCK = re.compile(r"\A---\n(?P<facts>.*?\n)---\n", re.DOTALL)
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
LONGEST_DESCRIPTION = 60
NEEDED = ("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "app_file")


def read(text: str) -> dict[str, Any]:
    """The facts of a README.

    Raises:
        PublishError: there is no block at its top, or no YAML in it.
    """
    found = BLOCK.match(text)
    if found is None:
        raise _wrong("there is none", "It begins with a line of three dashes.")
    try:
        facts: dict[str, Any] = SpaceCard(found[0]).data.to_dict()  # type: ignore[no-untyped-call]
    except Exception as error:  # the parser's errors belong to no common class that the hub's client exports
        raise _wrong("it is no YAML", "Mend it in README.md.") from error
    return facts


def extended(text: str, facts: Mapping[str, str | list[str]]) -> str:
    """The README with these facts at the end of its block, in the place of those of the same name."""
    found = BLOCK.match(text)
    if found is None:
        raise _wrong("there is none", "It begins with a line of three dashes.")
    block = found["facts"]
    for name, value in facts.items():
        block = re.sub(rf"^{re.escape(name)}:.*\n(?:[ \t-].*\n)*", "", block, flags=re.MULTILINE)
        if isinstance(value, str):
            block += f"{name}: {_quoted(value)}\n"
        else:
            block += f"{name}:\n" + "".join(f"  - {_quoted(each)}\n" for each in value)
    return f"---\n{block}---\n{text[found.end() :]}"


def checked(facts: Mapping[str, Any], files: Collection[str], requirements: str) -> None:
    """Raises PublishError with the first thing that Spaces would not take, or not as it is meant."""
    if "disable_embedding" in facts:
        raise _wrong("disable_embedding is set", "Embeds of this Space would stay empty: leave it out.")
    if strange := sorted(facts.keys() - _HOLDS.keys()):
        raise _wrong(f"Spaces know no {', '.join(strange)}", "Leave it out.")
    if missing := [name for name in NEEDED if name not in facts]:
        raise _wrong(f"{missing[0]} is missing", "Write it into README.md.")
    for name, value in facts.items():
        holds, what = _HOLDS[name]
        if not holds(value):
            raise _wrong(f"{name} is {value!r}", f"It must be {what}.")
    if facts["app_file"] not in files:
        raise _wrong(f"app_file names {facts['app_file']}", "It must be among the files that go up.")
    _check_versions(facts["sdk_version"], requirements)


def _check_versions(sdk_version: str, requirements: str) -> None:
    """A Space installs the gradio of its front matter beside requirements.txt: both must allow it."""
    for line in requirements.splitlines():
        try:
            requirement = Requirement(line.partition("#")[0])
        except InvalidRequirement:  # an empty line, or an option for pip
            continue
        if canonicalize_name(requirement.name) == "gradio" and Version(sdk_version) not in requirement.specifier:
            raise _wrong(f"sdk_version is {sdk_version}", f"requirements.txt asks for {requirement}.")


def _wrong(what: str, next_step: str) -> PublishError:
    return PublishError(f"The Space's front matter will not do: {what}.", next_step)


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[A-Za-z][\w-]*", value) else json.dumps(value, ensure_ascii=False)


def _matching(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _one_of(known: Collection[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in known


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _is_emoji(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 8 and not value.isascii()


_TEXT = (_matching(r".*\S.*"), "a line of text")
_COLOR = (_one_of(COLORS), f"one of {', '.join(COLORS)}")
_LIST = (_is_list, "a list of names")
_HARDWARE = [str(each.value) for each in SpaceHardware]
_HOLDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "title": _TEXT,
    "emoji": (_is_emoji, "one emoji"),
    "colorFrom": _COLOR,
    "colorTo": _COLOR,
    "sdk": (_one_of(["gradio"]), "gradio"),
    "sdk_version": (_matching(r"\d+\.\d+\.\d+"), "a whole version, in three numbers"),
    "python_version": (_matching(r"3\.1[0-3](\.\d+)?"), "between 3.10 and 3.13, in quotes"),
    "app_file": _TEXT,
    "short_description": (
        _matching(rf"(?=.*\S).{{1,{LONGEST_DESCRIPTION}}}"),
        f"a line of at most {LONGEST_DESCRIPTION} characters",
    ),
    "license": _TEXT,
    "models": _LIST,
    "datasets": _LIST,
    "tags": _LIST,
    "thumbnail": (_matching(r"https?://\S+"), "the address of a picture"),
    "pinned": (lambda value: isinstance(value, bool), "true or false"),
    "fullWidth": (lambda value: isinstance(value, bool), "true or false"),
    "preload_from_hub": (
        lambda value: _is_list(value) and all(re.fullmatch(r"[\w./-]+( [^ ]+){0,2}", each) for each in value),  # type: ignore[attr-defined]
        "a list of models, each with files and a commit at most",
    ),
    "startup_duration_timeout": (_matching(r"\d+(s|m|h)"), "a time such as 30m"),
    "suggested_hardware": (_one_of(_HARDWARE), f"one of {', '.join(_HARDWARE)}"),
}
