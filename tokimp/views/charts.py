"""What the model would say, as bars."""

from __future__ import annotations

from typing import Any

from tokimp.types import Prediction
from tokimp.views.characters import drawable, escaped, quoted
from tokimp.views.numbers import percent

_TINY = 5e-4


def bars_payload(
    prediction: Prediction,
    chosen: int | None = None,
    contrast: int | None = None,
    *,
    words: bool = True,
    limit: int = 10,
) -> dict[str, Any]:
    """Candidates with their probabilities: what is explained, and what it is held against, are marked.

    words: labels are pieces of text, shown in quotes so that their spaces can be told; class
    labels are not. `rest` is the probability of everything that is not listed.
    """
    kept = prediction.candidates[:limit]
    bars = []
    for candidate in kept:
        role = "explained" if candidate.index == chosen else "rather than" if candidate.index == contrast else ""
        name = quoted(candidate.label) if words else drawable(candidate.label)
        bars.append(
            {
                "index": candidate.index,
                "value": drawable(candidate.label),
                "name": name,
                "share": round(min(max(candidate.prob, 0.0), 1.0), 6),
                "number": percent(candidate.prob),
                "role": role,
                "label": ", ".join(filter(None, (name, percent(candidate.prob), role))),
            }
        )
    left = 1 - sum(candidate.prob for candidate in kept)
    rest = percent(left) if prediction.entropy is not None and left > _TINY else None
    return {"bars": bars, "rest": rest}


def bars_html(
    prediction: Prediction,
    chosen: int | None = None,
    contrast: int | None = None,
    *,
    words: bool = True,
    limit: int = 10,
) -> str:
    """The same without script."""
    drawing = bars_payload(prediction, chosen, contrast, words=words, limit=limit)
    rows = "".join(_bar(bar) for bar in drawing["bars"])
    if drawing["rest"] is not None:
        rest = f"<span>everything else</span><span></span><data>{drawing['rest']}</data><small></small>"
        rows += f'<li class="tk-rest">{rest}</li>'
    return f'<ul class="tk-root tk-bars">{rows}</ul>'


def _bar(bar: dict[str, Any]) -> str:
    kind = {"explained": "tk-chosen", "rather than": "tk-contrast"}.get(bar["role"], "")
    width = f"{100 * bar['share']:.4g}%"
    return (
        f'<li class="{kind}" title="{escaped(bar["label"])}"><bdi>{escaped(bar["name"])}</bdi>'
        f'<svg aria-hidden="true"><rect width="{width}" height="100%"/></svg>'
        f'<data value="{bar["share"]:g}">{bar["number"]}</data>'
        f"<small>{bar['role']}</small></li>"
    )
