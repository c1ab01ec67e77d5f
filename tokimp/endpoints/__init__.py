"""Language models behind OpenAI-compatible completion endpoints, asked for log-probabilities over HTTP.

A `Client` of an `Endpoint` has plain functions of a list of texts, as a black box wants them.
"""

from __future__ import annotations

from tokimp.endpoints.abilities import Abilities
from tokimp.endpoints.client import Client, Completion
from tokimp.endpoints.settings import Endpoint, configured

__all__ = ["Abilities", "Client", "Completion", "Endpoint", "configured"]
