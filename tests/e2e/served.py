"""The page as people get it, on a free port, in a process of its own; prints its address, ends with its stdin."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

from tokimp.ui.serving import serve

if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # gradio tells where the MCP server is, also when it is to be quiet
        demo = serve(wait=False, quiet=True, server_name="127.0.0.1")
    sys.stdout.write(f"{demo.local_url}\n")
    sys.stdout.flush()
    sys.stdin.read()
    demo.close()
