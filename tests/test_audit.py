"""What the audit makes of pip-audit's report: a finding fails, and silence is never called sound."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.audit import verdict

SOUND = {"name": "numpy", "version": "2.3", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (2.13.0+cpu)"}
HURT = {"name": "pillow", "version": "9.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["9.1"]}]}
OPEN = {"name": "a", "version": "1", "vulns": [{"id": "GHSA-2", "fix_versions": []}]}


@pytest.mark.parametrize(
    ("packages", "failed", "says"),
    [
        ([SOUND], False, "1 packages have no known vulnerability."),
        (
            [SOUND, SKIPPED],
            False,
            "1 packages have no known vulnerability; without advisories, and so not audited: torch.",
        ),
        ([SKIPPED], False, "NOT AUDITED: the index has no advisories to offer here, for none of 1 packages."),
        ([], False, "NOT AUDITED: the index has no advisories to offer here, for none of 0 packages."),
        ([SOUND, SKIPPED, HURT], True, "pillow 9.0: PYSEC-1, mended in 9.1"),
        ([HURT, OPEN], True, "pillow 9.0: PYSEC-1, mended in 9.1\na 1: GHSA-2, mended in no release yet"),
    ],
)
def test_a_report(packages: list[dict[str, Any]], failed: bool, says: str) -> None:
    assert verdict(json.dumps({"dependencies": packages, "fixes": []})) == (failed, says)


@pytest.mark.parametrize("complaints", ["", "Traceback …\nConnectionError: no route"])
def test_without_a_network_there_is_no_verdict(complaints: str) -> None:
    failed, says = verdict("", complaints)
    assert not failed
    assert says.startswith("NOT AUDITED: the advisories cannot be had here (")
    assert complaints == "" or "ConnectionError: no route" in says
