"""`tokimp deploy`: what would go up as a Space, and with --push the Space itself."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from typing import Any

from tokimp import publish
from tokimp.cli.progress import Progress
from tokimp.cli.terminal import harmless
from tokimp.errors import PublishError
from tokimp.publish import Plan, Pushed, Source
from tokimp.version import __version__


def deploy(asked: Namespace) -> None:
    """Prints what a push would change; with --push makes that change and prints where the Space is.

    Raises:
        PublishError: see `publish.push`; without --push, a hub that does not answer is only told.
    """
    with Progress(sys.stderr) as progress:
        progress.say("reading files …")
        source = publish.own_source()
        wanted = _wanted(asked, source, progress)
        progress.say(f"looking at {asked.space} …")
        unseen = None
        try:
            found = publish.look(asked.space)
        except PublishError as error:
            if asked.push:
                raise
            found, unseen = None, str(error)
        plan = publish.planned(wanted, found)
        pushed = None
        if asked.push:
            progress.say(f"sending {len(plan.sent)} files …")
            pushed = publish.push(plan)
    if asked.json:
        sys.stdout.write(json.dumps(_facts(plan, source, unseen, pushed), ensure_ascii=False) + "\n")
    else:
        lines = [*_lines(plan, source, unseen), "", _outcome(pushed)]
        sys.stdout.write("\n".join(map(harmless, lines)) + "\n")


def _wanted(asked: Namespace, source: Source, progress: Progress) -> publish.Wanted:
    lines = []
    if asked.preload:
        from tokimp.publish.preload import preload_line

        for key in asked.preload:
            progress.say(f"looking at {key} …")
            lines.append(preload_line(key))
    return publish.Wanted(
        space=asked.space,
        files=publish.shaped(dict(source.files), asked.space, asked.hardware, lines),
        message=f"tokimp {__version__}, from {source.origin}",
        private=asked.private,
        hardware=asked.hardware,
        variables=dict(asked.variable),
        secrets=tuple(asked.secret),
    )


def _facts(plan: Plan, source: Source, unseen: str | None, pushed: Pushed | None) -> dict[str, Any]:
    """For programs; secrets by name only."""
    wanted = plan.wanted
    return {
        "space": wanted.space,
        "address": publish.address_of(wanted.space),
        "source": source.origin,
        "state": "unknown" if unseen else "there" if plan.found else "new",
        "private": plan.found.private if plan.found else wanted.private,
        "files": {name: len(content) for name, content in wanted.files.items()},
        "added": plan.added,
        "changed": plan.changed,
        "deleted": plan.deleted,
        "front_matter": publish.read(wanted.files["README.md"].decode()),
        "variables": dict(wanted.variables),
        "secrets": wanted.secrets,
        "hardware": wanted.hardware,
        "pushed": pushed is not None,
        "commit": pushed.commit if pushed else None,
    }


def _lines(plan: Plan, source: Source, unseen: str | None) -> list[str]:
    wanted = plan.wanted
    files = wanted.files
    kept = len(files) - len(plan.sent)
    sizes = [*((name, "+") for name in plan.added), *((name, "~") for name in plan.changed)]
    lines = [
        f"Space: {wanted.space}, {_state(plan, unseen)}",
        f"Files: {len(files)} with {sum(map(len, files.values())):,} bytes, of {source.origin}",
        *(f"  {sign} {len(files[name]):>10,}  {name}" for name, sign in sorted(sizes)),
        *(f"  - {'':>10}  {name}" for name in plan.deleted),
        *([f"    {kept} are there already."] if kept else []),
        "Front matter:",
    ]
    for name, value in publish.read(files["README.md"].decode()).items():
        lines.append(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    lines.append(f"Variables: {'' if wanted.variables else 'none'}".rstrip())
    lines += [f"  {name}={value}" for name, value in wanted.variables.items()]
    lines.append(f"Secrets: {'' if wanted.secrets else 'none'}".rstrip())
    lines += [f"  {name}, {_secret(name)}" for name in wanted.secrets]
    lines.append(f"Hardware: {_hardware(plan)}")
    return lines


def _state(plan: Plan, unseen: str | None) -> str:
    if unseen is not None:
        return f"not looked at. {unseen}"
    if plan.found is None:
        return "new, private" if plan.wanted.private else "new, public"
    return f"there already, {'private' if plan.found.private else 'public'}, at {plan.found.commit[:7]}"


def _secret(name: str) -> str:
    return "its value is read from this environment" if os.environ.get(name) else "WITHOUT A VALUE in this environment"


def _hardware(plan: Plan) -> str:
    if plan.wanted.hardware is not None:
        return plan.wanted.hardware if plan.hardware else f"{plan.wanted.hardware}, as it is"
    if plan.found is not None and plan.found.hardware:
        return f"{plan.found.hardware}, as it is"
    return "cpu-basic is enough for the models of the list; --hardware asks for other"


def _outcome(pushed: Pushed | None) -> str:
    if pushed is None:
        return "Nothing was sent. This is what --push does."
    if pushed.commit is None:
        return f"No file had changed: {pushed.address}"
    return f"It is up, at {pushed.commit[:7]}: {pushed.address}"
