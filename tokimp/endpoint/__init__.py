"""Language models behind OpenAI-compatible completion endpoints, asked for log-probabilities over HTTP.

A `Client` of an `Endpoint` has plain functions of a list of texts, as a black box wants them.
"""

from __future__ import annotations

from tokimp.endpoint.abilities import Abilities
from tokimp.endpoint.client import Client, Completion
from tokimp.endpoint.settings import Endpoint, configured

__all__ = ["Abilities", "Client", "Completion", "Endpoint", "configured"]
