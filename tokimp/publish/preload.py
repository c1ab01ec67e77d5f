"""Models that a Space downloads while it is built, so that its first visitor does not wait for them."""

from __future__ import annotations

from tokimp.errors import PublishError
from tokimp.models import hub
from tokimp.models.catalog import CATALOG


def preload_line(key: str) -> str:
    """What the front matter says for a model of the catalogue: its source, the files that are read of it, the commit.

    Raises:
        OptionError: the catalogue has no such model. PublishError: it does not come from the hub.
        ModelError: the hub does not answer, or knows it no more.
    """
    entry = CATALOG[key]
    if entry.ours:
        raise PublishError(f"{key} goes up with the page.", "Leave it out of --preload.")
    info = hub.describe(entry.source, entry.revision)
    there = {each.rfilename for each in info.siblings or []}
    weights = sorted(filter(hub.WEIGHTS.fullmatch, there))
    if not weights:
        raise PublishError(f"{entry.source} has no safetensors at {entry.revision}.", "Leave it out of --preload.")
    files = sorted(there & {*hub.SETTINGS, *hub.VOCABULARIES}) + weights
    # The cache finds a branch only where it was asked for by its name.
    commit = [entry.revision] if hub.COMMIT.fullmatch(entry.revision) else []
    return " ".join([entry.source, ",".join(files), *commit])
