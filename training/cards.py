"""Writes figures.json and the model card made from it, so that the card cannot drift from the measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template

ROOT = Path(__file__).parent.parent / "assets" / "models"
TEMPLATES = Path(__file__).parent / "cards"


def write_card(folder: Path, figures: Mapping[str, object]) -> None:
    """figures.json, and README.md from the template of the folder's name.

    Raises:
        KeyError: the template names a figure that was not measured.
    """
    text = json.dumps(figures, indent=2, ensure_ascii=False) + "\n"
    (folder / "figures.json").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(card_text(folder.name, figures), encoding="utf-8")


def card_text(name: str, figures: Mapping[str, object]) -> str:
    template = Template((TEMPLATES / f"{name}.md").read_text(encoding="utf-8"))
    return template.substitute({key: _shown(value) for key, value in figures.items()})


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"| {key} | {_cell(entry)} |" for key, entry in value.items())
    return _cell(value)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
