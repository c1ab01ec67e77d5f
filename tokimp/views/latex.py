"""An explanation as a LaTeX document: coloured tokens and the ranked table, to be compiled or cut from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.caption import captioned
from tokimp.views.characters import drawable
from tokimp.views.judged import COLUMNS, judged_line, judged_rows
from tokimp.views.letters import is_wide
from tokimp.views.numbers import show
from tokimp.views.page import question
from tokimp.views.shades import Shades, shades
from tokimp.views.table import ranked_rows
from tokimp.views.text import TokenItem, legend, token_items

ROWS = 30
_BREAK = "\\par{}\n"
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "{-}",
    ",": "{,}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "⏎": r"$\hookleftarrow$",
    "\u202f": r"\,",
    "\u00a0": "~",
}
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LATIN = "ĂăĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŮůŰűŸŹźŻżŽž"
_KNOWN = frozenset("–—‘’“”…€" + _LATIN) | {chr(code) for code in range(0xA1, 0x100) if code != 0xAD}
_HEAD = r"""\documentclass{article}
\usepackage{xcolor}
\ifdefined\Uchar\else % pdfLaTeX, not XeLaTeX or LuaLaTeX
\usepackage[T1]{fontenc}
"""
_MACROS = r"""\setlength{\fboxsep}{1pt}\setlength{\parindent}{0pt}
% \tok{colour of the ground}{colour of the letters}{text}
\newcommand{\tok}[3]{\colorbox{#1}{\strut\textcolor{#2}{#3}}}
"""


def explanation_latex(explanation: Explanation, link: str | None = None, scores: Sequence[Score] = ()) -> str:
    r"""A document of article and xcolor that any LaTeX compiles; \tok and the colours can be taken along.

    pdfLaTeX has no letters of most scripts: it then shows their code points. XeLaTeX and LuaLaTeX show
    what their font has.

    Raises:
        OptionError: the link is no web address.
    """
    colors = shades()
    items = token_items(explanation)
    used = sorted({item["bucket"] for item in items} & colors.ground.keys())
    told = [f"{name}: {_value(name, value)}" for name, value in captioned(explanation, link)]
    told.append(_legend(explanation))
    told += [_literal(note) for note in explanation.attribution.notes]
    body = [
        rf"{{\large\bfseries {_literal(question(explanation))}}}",
        r"{\small " + "\\\\{}\n".join(told) + "}",
        r"{\sloppy " + "".join(_token(item, colors) for item in items) + r"\par}",
        _table(explanation),
        _judged(scores),
    ]
    content = "\n\n\\medskip\n".join(filter(None, body))
    definitions = "".join(_definition(name, colors) for name in used)
    return (
        f"{_HEAD}{_letters(content)}\\fi\n{definitions}{_MACROS}"
        f"\\begin{{document}}\\raggedright\n{content}\n\\end{{document}}\n"
    )


def _definition(name: str, colors: Shades) -> str:
    ground, ink = colors.of(name)
    pair = ((f"{name}", ground or colors.paper), (f"{name}ink", ink))
    return "".join(f"\\definecolor{{{each}}}{{HTML}}{{{color[1:].upper()}}}\n" for each, color in pair)


def _token(item: TokenItem, colors: Shades) -> str:
    """Spaces and line breaks stay outside of the colour."""
    gap = "" if not item["gap"] else _spaces(item["gap"])
    text = item["text"]
    if item["mark"] and item["bucket"] != "tk0":
        breaks = _BREAK if "\n" in text else ""
        return gap + _boxed(item, item["mark"], colors) + breaks
    if not text.strip():
        return gap + _spaces(text)
    lead = text[: len(text) - len(text.lstrip())]
    end = text[len(text.rstrip()) :]
    may_break = r"\allowbreak{}" if is_wide(text.rstrip()[-1]) else ""
    size = r"{\scriptsize " if item["added"] else "{"
    return f"{gap}{_spaces(lead)}{size}{_boxed(item, text.strip(), colors)}}}{_spaces(end)}{may_break}"


def _boxed(item: TokenItem, text: str, colors: Shades) -> str:
    if item["bucket"] not in colors.ground:
        return _literal(text)
    return rf"\tok{{{item['bucket']}}}{{{item['bucket']}ink}}{{{_literal(text)}}}"


def _spaces(text: str) -> str:
    if "\n" in text or "\r" in text:
        return _BREAK
    return " " if text.isspace() else _literal(text)


def _legend(explanation: Explanation) -> str:
    """What the full colours stand for."""
    ends = legend(explanation)
    if not explanation.attribution.signed:
        return _literal(f"colours: how much, from none for 0 to the full colour for {ends['high']}")
    return _literal(f"colours: blue pushes away, down to {ends['low']}; red pushes towards, up to {ends['high']}")


def _table(explanation: Explanation) -> str:
    rows, sampled = ranked_rows(explanation), explanation.stderr is not None
    lines = [" & ".join(["rank", "token", "score", *([r"$\pm$ error"] if sampled else [])]) + r" \\ \hline"]
    for row in rows[:ROWS]:
        number, _, error = show(row["score"], row["stderr"]).partition(" ± ")
        cells = [str(row["rank"]), rf"\texttt{{{_literal(row['token'][:60])}}}", _literal(number)]
        lines.append(" & ".join([*cells, *([_literal(error)] if sampled else [])]) + r" \\")
    left = f"\n\n\\smallskip\n{len(rows) - ROWS:,} smaller scores are left out." if len(rows) > ROWS else ""
    columns = "rlrr" if sampled else "rlr"
    return f"\\begin{{tabular}}{{{columns}}}\n" + "\n".join(lines) + f"\n\\end{{tabular}}{left}"


def _judged(scores: Sequence[Score]) -> str:
    """What metrics say of the explanation."""
    if not scores:
        return ""
    lines = [[_literal(cell) for cell in row] for row in (COLUMNS, *judged_rows(scores))]
    cells = [" & ".join(line) + r" \\" for line in lines]
    cells[0] += r" \hline"
    table = "\n".join(cells)
    return f"{_literal(judged_line(scores))}\n\n\\smallskip\n\\begin{{tabular}}{{lrrl}}\n{table}\n\\end{{tabular}}"


def _value(name: str, value: str) -> str:
    """Long addresses may break anywhere."""
    if name != "link":
        return _literal(value)
    parts = re.findall(r".{1,8}", value)
    return r"\texttt{" + r"\allowbreak{}".join(map(_literal, parts)) + "}"


def _literal(text: str) -> str:
    """The text on one line, with everything escaped that LaTeX would read."""
    return "".join(map(_escaped, " ".join(drawable(text).split("\n")).replace("\r", " ").replace("\t", " ")))


def _escaped(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character in _SUPERSCRIPTS:
        return rf"\textsuperscript{{{_SUPERSCRIPTS.index(character)}}}"
    return r"\textsuperscript{$-$}" if character == "⁻" else character


def _letters(content: str) -> str:
    """For pdfLaTeX, which stops at a letter that it does not know: what to set in its place."""
    unknown = sorted({character for character in content if not character.isascii()} - _KNOWN)
    return "".join(
        f"\\DeclareUnicodeCharacter{{{ord(each):04X}}}{{{{\\fboxsep1pt\\fbox{{\\tiny {ord(each):04X}}}}}}}%\n"
        for each in unknown
    )
