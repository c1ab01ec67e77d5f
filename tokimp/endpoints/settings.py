"""Where an endpoint is and how it may be asked. Only the environment of the app's owner names endpoints."""

from __future__ import annotations

import ipaddress
import json
import math
import os
import re
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tokimp.errors import OptionError

ENDPOINTS = "TOKIMP_ENDPOINTS"
KEY = "TOKIMP_ENDPOINT_KEY_"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PORTS = range(1, 65_536)


@dataclass(frozen=True)
class Endpoint:
    """The settings of one endpoint.

    url: with or without the `/v1` at its end; https, or http to this machine, unless `insecure`.
    model: its name at the endpoint; "" where it serves one only.
    key: goes into the Authorization header and nowhere else.
    concurrency: most requests at once, of all callers together.
    retries: further tries after a try that failed for a reason that may pass.
    timeout: seconds for one try. backoff: seconds before the first retry, doubled with each further one.
    budget: most tries over the client's life; None for any number.
    cached: most answers that are remembered; 0 for none.

    Raises:
        OptionError: a value that cannot be meant. The message holds neither the address nor the key.
    """

    url: str
    model: str = ""
    key: str | None = field(default=None, repr=False)
    concurrency: int = 4
    retries: int = 5
    timeout: float = 30.0
    backoff: float = 0.5
    budget: int | None = None
    cached: int = 20_000
    insecure: bool = False

    def __post_init__(self) -> None:
        _check_numbers(self)
        if not all(isinstance(each, str) for each in (self.url, self.model, self.key or "")):
            raise OptionError("The url, model and key of an endpoint are texts.")
        if not re.fullmatch(r"[\x21-\x7e]*", self.key or ""):
            raise OptionError("The key of an endpoint has characters that no header takes.", "Copy it again.")
        parts = self.address
        if parts.username is not None or parts.query or parts.fragment:
            raise OptionError("The address of an endpoint has more than host and path.", "Give a key by itself.")
        if parts.scheme != "https" and not self.insecure and not _is_loopback(parts.hostname or ""):
            raise OptionError(
                "Texts would go to this endpoint unencrypted.",
                "Use https, or set `insecure` within a network of yours.",
            )

    @property
    def address(self) -> SplitResult:
        """The address without the `/v1` at its end.

        Raises:
            OptionError: it is none of http or https.
        """
        try:
            parts = urlsplit(self.url.strip())
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 80) in PORTS
        except ValueError:
            sound = False
        if not sound or not re.fullmatch(r"[\x21-\x7e]+", self.url.strip()):
            raise OptionError("The address of an endpoint is none.", "Such as https://models.example.com/v1.")
        return parts._replace(path=re.sub(r"(/v1)?/*$", "", parts.path))


def configured() -> dict[str, Endpoint]:
    """The endpoints that the environment names; none where it is silent.

    TOKIMP_ENDPOINTS is a JSON object of a name each, with the fields of `Endpoint` except the key:
    `{"llama": {"url": "http://127.0.0.1:8080", "budget": 10000}}`. The key of the endpoint `my-llama`
    stands in TOKIMP_ENDPOINT_KEY_MY_LLAMA.

    Raises:
        OptionError: it cannot be read. The message holds names and fields, but no values.
    """
    setting = os.environ.get(ENDPOINTS, "").strip()
    if not setting:
        return {}
    try:
        rows = json.loads(setting)
    except ValueError:
        rows = None
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise OptionError(f"{ENDPOINTS} is no JSON object of objects.", 'Such as {"name": {"url": "https://…"}}.')
    return {name: _endpoint(name, row) for name, row in rows.items()}


def _endpoint(name: str, row: dict[str, Any]) -> Endpoint:
    if not NAME.fullmatch(name):
        raise OptionError(f"{ENDPOINTS} has a name that is none.", "Names are of letters, digits, dots and dashes.")
    variable = KEY + re.sub(r"[^A-Z0-9]", "_", name.upper())
    known = {each.name for each in fields(Endpoint)} - {"key"}
    if "key" in row:
        raise OptionError(f"{ENDPOINTS} holds a key of {name}.", f"Put it into {variable}.")
    if "url" not in row or not set(row) <= known:
        raise OptionError(
            f"{ENDPOINTS} misdescribes {name}.", f"It has a url, and of the rest: {', '.join(sorted(known))}."
        )
    try:
        return Endpoint(**row, key=os.environ.get(variable, "").strip() or None)
    except OptionError as error:
        raise OptionError(f"{ENDPOINTS}, {name}: {error.args[0]}", error.next_step) from None


def _check_numbers(endpoint: Endpoint) -> None:
    least = {"concurrency": 1, "retries": 0, "timeout": 1e-3, "backoff": 0, "budget": 0, "cached": 0}
    for name, low in least.items():
        value: Any = getattr(endpoint, name)
        if name == "budget" and value is None:
            continue
        number = type(value) is int or (type(value) is float and name in ("timeout", "backoff"))
        if not number or not low <= value < math.inf:
            raise OptionError(f"The {name} of an endpoint is no number from {low} up.")
    if not isinstance(endpoint.insecure, bool):
        raise OptionError("The `insecure` of an endpoint is true or false.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
