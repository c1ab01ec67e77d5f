"""A request as a link and back: nothing has to be kept on a server for it.

A code of version 1 is "1" and then, in base64url without padding, four bytes of CRC-32 and a raw
deflate stream. Both are of the request's canonical JSON in UTF-8: fields sorted, no spaces, what
equals `_DEFAULTS` left out. The stream starts from assets/link_words_v1.txt, words that questions
are made of, so that short questions make short links. The words, the names and the defaults belong
to the version and never change; a new field of `Request` joins `_DEFAULTS` with the value that
links without it stand for. Links that were given out once lie in tests/links.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from functools import cache
from typing import Any
from urllib.parse import unquote

from tokimp.assets import read_asset
from tokimp.errors import LinkError
from tokimp.types import OUTPUTS, PRECISIONS, SEGMENTS, TASKS, Request

VERSION = "1"
PARAMETER = "r"

# Enough for 8,000 characters of any script, and below what servers take in one line of a request.
LONGEST_CODE = 32_768
LONGEST_JSON = 131_072
LONGEST_ADDRESS = 4_096
LONGEST_NAME = 512
MOST_OPTIONS = 32
MOST_GENERATED = 4_096
MOST_ROLES = 512
BEYOND_NUMBERS = 2**63

_DEFAULTS: dict[str, Any] = {
    "contrast": None,
    "generated": (),
    "mask": 0,
    "options": {},
    "output": "logit",
    "precision": "fp32",
    "roles": (),
    "seed": 0,
    "target": None,
    "view": "",
}

COPY_AGAIN = "Copy it again, whole, from where it was shared."


def to_link(request: Request, base_url: str) -> str:
    """The page at `base_url` with the request in its query; other parameters of the address stay.

    Raises:
        LinkError: the request is too long for a link, or holds what no link can carry.
    """
    address, _, query = base_url.partition("#")[0].partition("?")
    if re.fullmatch(r"[a-z]+://[^/]+", address):
        address += "/"
    kept = [pair for pair in query.split("&") if pair and not pair.startswith(f"{PARAMETER}=")]
    return f"{address}?{'&'.join([*kept, f'{PARAMETER}={to_code(request)}'])}"


def to_code(request: Request) -> str:
    """The request in characters that need no quoting in an address.

    Raises:
        LinkError: the request is too long for a link, or holds what no link can carry.
    """
    plain = _canonical(request)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, _words())
    packed = _checksum(plain) + packer.compress(plain) + packer.flush()
    code = VERSION + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")
    if len(plain) >= LONGEST_JSON or len(code) > LONGEST_CODE:
        raise LinkError("This question is too long for a link.", "Shorten its text, or pass the result on as JSON.")
    return code


def from_link(link: str) -> Request:
    """The request in a whole address, in its query, or in a bare code.

    Costs at most `LONGEST_JSON` bytes of memory, whatever the link says.

    Raises:
        LinkError: nothing else, whatever the link holds.
    """
    if len(link) > LONGEST_ADDRESS + LONGEST_CODE:
        raise LinkError("This link is longer than any that was made here.", COPY_AGAIN)
    code = _code_in("".join(link.split()))
    if not code:
        raise LinkError("There is no question in this address.", "Paste the whole link that was shared.")
    if code[0] in "23456789":
        raise LinkError("This link was made by a newer version of tokimp.", "Open it there, or update this one.")
    if code[0] != VERSION:
        raise _damaged()
    plain = _unpacked(code[1:])
    request = _read(plain)
    if _canonical(request) != plain:
        raise _damaged()
    return request


def content_key(request: Request, versions: Mapping[str, str] | None = None) -> str:
    """SHA-256, in hex, of the request's canonical JSON and of what computes it: the key of its result.

    Raises:
        LinkError: the request holds what no link can carry.
    """
    return hashlib.sha256(_canonical(request) + b"\n" + _bytes(dict(versions or {}))).hexdigest()


def _canonical(request: Request) -> bytes:
    fields: dict[str, Any] = {each.name: getattr(request, each.name) for each in fields_of(request)}
    fields["options"] = dict(request.options)
    _check(fields)
    return _bytes({name: value for name, value in fields.items() if name not in _DEFAULTS or value != _DEFAULTS[name]})


def _bytes(fields: Mapping[str, Any]) -> bytes:
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:  # a surrogate without its partner, which no tokenizer takes either
        raise LinkError("There is half a character in this question.", "Delete it, or paste the text anew.") from error


@cache
def _words() -> bytes:
    # Line ends, which a checkout may rewrite, are no part of it.
    return " ".join(read_asset("link_words_v1.txt").split()).encode()


def _checksum(plain: bytes) -> bytes:
    return zlib.crc32(plain).to_bytes(4, "big")


def _code_in(link: str) -> str:
    """What stands behind `r=` or, in the address of an embed, behind /e/; else all of it, if it is no address."""
    found = re.search(rf"(?:^|[?&#]){PARAMETER}=([^&#]*)", link) or re.search(r"/e/([^/?&#]*)", link)
    if found is None and re.search(r"[:/?&#=]", link):
        return ""
    return unquote(found[1] if found else link)


def _unpacked(body: str) -> bytes:
    """The JSON in a code.

    Raises:
        LinkError: damaged, cut off or too long.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]*", body):
        raise _damaged()
    if len(body) >= LONGEST_CODE:
        raise LinkError("This link is longer than any that was made here.", COPY_AGAIN)
    try:
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error as error:
        raise _cut_off() from error
    if base64.urlsafe_b64encode(packed).rstrip(b"=") != body.encode("ascii"):
        raise _damaged()
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, _words())
    try:
        plain = unpacker.decompress(packed[4:], LONGEST_JSON)
    except zlib.error as error:
        raise _damaged() from error
    if len(plain) >= LONGEST_JSON:
        raise LinkError("This link unpacks to more than a question can hold.", COPY_AGAIN)
    if not unpacker.eof:
        raise _cut_off()
    if unpacker.unused_data or packed[:4] != _checksum(plain):
        raise _damaged()
    return plain


