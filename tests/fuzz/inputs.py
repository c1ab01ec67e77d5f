"""Hostile inputs: texts that want to be code, links that were tampered with, addresses and headers of all sorts."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import strategies as st

from tests.test_share import LONG, REQUEST, canonical, code_of
from tokimp import share
from tokimp.types import Explanation
from tokimp.views.files import FORMATS

CALL = "pwned()"
"""What must never be run."""

FRAGMENTS = (
    *(f"<script>{CALL}</script>", f'"><img src=x onerror={CALL}>', f"'><svg/onload={CALL}>", f"javascript:{CALL}"),
    *(f"</style><script>{CALL}</script>", f"</title><script>{CALL}</script>", f"--><script>{CALL}</script><!--"),
    *(f"]]><script>{CALL}</script>", f"</textarea></pre></svg><iframe srcdoc='<script>parent.{CALL}</script>'>"),
    *(f"${{{CALL}}}", f"`${{{CALL}}}`", f"{{{{constructor.constructor('{CALL}')()}}}}", "{{7*7}}", "<%= 7*7 %>"),
    *("&lt;script&gt;", "&#60;script&#62;", "\\u003cscript\\u003e", "%3Cscript%3E", "<!--", "<![CDATA[", "<?xml"),
    *("url(https://example.org/x)", "@import 'https://example.org/x';", "expression(1)", "</", "<", ">", '"', "'", "&"),
    *("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "%", "#"),
    *("\\input{/etc/passwd}", "\\write18{x}", "$\\csname", "^^41", "\\end{document}"),
    *("](javascript:pwned())", "![x](https://example.org/x)", "| a | b |", "```", "~~~", "[x]: https://example.org"),
    *("\x00", "\x1b[2J", "\x08", "\r\n", "\u2028", "\u202e", "\ufeff", "\ud83d", "\udc00", "\uffff", "😀", "שלום"),
    *("../../etc/passwd", "..%2f..%2f", "http://169.254.169.254/", "file:///etc/passwd", "[MASK]", "[SEP]", "</s>"),
    *("a" * 300, "\n" * 20, "\u0301" * 30, "👩‍👩‍👧", "日本語"),
)  # fmt: skip

pieces = (
    st.sampled_from(FRAGMENTS)
    | st.text(max_size=12)
    | st.text(st.characters(categories=["Cs", "Cc", "Cf"]), max_size=4)
)
texts = st.lists(pieces, max_size=8).map("".join)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from(
    [0.0, -0.0, 1e-300, 1e300, -1e300]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from([10**400, -1, 2**63, "gpt2"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

CODES = (share.to_code(REQUEST), share.to_code(LONG))
_FACTS = json.loads(canonical({name: getattr(LONG, name) for name in LONG.__dataclass_fields__ if name != "options"}))


def _encoded(facts: dict[str, Any]) -> str:
    return code_of(
        json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )


changed_codes = st.builds(
    lambda code, place, taken, put: code[: place % len(code)] + put + code[place % len(code) + taken :],
    st.sampled_from(CODES),
    st.integers(0, 10_000),
    st.integers(0, 40),
    st.text("AQgw19-_=%&/?#. é\x00", max_size=6) | pieces,
)
made_up_codes = st.builds(
    lambda name, value: _encoded(_FACTS | {name: value}), st.sampled_from([*_FACTS, "options", "x"]), values
)
random_codes = st.builds(
    lambda sign, body: sign + base64.urlsafe_b64encode(body).decode(),
    st.sampled_from(["1", "0", "9"]),
    st.binary(max_size=80),
)
codes = changed_codes | made_up_codes | random_codes | texts | st.sampled_from(CODES)
links = st.builds(
    lambda form, code: form.replace("*", code),
    st.sampled_from(
        ["*", "?r=*", "https://example.org/?r=*", "https://example.org/e/*", "/e/*?theme=dark", "?x=1&r=*#y", "?r=%*"]
    ),
    codes,
)

headers = st.dictionaries(
    st.sampled_from(["x-forwarded-host", "x-forwarded-proto", "x-forwarded-for", "if-none-match", "accept", "referer"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(
        ['evil.example"><script>pwned()</script>', "javascript", "a, b", "*", '""', "::1", "[::1]:80", "0" * 300]
    ),
    max_size=3,
)
suffixes = st.sampled_from([suffix for suffix in FORMATS if suffix != ".png"])


def scores(explanation: Explanation, drawn: list[float]) -> list[float]:
    """As many as there are tokens, by repeating what was drawn."""
    return [drawn[place % len(drawn)] for place in range(len(explanation.tokens))]
