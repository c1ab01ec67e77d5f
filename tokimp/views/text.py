"""The text with its tokens coloured: for the browser as a payload, for a page as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from tokimp.types import Explanation, Floats, Token
from tokimp.views.characters import drawable, escaped, marks, quoted, spoken
from tokimp.views.color import bucket_classes, full_scale, scale_classes
from tokimp.views.numbers import percent, show
from tokimp.views.pieces import Piece, typed_pieces, word_groups
from tokimp.views.uncertainty import EXPLAINED, MAY_BE_NOTHING, joint_error, may_be_nothing

TOWARDS = "pushes towards"
AWAY = "pushes away"
NEITHER = "no push"
STAYS, WHY_IT_STAYS = "always stays", "it cannot be taken away"
STAY = "Grey text always stays; only the rest can be taken away."


class TokenItem(TypedDict):
    """One span. `indices` are the token positions that it stands for; `share` is of the sum of |score|.

    `maybe`: the score is not distinguishable from 0; `pinned`: the question keeps it, and it has no score.
    """

    indices: list[int]
    gap: str
    text: str
    mark: str
    added: bool
    special: bool
    score: float
    stderr: float | None
    maybe: bool
    pinned: bool
    rank: int
    share: float
    bucket: str
    number: str
    label: str
    tip: list[str]


def token_items(explanation: Explanation, scale: float | None = None) -> list[TokenItem]:
    """One item a token. `scale`: the |score| of the full colour, where results share one."""
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    groups = [[position] for position in range(len(pieces))]
    return _items(explanation, pieces, groups, scale)


def word_items(explanation: Explanation, scale: float | None = None) -> list[TokenItem]:
    """One item a word as typed: scores added up, standard errors combined."""
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    return _items(explanation, pieces, word_groups(explanation.tokens, pieces), scale)


def text_payload(explanation: Explanation, scale: float | None = None) -> dict[str, Any]:
    """What the browser's token view draws: tokens and words, each with its legend."""
    tail = typed_pieces(explanation.tokens, explanation.request.text)[1]
    tokens = token_items(explanation, scale)
    words = word_items(explanation, scale)
    signed = explanation.attribution.signed
    return {
        "tokens": {"items": tokens, "legend": _legend_of(tokens, signed, scale)},
        "words": {"items": words, "legend": _legend_of(words, signed, scale)},
        "tail": drawable(tail),
    }


def plain_payload(tokens: Sequence[Token], text: str, action: str = "") -> dict[str, Any]:
    """The text without scores, each token to be picked; `action` ("masks it") is what picking does."""
    pieces, tail = typed_pieces(tokens, text)
    items: list[dict[str, Any]] = []
    for position, (token, piece) in enumerate(zip(tokens, pieces, strict=True)):
        label = spoken(piece.text) + (f", Enter {action}" if action else "")
        item = _drawn(token, piece, piece.gap, piece.text)
        items.append(item | {"indices": [position], "bucket": "tk0", "label": label, "tip": []})
    return {"tokens": {"items": items, "legend": None}, "words": None, "tail": drawable(tail)}


def legend(explanation: Explanation, scale: float | None = None) -> dict[str, Any]:
    """The numbers at both ends of the scale, what they mean, and the classes between."""
    return _legend(explanation.scores, explanation.attribution.signed, scale)


def legend_html(explanation: Explanation, scale: float | None = None) -> str:
    facts = legend(explanation, scale)
    steps = "".join(f'<i class="{name}">{"0" * (name == "tk0")}</i>' for name in facts["classes"])
    parts = (
        ("span", "tk-away", facts["left"]),
        ("b", "", facts["low"]),
        ("span", "tk-scale", steps),
        ("b", "", facts["high"]),
        ("span", "tk-towards", facts["right"]),
    )
    line = "".join(f'<{tag} class="{name}">{text}</{tag}>' for tag, name, text in parts if text)
    doubt = f'<p class="tk-doubt"><u>dotted</u>: {EXPLAINED}</p>' if _doubted(explanation) else ""
    stays = f'<p class="tk-doubt">{STAY}</p>' if pinned(explanation).any() else ""
    return f'<div class="tk-legend">{line}</div>{doubt}{stays}'


def tokens_html(explanation: Explanation, scale: float | None = None) -> str:
    """The coloured text without any script: numbers on hover. Its text content is what was typed,
    but for the tokens that the tokenizer added (class `tk-added`)."""
    spans = [token_span(item) for item in token_items(explanation, scale)]
    tail = typed_pieces(explanation.tokens, explanation.request.text)[1]
    return f'<div class="tk-text" dir="auto">{"".join(spans)}{escaped(tail)}</div>'


def effect(score: float, *, signed: bool = True) -> str:
    if not signed:
        return ""
    return TOWARDS if score > 0 else AWAY if score < 0 else NEITHER


