"""`python -m tokimp`: the same as the command `tokimp`."""

from __future__ import annotations

import sys

from tokimp.cli import main

if __name__ == "__main__":
    sys.exit(main())
