"""What embeds wait for: computed by one thread, one after another, and only while somebody asks for it."""

from __future__ import annotations

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from tokimp.errors import BusyError, Cancelled

LEASE = 60.0
LAST_BATCH = 10.0

Report = Callable[[object], None]


@dataclass
class Job:
    """Work that was asked for; `compute` calls its report after every batch."""

    compute: Callable[[Report], None]
    visitor: str
    asked: float = field(default_factory=time.monotonic)


class Background:
    """A line of at most `most` jobs, at most `each` of one visitor. The thread ends where nothing is left to do."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._jobs)

    def want(self, key: str, job: Job) -> None:
        """Puts the job in line, once for each key; asking again for one in line keeps it wanted.

        Raises:
            BusyError: the line is full, or this visitor has too many in it.
        """
        with self._lock:
            if key in self._jobs:
                self._jobs[key].asked = time.monotonic()
                return
            mine = sum(other.visitor == job.visitor for other in self._jobs.values()) if job.visitor else 0
            if self._closed or len(self._jobs) >= self._most or mine >= self._each:
                raise BusyError("Many results are being computed here just now.", "Try again in a minute.")
            self._jobs[key] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="tokimp-background")
                self._thread.start()
                atexit.register(self.close)  # a thread inside torch at the end of the process aborts it

    def close(self) -> None:
        """Ends the work within one batch, and takes no more."""
        self._closed = True
        atexit.unregister(self.close)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(LAST_BATCH)

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._jobs:
                    self._thread = None
                    return
                key, job = next(iter(self._jobs.items()))
            try:
                job.compute(self._report_of(job))
            finally:
                with self._lock:
                    del self._jobs[key]

    def _report_of(self, job: Job) -> Report:
        def report(_moment: object) -> None:
            if self._closed or time.monotonic() - job.asked > LEASE:
                raise Cancelled

        return report
