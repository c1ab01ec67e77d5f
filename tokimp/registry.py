"""Name → thing, with a helpful error."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from tokimp.errors import OptionError

Thing = TypeVar("Thing")


class Registry(Mapping[str, Thing], Generic[Thing]):
    """Keeps the order of registration, refuses a name twice, and suggests the nearest name for a typo."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._things: dict[str, Thing] = {}

    def add(self, name: str, thing: Thing) -> Thing:
        if name in self._things:
            raise ValueError(f"There is a {self._noun} {name!r} already.")
        self._things[name] = thing
        return thing

    def __getitem__(self, name: str) -> Thing:
        if name in self._things:
            return self._things[name]
        near = difflib.get_close_matches(name, self._things, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(self._things)}."
        raise OptionError(f"There is no {self._noun} {name!r}.", hint)

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)
