"""Who asks, told by the connection and by no header that anybody can write; and what each may take."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from tokimp.errors import OptionError, TooMuchWorkError
from tokimp.ui import fair_share, visitors
from tokimp.ui.limits import Limits
from tokimp.ui.visitors import Visitors, visitor_key


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", visitors.PROXIES):
        monkeypatch.delenv(name, raising=False)


def request(peer: str | None, *forwarded: str, **headers: str) -> Request:
    raw = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    raw += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "client": None if peer is None else (peer, 1)})


def same(one: Request, other: Request) -> bool:
    return visitor_key(one) == visitor_key(other)


def test_a_key_is_that_of_the_address_and_does_not_show_it() -> None:
    assert same(request("203.0.113.1"), request("203.0.113.1"))
    assert not same(request("203.0.113.1"), request("203.0.113.2"))
    assert "203" not in visitor_key(request("203.0.113.1"))[:3]
    assert len(visitor_key(request(None))) == 32


def test_headers_are_not_believed_of_just_anybody() -> None:
    claimed = request("203.0.113.1", "198.51.100.7", x_real_ip="198.51.100.7", forwarded="for=198.51.100.7")
    assert same(claimed, request("203.0.113.1"))


@pytest.mark.parametrize(
    ("setting", "peer", "forwarded", "visitor"),
    [
        ("1", "10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("1", "10.0.0.1", ["1.2.3.4, 198.51.100.7"], "198.51.100.7"),  # the first was claimed, the last seen
        ("1", "10.0.0.1", ["1.2.3.4", "198.51.100.7"], "198.51.100.7"),
        ("2", "10.0.0.1", ["1.2.3.4, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("2", "10.0.0.1", [], "10.0.0.1"),
        ("0", "10.0.0.1", ["198.51.100.7"], "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", ["1.2.3.4, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        ("10.0.0.0/8", "203.0.113.1", ["198.51.100.7"], "203.0.113.1"),
        ("10.0.0.1, ::1", "::1", ["198.51.100.7:4321"], "198.51.100.7"),
        ("10.0.0.1", "10.0.0.1", ["10.0.0.1"], "10.0.0.1"),
        ("::1", "::1", ["[2001:db8::1]:443"], "2001:db8::1"),
    ],
)
def test_configured_proxies_are_believed_about_their_own_connection(
    monkeypatch: pytest.MonkeyPatch, setting: str, peer: str, forwarded: list[str], visitor: str
) -> None:
    expected = visitor_key(request(visitor))
    monkeypatch.setenv(visitors.PROXIES, setting)
    assert visitor_key(request(peer, *forwarded)) == expected


def test_on_a_space_its_own_proxies_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = visitor_key(request("198.51.100.7"))
    monkeypatch.setenv("SPACE_ID", "someone/page")
    assert visitor_key(request("10.16.3.80", "1.2.3.4, 198.51.100.7")) == expected
    assert visitor_key(request("203.0.113.1", "198.51.100.7")) != expected


def test_a_setting_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(visitors.PROXIES, "the one in front")
    with pytest.raises(OptionError, match="neither a number nor a list"):
        visitor_key(request("10.0.0.1"))


def test_a_network_of_one_customer_is_one_visitor() -> None:
    assert same(request("2001:db8::1"), request("2001:db8::ffff:1"))
    assert not same(request("2001:db8:0:1::1"), request("2001:db8:0:2::1"))
    assert same(request("::ffff:203.0.113.1"), request("203.0.113.1"))


def test_a_tool_calls_for_its_user_and_nobody_else_can_say_so() -> None:
    scope = {"type": "http", "headers": [(fair_share.PASS, b"forged")], "client": ("203.0.113.1", 1)}
    passed = fair_share.passed_on(scope)["headers"]
    assert len(passed) == 1
    loopback = Request({"type": "http", "headers": passed, "client": ("127.0.0.1", 1)})
    assert fair_share.visitor_of(loopback) == visitor_key(request("203.0.113.1"))
    key, _, sign = passed[0][1].partition(b".")
    forged = [(fair_share.PASS, key[:-1] + (b"0" if key[-1:] != b"0" else b"1") + b"." + sign)]
    spoofed = Request({"type": "http", "headers": forged, "client": ("127.0.0.1", 1)})
    assert fair_share.visitor_of(spoofed) == visitor_key(request("127.0.0.1"))


def test_a_share_is_used_up_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(visitors.time, "monotonic", lambda: now[0])
    shared = Visitors(Limits(seconds=60.0, share=30.0))
    shared.spend("one", 70.0)
    assert shared.wait("one") == 0.0  # nobody waits
    shared.line = lambda: ["one", "another"]
    assert shared.wait("one") == pytest.approx(20.0)
    assert shared.wait("another") == 0.0
    assert shared.refused("one") == (
        "Others are waiting, and you have had your share for now.",
        "Try again in 21 seconds.",
    )
    now[0] = 20.0
    assert shared.wait("one") == 0.0
    shared.spend("one", 5.0)
    assert shared.wait("one") == pytest.approx(10.0)


def test_one_visitor_has_only_so_many_requests_in_line() -> None:
    shared = Visitors(Limits(per_visitor=2))
    shared.line = lambda: ["one", "another", "one"]
    assert shared.refused("one") is not None
    assert shared.refused("another") is None


def test_only_so_many_visitors_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "MOST_VISITORS", 2)
    shared = Visitors(Limits(seconds=1.0))
    for name in ("one", "two", "three", ""):
        shared.spend(name, 100.0)
    shared.line = lambda: ["another"]
    assert [shared.wait(name) > 0 for name in ("one", "two", "three", "")] == [False, True, True, False]


def test_limits_come_from_the_environment_and_are_tighter_on_a_space(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.from_environment() == Limits()
    monkeypatch.setenv("SPACE_ID", "someone/page")
    public = Limits.from_environment()
    assert public.seconds < Limits().seconds
    assert public.per_visitor < public.waiting
    monkeypatch.setenv("TOKIMP_MOST_SECONDS", "7.5")
    monkeypatch.setenv("TOKIMP_MOST_EVALUATIONS", "900")
    assert Limits.from_environment().seconds == 7.5
    assert Limits.from_environment().evaluations == 900
    for wrong in ("0", "-1", "many", "inf", "nan"):
        monkeypatch.setenv("TOKIMP_MOST_SECONDS", wrong)
        with pytest.raises(OptionError, match="TOKIMP_MOST_SECONDS"):
            Limits.from_environment()


def test_limits_say_which_of_them_was_reached() -> None:
    limits = Limits(seconds=90.0, evaluations=1000)
    limits.check(89.9, 999)
    with pytest.raises(TooMuchWorkError, match="90 seconds"):
        limits.check(90.0)
    with pytest.raises(TooMuchWorkError, match="1,000 evaluations"):
        limits.check(0.0, 1000)
