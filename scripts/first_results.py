"""Computes the results that the page shows on arrival, with the models of the packs: assets/first/*.json."""

from __future__ import annotations

from pathlib import Path

from tokimp.models.catalog import default_key
from tokimp.ui import examples, trusting, work
from tokimp.ui.desk import Desk
from tokimp.ui.generating import forms
from tokimp.ui.generating.first import stored
from tokimp.ui.limits import Limits
from tokimp.ui.state import Asked

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "first"


def main() -> None:
    """Stops with the reason where a pack is missing."""
    FOLDER.mkdir(exist_ok=True)
    for start in examples.starts():
        model = default_key(start.task, hub_reachable=False)
        asked = Asked(start.task, model, start.examples[0].text, start.method)
        result = work.answer(asked, report=lambda _: None)
        result = result.with_grid(work.grid(asked, report=lambda _: None))
        result = result.with_trust(trusting.judged(result, lambda _: None, Limits()))
        (FOLDER / f"{start.task}.json").write_text(result.to_json(), encoding="utf-8")
        best = result.prediction.candidates[0]
        print(f"{start.task}: {model} says {best.label!r}, {best.prob:.3f}; {result.explanation.seconds:.2f} s")
    answered = Desk().study(forms.first(default_key("next-token", hub_reachable=False)), report=lambda _: None)
    (FOLDER / "generation.json").write_text(stored(answered), encoding="utf-8")
    print(f"generation: {''.join(token.text for token in answered.value.answer)!r}; {answered.seconds:.2f} s")


if __name__ == "__main__":
    main()
