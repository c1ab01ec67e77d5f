"""The fonts of this machine, for pictures: which of them has a letter, and how wide and what it looks like."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tokimp.views.letters import clusters, is_wide

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)

# The first that has a letter draws it: Latin in the shapes that SVG asks for, then scripts and signs.
_LETTERS = (
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "Helvetica.ttc",
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "PingFang.ttc",
    "msyh.ttc",
    "YuGothM.ttc",
    "malgun.ttf",
    "wqy-zenhei.ttc",
    "segoeui.ttf",
    "ArialUnicode.ttf",
    "NotoSansSymbols-Regular.ttf",
    "NotoSansSymbols2-Regular.ttf",
)
_EMOJI = "NotoColorEmoji.ttf", "Apple Color Emoji.ttc", "seguiemj.ttf"
_EMOJI_SIZES = 109, 160, 96
_PROBE = 24
_NOWHERE = "\U0010fffd"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def runs(text: str) -> list[tuple[str, str]]:
    """The text in (font, text) pairs, font "" being that which Pillow brings; emoji stand alone."""
    found: list[tuple[str, str]] = []
    for cluster in clusters(text):
        name = _emoji_font() if is_emoji(cluster) else ""
        if not name:
            name = _font_with(cluster, found[-1][0] if found else "")
        if found and found[-1][0] == name and not is_emoji(cluster):
            found[-1] = (name, found[-1][1] + cluster)
        else:
            found.append((name, cluster))
    return found


def width_of(text: str, size: float) -> float:
    """The width of the text at `size` pixels."""
    return sum(_run_width(name, run, size) for name, run in runs(text))


def draw_text(onto: Image.Image, at: tuple[float, float], text: str, size: float, ink: str, **look: bool) -> None:
    """Draws the text from its left end on its baseline; `bold` and `rtl` say how.

    Where Pillow comes without raqm, letters are set from right to left here, and none are joined.
    """
    draw, x = ImageDraw.Draw(onto), at[0]
    right_to_left = look.get("rtl", False)
    parts = runs(text)
    for name, run in reversed(parts) if right_to_left else parts:
        width = _run_width(name, run, size)
        if name and name == _emoji_font() and is_emoji(run):
            _paste_emoji(onto, (x, at[1]), run, size)
        else:
            font = _font(name, size)
            shapes = isinstance(font, ImageFont.FreeTypeFont) and font.layout_engine == ImageFont.Layout.RAQM
            draw.text(
                (x, at[1]),
                run if shapes or not right_to_left else "".join(reversed(clusters(run))),
                fill=ink,
                font=font,
                anchor="ls",
                direction=("rtl" if right_to_left else "ltr") if shapes else None,
                stroke_width=max(round(size / 50), 1) if look.get("bold") else 0,
            )
        x += width


def is_emoji(cluster: str) -> bool:
    return (ord(cluster[0]) >= 0x1F000 and is_wide(cluster[0])) or "\ufe0f" in cluster


def _run_width(name: str, run: str, size: float) -> float:
    if name and name == _emoji_font() and is_emoji(run):
        return 1.25 * size
    return float(_font(name, size).getlength(run))


def _paste_emoji(onto: Image.Image, at: tuple[float, float], cluster: str, size: float) -> None:
    """Emoji fonts have pictures of one size: drawn in it, then made as small as the letters."""
    picture = _emoji_picture(cluster)
    height = round(1.17 * size)
    small = picture.resize((max(round(picture.width * height / picture.height), 1), height), Image.Resampling.LANCZOS)
    x = at[0] + (1.25 * size - small.width) / 2
    onto.alpha_composite(small, (max(round(x), 0), max(round(at[1] - 0.95 * size), 0)))


@lru_cache(maxsize=256)
def _emoji_picture(cluster: str) -> Image.Image:
    font = _emoji_face(_emoji_font())
    left, top, right, bottom = (round(edge) for edge in font.getbbox(cluster))
    picture = Image.new("RGBA", (max(right - left, 1), max(bottom - top, 1)))
    ImageDraw.Draw(picture).text((-left, -top), cluster, font=font, embedded_color=True)
    return picture


@cache
def _files() -> dict[str, Path]:
    """Every font file by its name."""
    folders = [Path(folder).expanduser() for folder in _FOLDERS]
    plotting = importlib.util.find_spec("matplotlib")
    if plotting is not None and plotting.origin is not None:
        folders.append(Path(plotting.origin).parent / "mpl-data" / "fonts" / "ttf")
    found: dict[str, Path] = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                found.setdefault(name.lower(), Path(root) / name)
    return found


@cache
def _names() -> tuple[str, ...]:
    return tuple(_usable(_LETTERS))


def _usable(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        try:
            if name.lower() in _files():
                _font(name, _PROBE)
                yield name
        except OSError:  # a file of that name that is no font
            continue


@lru_cache(maxsize=256)
def _font(name: str, size: float) -> Font:
    return ImageFont.truetype(_files()[name.lower()], size) if name else ImageFont.load_default(size)


@cache
def _emoji_font() -> str:
    """The name of the font that has emoji in colour, "" where there is none that can be drawn."""
    for name in _EMOJI:
        try:
            if name.lower() in _files():
                _emoji_face(name)
                return name
        except OSError:
            continue
    return ""


@cache
def _emoji_face(name: str) -> ImageFont.FreeTypeFont:
    for size in _EMOJI_SIZES:
        try:
            return ImageFont.truetype(_files()[name.lower()], size)
        except OSError:  # no pictures of this size
            continue
    raise OSError(f"{name} holds no pictures that can be drawn.")


@lru_cache(maxsize=4096)
def _font_with(cluster: str, before: str) -> str:
    """The font of the letters before if it has this one, too; else the first that has."""
    visible = "".join(character for character in cluster if not character.isspace() and character.isprintable())
    if not visible:
        return before or next(iter(_names()), "")
    names = (*filter(None, [before]), *_names())
    return next(
        (name for name in names if all(_has(name, character) for character in visible)), next(iter(_names()), "")
    )


@lru_cache(maxsize=16384)
def _has(name: str, character: str) -> bool:
    """Whether the font draws the character otherwise than one that no font has."""
    font = _font(name, _PROBE)
    return _drawn(font, character) != _drawn(font, _NOWHERE)


def _drawn(font: Font, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)
