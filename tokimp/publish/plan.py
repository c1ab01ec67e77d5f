"""What a push would change: the files that are wanted beside those that are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokimp.errors import PublishError

# Files that the hub puts into a new Space itself.
THEIRS = (".gitattributes",)
# A Space that has it is one of ours.
MARK = "tokimp/__init__.py"


@dataclass(frozen=True)
class Wanted:
    """The Space as it shall be. `secrets` are names of this environment's variables: values are read at the push.

    hardware: None leaves what it has. private: where it is new.
    """

    space: str
    files: Mapping[str, bytes]
    message: str
    private: bool = False
    hardware: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The Space as it is. `files` have the hash that git knows them by (SHA-1), or large ones the hub (SHA-256)."""

    commit: str
    private: bool
    sdk: str | None
    hardware: str | None
    files: Mapping[str, str]
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """Paths, sorted; `found` is None where there is no Space yet."""

    wanted: Wanted
    found: Found | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def sent(self) -> tuple[str, ...]:
        """What goes up, sorted."""
        return tuple(sorted((*self.added, *self.changed)))

    @property
    def variables(self) -> dict[str, str]:
        """The variables that are not there yet, or have another value."""
        known = self.found.variables if self.found else {}
        return {name: value for name, value in self.wanted.variables.items() if known.get(name) != value}

    @property
    def hardware(self) -> str | None:
        """The hardware that has to be asked for; None where it is there or nobody minds."""
        known = self.found.hardware if self.found else None
        return None if self.wanted.hardware == known else self.wanted.hardware


def planned(wanted: Wanted, found: Found | None) -> Plan:
    """What has to change so that `found` becomes `wanted`; None where there is no Space yet.

    Raises:
        PublishError: what is there is something else, which a push would delete, or is public and shall not be.
    """
    if found is not None:
        _check(wanted, found)
    known = found.files if found else {}
    added = tuple(sorted(name for name in wanted.files if name not in known))
    changed = tuple(
        sorted(name for name in wanted.files if name in known and not same(wanted.files[name], known[name]))
    )
    deleted = tuple(sorted(name for name in known if name not in wanted.files and name not in THEIRS))
    return Plan(wanted, found, added, changed, deleted)


def _check(wanted: Wanted, found: Found) -> None:
    theirs = found.files.keys() - {*THEIRS, "README.md"}
    if theirs and MARK not in theirs:
        raise PublishError(
            f"{wanted.space} is a Space of something else: {len(theirs)} files would be deleted.",
            "Choose another name, or empty that Space first.",
        )
    if wanted.private and not found.private:
        raise PublishError(
            f"{wanted.space} is there already, and public.", "Make it private in its settings, or leave out --private."
        )


def same(content: bytes, known: str) -> bool:
    """Whether the content has this hash: that of a file in git, or that of a large file."""
    if len(known) == 64:
        return hashlib.sha256(content).hexdigest() == known
    # SHA-1 because git names its files so; nobody's safety hangs on it.
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == known
