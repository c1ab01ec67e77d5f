"""Who asks, by the address of the connection; and what each may take of the model's time."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from starlette.requests import HTTPConnection

from tokimp.errors import OptionError
from tokimp.ui.limits import Limits

PROXIES = "TOKIMP_TRUSTED_PROXIES"
# A Space is reached through the proxies of its host only, which connect from such addresses.
PROXIES_OF_SPACES = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10"
UNKNOWN = "unknown"
MOST_VISITORS = 10_000

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SALT = secrets.token_bytes(32)


class Visitor(NamedTuple):
    """Whose turn it is: one a page that is open and a tab in it. `key` is that of the visitor's address."""

    session: str
    tab: str
    key: str = ""


def visitor_key(request: HTTPConnection) -> str:
    """The same for all requests from one address, and of no meaning outside of this process.

    The address is that of the connection. A proxy that TOKIMP_TRUSTED_PROXIES names is believed about
    where its own connection came from, as it appended it to X-Forwarded-For: the setting is a number of
    proxies, or a list of their addresses and networks. On a Space these are the private networks,
    unless it is set. An IPv6 address stands for its /64, which is what one customer gets.
    """
    peer = request.client.host if request.client else ""
    told = [each.strip() for each in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
    found = _address(_believed([*filter(None, told), peer]))
    if found is None:
        text = UNKNOWN
    elif isinstance(found, ipaddress.IPv6Address):
        text = str(ipaddress.ip_network((found, 64), strict=False))
    else:
        text = str(found)
    return hashlib.blake2b(text.encode(), key=_SALT, digest_size=16).hexdigest()


def trusted_proxies() -> int | list[Network]:
    """What TOKIMP_TRUSTED_PROXIES says.

    Raises:
        OptionError: it is neither a number nor a list of addresses.
    """
    setting = os.environ.get(PROXIES, PROXIES_OF_SPACES if "SPACE_ID" in os.environ else "").strip()
    if setting.isascii() and setting.isdigit():
        return int(setting)
    try:
        return [ipaddress.ip_network(each.strip(), strict=False) for each in setting.split(",") if each.strip()]
    except ValueError as error:
        raise OptionError(
            f"{PROXIES} is neither a number nor a list of addresses.", "Such as 1, or 10.0.0.0/8."
        ) from error


def believe_peers_only() -> None:
    """Keeps uvicorn from taking the word of whoever connects from this machine; to be called before the launch."""
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")


def _believed(chain: Sequence[str]) -> str:
    """The visitor's address in the chain that ends with the connection's own."""
    proxies = trusted_proxies()
    if isinstance(proxies, int):
        return chain[-1 - min(proxies, len(chain) - 1)]
    for each in reversed(chain):
        address = _address(each)
        if address is None or not any(address in network for network in proxies):
            return each
    return chain[0]


def _address(text: str) -> Address | None:
    """The address in "1.2.3.4", "1.2.3.4:80", "::1" or "[::1]:80"."""
    host = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class Visitors:
    """Shares out the model's time: while others wait, nobody takes more than their share of it.

    Each visitor has `limits.seconds` in hand, spends them at the model, and gets `limits.share` back
    each minute. `line` tells whose requests wait or run; whoever serves the page sets it.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.line: Callable[[], Sequence[str]] = list
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # seconds, and as of when
        self._lock = threading.Lock()

    def spend(self, visitor: str, seconds: float) -> None:
        """Counts seconds at the model; "" is nobody's."""
        if not visitor:
            return
        with self._lock:
            self._spent[visitor] = (self._owed(visitor) + seconds, time.monotonic())
            self._spent.move_to_end(visitor)
            while len(self._spent) > MOST_VISITORS:
                self._spent.popitem(last=False)

    def wait(self, visitor: str) -> float:
        """Seconds until this visitor may compute again: 0 unless others wait and the share is used up."""
        if not visitor or all(other == visitor for other in self.line()):
            return 0.0
        with self._lock:
            return max(0.0, self._owed(visitor) - self.limits.seconds) * 60 / self.limits.share

    def refused(self, visitor: str) -> tuple[str, str] | None:
        """Why a further request may not join the line, and what to do; None where it may."""
        mine = sum(other == visitor for other in self.line())
        if mine >= self.limits.per_visitor:
            return "This page already works on your other questions.", "Wait for one of them, then ask again."
        wait = self.wait(visitor)
        return self.had_their_share(wait) if wait > 0 else None

    @staticmethod
    def had_their_share(wait: float) -> tuple[str, str]:
        """What a visitor is told who has to let others go first."""
        return "Others are waiting, and you have had your share for now.", f"Try again in {wait + 1:.0f} seconds."

    def _owed(self, visitor: str) -> float:
        seconds, then = self._spent.get(visitor, (0.0, 0.0))
        return max(0.0, seconds - (time.monotonic() - then) * self.limits.share / 60)
