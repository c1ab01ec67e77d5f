"""The command `tokimp`: ask, explain and turn results into files without the page."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tokimp.cli.arguments import parser
from tokimp.cli.terminal import harmless
from tokimp.errors import TokimpError

__all__ = ["main"]

FAILED, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 an error that says what to do, 130 stopped by Ctrl-C.

    Raises:
        SystemExit: 2 where the command cannot be read, 0 after its help.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may have fewer letters than a text
    asked = parser().parse_args(arguments)
    try:
        from tokimp.cli import commands

        commands.COMMANDS[asked.command](asked)
        sys.stdout.flush()
    except TokimpError as error:
        sys.stderr.write(f"tokimp: {harmless(str(error))}\n")
        return FAILED
    except BrokenPipeError:  # whoever read the output has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        sys.stderr.write(f"tokimp: {harmless(f'{error.strerror or error}{where}')}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\ntokimp: stopped.\n")
        return INTERRUPTED
    return 0
