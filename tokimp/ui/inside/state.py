"""What the tab Inside remembers: the text that is looked into, what is pointed at, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.base import options_for
from tokimp.internals.looks.seen import Seen
from tokimp.methods.base import options_of
from tokimp.types import Value
from tokimp.ui.state import Asked

Settings = Mapping[str, Mapping[str, Value]]
"""Of each look the options that its form sets, where they differ from the usual ones."""

POINTED = ("layer", "head", "token")


@dataclass(frozen=True)
class Selection:
    """What is pointed at in all views. Layers count as hidden states do, 0 is the input; `key` is for maps alone."""

    token: int | None = None
    layer: int | None = None
    head: int | None = None
    key: int | None = None

    def options(self, view: str) -> dict[str, Value]:
        """As options of a look, as far as it declares them."""
        declared = {each.name: each for each in options_of(LOOKS[view])}
        found: dict[str, Value] = {}
        for name in POINTED:
            value = getattr(self, name)
            if name in declared and value is not None and value >= (declared[name].low or 0):
                found[name] = value
        return found

    @classmethod
    def of(cls, options: Mapping[str, Value]) -> Selection:
        """What a look's options point at."""
        picked = {name: options.get(name) for name in POINTED}
        return cls(**{name: value if isinstance(value, int) else None for name, value in picked.items()})


@dataclass(frozen=True)
class Shown:
    """The question that all views answer, without view or options; `seen` by view, `active` the one last used.

    drawn: by part of a view, on what it depended what is on screen.
    """

    asked: Asked
    selection: Selection = field(default_factory=Selection)
    seen: Mapping[str, Seen] = field(default_factory=dict)
    active: str = "attention"
    drawn: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def of(self, view: str, settings: Settings) -> Asked:
        """The question of one view. A head is one of a layer: without that, it is none."""
        pointed = self.selection if self.selection.layer else replace(self.selection, head=None)
        return replace(self.asked, view=view, options={**self.offered(view, settings), **pointed.options(view)})

    def offered(self, view: str, settings: Settings) -> dict[str, Value]:
        """What is set of the options that the view has for a model of this task."""
        names = {each.name for each in options_for(view, self.asked.task)}
        return {name: value for name, value in settings.get(view, {}).items() if name in names}

    def holding(self, seen: Seen) -> Shown:
        return replace(self, seen={**self.seen, seen.request.view: seen})

    def without(self, view: str, parts: Iterable[str]) -> Shown:
        """A view whose parts are to be drawn anew."""
        gone = {f"told_{view}", *parts}
        return replace(self, drawn={part: drawn for part, drawn in self.drawn.items() if part not in gone})
