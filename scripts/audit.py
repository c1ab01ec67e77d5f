"""Looks up known vulnerabilities of every package in this environment; fails where there is one.

The look-up needs the advisories of the package index. Where these cannot be had, it says so and fails nothing:
no package counts as sound because nobody could be asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

PATIENCE = 600
COMMAND = ("-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10", "--skip-editable")


def main() -> int:
    """1 where a package has a known vulnerability, or the audit itself is not installed."""
    ran = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True, check=False, timeout=PATIENCE)
    if "No module named pip_audit" in ran.stderr:
        print("pip-audit is not installed: pip install -r requirements-dev.txt")
        return 1
    failed, sentence = verdict(ran.stdout, ran.stderr)
    print(sentence)
    return int(failed)


def verdict(report: str, complaints: str = "") -> tuple[bool, str]:
    """Whether pip-audit's JSON tells of a vulnerability, and what it comes to in words."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        reason = (complaints.strip() or "no answer").splitlines()[-1][:200]
        return False, f"NOT AUDITED: the advisories cannot be had here ({reason})."
    found = list(_findings(packages))
    if found:
        return True, "\n".join(found)
    unknown = [package["name"] for package in packages if "vulns" not in package]
    known = len(packages) - len(unknown)
    if not known:
        return False, f"NOT AUDITED: the index has no advisories to offer here, for none of {len(unknown)} packages."
    rest = f"; without advisories, and so not audited: {', '.join(unknown)}" if unknown else ""
    return False, f"{known} packages have no known vulnerability{rest}."


def _findings(packages: list[dict[str, Any]]) -> Iterator[str]:
    for package in packages:
        for each in package.get("vulns", []):
            mended = ", ".join(each["fix_versions"]) or "no release yet"
            yield f"{package['name']} {package['version']}: {each['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
