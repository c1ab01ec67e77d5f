"""The files of a Space, taken from a clone or from an installed package: the same ones from both."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tokimp import version
from tokimp.errors import PublishError

# What a Space needs at its root; tests, benchmarks and whatever else lies in a clone stays there.
TOP = ("app.py", "requirements.txt", "README.md", "LICENSE", "tokimp", "assets")
NEEDED = ("app.py", "requirements.txt", "README.md", "tokimp/__init__.py")
# Where a wheel keeps what lies beside the package in a clone.
ROOT_IN_WHEEL = "tokimp/assets/space/"
ASSETS_IN_WHEEL = "tokimp/assets/"
TOKEN = re.compile(rb"\bhf_[A-Za-z0-9]{30,}")


@dataclass(frozen=True)
class Source:
    """Paths in the Space with what they hold; `origin` says in words where that was taken from."""

    files: Mapping[str, bytes]
    origin: str


def own_source() -> Source:
    """What this tokimp would put up of itself.

    Raises:
        PublishError: it is neither a git clone nor an installed wheel, a file is missing, or one holds
            what looks like a token.
    """
    package = Path(version.__file__).resolve().parent
    if (package.parent / ".git").exists():
        source = of_clone(package.parent)
    elif (package.parent / ROOT_IN_WHEEL).is_dir():
        source = of_wheel(package.parent)
    else:
        raise PublishError(
            "What belongs to a Space cannot be told here: this is neither a git clone nor an installed wheel.",
            "Clone the repository, or install tokimp with pip, and deploy from there.",
        )
    _check(source.files)
    return source


def of_clone(root: Path) -> Source:
    """Files that git tracks, as they stand on disk now."""
    tracked = _git(root, "ls-files", "-z", "--", *TOP).split("\0")
    changed = [name for name in _git(root, "diff", "--name-only", "-z", "HEAD", "--", *TOP).split("\0") if name]
    paths = [name for name in tracked if name and (root / name).is_file() and not (root / name).is_symlink()]
    commit = _git(root, "rev-parse", "--short", "HEAD").strip()
    since = f", with {len(changed)} files changed since" if changed else ""
    return Source({name: (root / name).read_bytes() for name in sorted(paths)}, f"the clone at {commit}{since}")


def of_wheel(site: Path) -> Source:
    """Files that the installed package brought, as a clone would have them."""
    try:
        listed = importlib.metadata.files("tokimp") or []
    except importlib.metadata.PackageNotFoundError:
        listed = []
    files = {place: (site / name).read_bytes() for name, place in places_in_space(map(str, listed)).items()}
    return Source(dict(sorted(files.items())), f"the installed tokimp {version.__version__}")


def places_in_space(listed: Iterable[str]) -> dict[str, str]:
    """Where in the Space each file of a wheel belongs; what pip made itself is left out."""
    places = {}
    for name in listed:
        if not name.startswith("tokimp/") or "__pycache__" in name:
            continue
        place = name
        for inside, outside in ((ROOT_IN_WHEEL, ""), (ASSETS_IN_WHEEL, "assets/")):
            if name.startswith(inside):
                place = outside + name.removeprefix(inside)
                break
        places[name] = place
    return places


def _check(files: Mapping[str, bytes]) -> None:
    missing = [name for name in NEEDED if name not in files]
    if missing:
        raise PublishError(f"A Space needs {', '.join(missing)}, and this tokimp came without.", "Install it anew.")
    secret = next((name for name, content in files.items() if TOKEN.search(content)), None)
    if secret is not None:
        raise PublishError(f"{secret} holds what looks like a token of the hub.", "Take it out, and withdraw it.")


def _git(root: Path, *words: str) -> str:
    try:
        ran = subprocess.run(  # noqa: S603 - our own words
            ["git", "-C", str(root), *words],  # noqa: S607 - the git on the path is the one that is meant
            capture_output=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PublishError("git cannot say which files belong to this clone.", "See that git runs here.") from error
    return ran.stdout.decode("utf-8", "surrogateescape")
