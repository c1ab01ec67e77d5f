"""Kinds of trouble that asking again would not mend."""

from __future__ import annotations

from tokimp.errors import EndpointError


class Refused(EndpointError):
    """The endpoint answered that it will not do this."""


class Malformed(EndpointError):
    """The endpoint answered something that cannot be used."""
