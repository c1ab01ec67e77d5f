"""Threads that carry out the requests of a call side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from tokimp.endpoints.wire import Ended, Run
from tokimp.errors import EndpointError

# Seconds between two looks whether the work is still wanted.
TICK = 0.1

Job = Callable[[Run], Any]


class Crew:
    """At most so many jobs at once, of all calls together."""

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="endpoint")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def work(self, jobs: Sequence[Job], watch: Callable[[float], object] | None = None) -> list[Any]:
        """The jobs' results in their order. After an EndpointError no further job is begun.

        Whatever `watch` raises drops the jobs that run, and is raised at once.

        Raises:
            EndpointError: the first that a job raised, with all results in `partial`.
        """
        watch = watch or (lambda _fraction: None)
        watch(0.0)
        run, found = Run(), [None] * len(jobs)
        failure: EndpointError | None = None
        waiting = {self._threads.submit(_carry_out, job, run): at for at, job in enumerate(jobs)}
        try:
            while waiting:
                done, _ = wait(waiting, TICK, FIRST_COMPLETED)
                for each in done:
                    failure = _take(each, waiting.pop(each), found) or failure
                if failure is not None:
                    waiting = {each: at for each, at in waiting.items() if not each.cancel()}
                watch(1.0 - len(waiting) / len(jobs))
        finally:
            run.end()
            for each in waiting:
                each.cancel()
        if failure is not None:
            failure.partial = found
            raise failure
        return found


def _carry_out(job: Job, run: Run) -> Any:
    try:
        return job(run)
    except EndpointError:
        run.stop_asking()  # here, before this thread takes up the next job
        raise


def _take(done: Future[Any], at: int, found: list[Any]) -> EndpointError | None:
    """Puts a job's result into its place, or returns its failure."""
    try:
        found[at] = done.result()
    except EndpointError as error:
        return error
    except Ended:
        pass
    return None