def _read(plain: bytes) -> Request:
    try:
        fields = json.loads(plain.decode())
    except (ValueError, RecursionError) as error:
        raise _damaged() from error
    if not isinstance(fields, dict):
        raise _damaged()
    fields = {**_DEFAULTS, "options": {}} | fields
    _check(fields)
    return Request(**fields)


def _check(fields: Mapping[str, Any]) -> None:
    """Raises where a request of these fields would not be one, or is none that a link can carry."""
    if fields.keys() - _HOLDS.keys():
        raise LinkError("This link asks for something that this version does not know.", "Update tokimp.")
    for name, holds in _HOLDS.items():
        if not holds(fields.get(name)):
            raise LinkError(f"This question's {name} is nothing that a link can carry.", "Ask it anew on the page.")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < BEYOND_NUMBERS


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_number(value) and value >= 0


def _is_word(value: object) -> bool:
    return value is None or _is_name(value) or _is_number(value)


def _is_value(value: object) -> bool:
    return _is_word(value) or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value))


def _are_options(value: object) -> bool:
    if not isinstance(value, dict) or len(value) > MOST_OPTIONS:
        return False
    return all(_is_name(name) and _is_value(each) for name, each in value.items())


def _are_ids(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MOST_GENERATED and all(map(_is_count, value))


def are_roles(value: object) -> bool:
    """Whether a request may have these roles, as lists or tuples."""
    return isinstance(value, list | tuple) and len(value) <= MOST_ROLES and all(map(_is_role, value))


def _is_role(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 3:
        return False
    start, end, segment = value
    return _is_count(start) and _is_count(end) and start <= end and segment in SEGMENTS


def _one_of(known: tuple[str, ...]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in known


_HOLDS: dict[str, Callable[[object], bool]] = {
    "contrast": _is_word,
    "generated": _are_ids,
    "mask": _is_count,
    "method": _is_name,
    "model": _is_name,
    "options": _are_options,
    "output": _one_of(OUTPUTS),
    "precision": _one_of(PRECISIONS),
    "revision": _is_name,
    "roles": are_roles,
    "seed": _is_count,
    "target": _is_word,
    "task": _one_of(TASKS),
    "text": _is_text,
    "view": _is_name,
}


def _damaged() -> LinkError:
    return LinkError("This link is damaged: something in it was changed.", COPY_AGAIN)


def _cut_off() -> LinkError:
    return LinkError("This link is cut off: its end is missing.", COPY_AGAIN)
