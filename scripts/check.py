"""All checks but the tests: style, types, generated facts, known vulnerabilities. The same for people and for CI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["scripts/readme.py", "--check"],
    ["scripts/audit.py"],
)


def main() -> int:
    """Runs every check, also after one has failed; returns how many failed."""
    root = Path(__file__).resolve().parent.parent
    failed = 0
    for check in CHECKS:
        command = [sys.executable, *(["-m", *check] if not check[0].endswith(".py") else check)]
        print("·", " ".join(check), flush=True)
        failed += subprocess.run(command, cwd=root, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
