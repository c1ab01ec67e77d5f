"""What a table of seconds must say about where its numbers come from, without naming the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform

PACKAGES = ("torch", "transformers", "captum", "inseq", "shap")


def versions() -> str:
    """The packages that computed, with their versions, as far as they are installed."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join([*found, f"Python {platform.python_version()}"])


def setting(threads: int, repeats: int) -> str:
    """One sentence: cores, threads, precision, repeats and versions."""
    cores = {1: "one core", 2: "two cores"}.get(os.cpu_count() or 0, f"{os.cpu_count()} cores")
    taken = f"median of {repeats} runs taken in turns" if repeats > 1 else "one run each"
    return f"{cores}, {threads} threads, fp32, {taken}; {versions()}."