def pinned(explanation: Explanation) -> npt.NDArray[np.bool_]:
    """Which tokens the question keeps (token,), without a score: those outside of what is looked into."""
    ranges = [(start, end) for start, end, segment in explanation.request.roles if segment == "pinned"]
    kept = [
        token.segment == "pinned"
        or (token.segment == "generated" and any(start <= token.start < end for start, end in ranges))
        for token in explanation.tokens
    ]
    return np.asarray(np.array(kept, dtype=bool) & (explanation.scores == 0))


def ranks(scores: Floats, last: npt.NDArray[np.bool_] | None = None) -> list[int]:
    """1 + how many |scores| are larger, so that equal ones share a rank; those that are `last` stand behind all."""
    sizes = np.abs(scores) if last is None else np.where(last, -1.0, np.abs(scores))
    ranked = 1 + np.searchsorted(np.sort(-sizes), -sizes)
    return [int(rank) for rank in ranked]


def _items(
    explanation: Explanation, pieces: Sequence[Piece], groups: list[list[int]], scale: float | None
) -> list[TokenItem]:
    signed = explanation.attribution.signed
    scores = np.array([explanation.scores[group].sum() for group in groups])
    total = float(np.abs(scores).sum())
    kept = pinned(explanation)
    stays = np.array([bool(kept[group].all()) for group in groups], dtype=bool)
    order, count = ranks(scores, stays), len(groups) - int(stays.sum())
    names = bucket_classes(scores, signed=signed, scale=scale)
    items: list[TokenItem] = []
    for place, group in enumerate(groups):
        score = float(scores[place])
        error = joint_error(explanation, group)
        maybe = may_be_nothing(explanation, score, error)
        text = pieces[group[0]].text + "".join(pieces[i].gap + pieces[i].text for i in group[1:])
        item: Any = _drawn(explanation.tokens[group[0]], pieces[group[0]], pieces[group[0]].gap, text)
        number = show(score, error)
        share = abs(score) / total if total else 0.0
        rank = f"rank {order[place]} of {count}"
        meaning = MAY_BE_NOTHING if maybe else effect(score, signed=signed)
        said = [spoken(text), meaning, number, rank]
        tip = [quoted(text), number, meaning, f"{rank} · {percent(share)} of all"]
        if stays[place]:
            said, tip = [spoken(text), STAYS], [quoted(text), STAYS, WHY_IT_STAYS]
        item.update(indices=group, score=score, stderr=error, maybe=maybe, rank=order[place], share=share)
        item.update(pinned=bool(stays[place]))
        item.update(bucket=names[place], number=number, label=", ".join(filter(None, said)))
        item.update(tip=[line for line in tip if line])
        items.append(item)
    return items


def _drawn(token: Token, piece: Piece, gap: str, text: str) -> dict[str, Any]:
    return {
        "gap": drawable(gap),
        "text": drawable(text),
        "mark": marks(text),
        "added": piece.added,
        "special": token.special,
    }


def _legend_of(items: Sequence[TokenItem], signed: bool, scale: float | None) -> dict[str, Any]:
    doubt = EXPLAINED if any(item["maybe"] for item in items) else ""
    return _legend([item["score"] for item in items], signed, scale) | {"doubt": doubt}


def _doubted(explanation: Explanation) -> bool:
    errors = explanation.stderr
    if errors is None:
        return False
    return any(may_be_nothing(explanation, *pair) for pair in zip(explanation.scores, errors, strict=True))


def _legend(scores: Sequence[float] | Floats, signed: bool, scale: float | None) -> dict[str, Any]:
    top = full_scale(scores) if scale is None else scale
    return {
        "low": show(-top) if signed else "",
        "high": show(top),
        "left": f"◄ {AWAY}" if signed else "",
        "right": f"{TOWARDS} ►" if signed else "how much",
        "classes": scale_classes(signed=signed),
    }


def token_span(item: TokenItem, title: str = "") -> str:
    """One token without script; on hover its `title`, or what its score is and which rank it has."""
    if not title and item["pinned"]:
        title = f"{STAYS}: {WHY_IT_STAYS}"
    elif not title:
        title = f"{item['number']}, may be 0" if item["maybe"] else f"{item['number']}, rank {item['rank']}"
    title = escaped(title)
    if item["added"]:
        return f'<bdi class="{item["bucket"]} tk-added" title="{title}">{escaped(item["text"])}</bdi>'
    kind = " tk-piece" if not item["text"] else " tk-mask" if item["special"] else ""
    kind += " tk-pinned" * item["pinned"]
    mark = ""
    if item["mark"] and item["bucket"] != "tk0":
        kind, mark = " tk-blank", f' data-mark="{item["mark"]}"'
    lead, text = _lead_and_word(item["text"])
    tag = "u" if item["maybe"] else "span"
    span = f'<{tag} class="{item["bucket"]}{kind}" title="{title}"{mark}>{escaped(text)}</{tag}>'
    return escaped(item["gap"]) + lead + span


def _lead_and_word(text: str) -> tuple[str, str]:
    """The one space before a word stays uncoloured, so that no sliver of colour hangs at a line's end."""
    if text.startswith(" ") and not text[1:2].isspace() and len(text) > 1:
        return " ", text[1:]
    return "", text
