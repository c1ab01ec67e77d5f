"""A Space on the hub: looked at, created, and changed in one commit. Tokens come from the hub's client alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import (  # type: ignore[attr-defined]
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from tokimp.errors import PublishError
from tokimp.publish.plan import Found, Plan

LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Pushed:
    """Where the Space is, and the commit that was made; None where no file had changed."""

    address: str
    commit: str | None


def address_of(space: str) -> str:
    return f"{constants.ENDPOINT}/spaces/{space}"


def look(space: str) -> Found | None:
    """The Space as it is; None where there is none that this token may see.

    Raises:
        PublishError: the hub does not answer, or refuses.
    """
    api = HfApi()
    with _answering(space):
        try:
            info = api.space_info(space)
        except RepositoryNotFoundError:
            return None
        tree = api.list_repo_tree(space, repo_type="space", recursive=True, revision=info.sha)
        files = {each.path: _hash(each) for each in tree if isinstance(each, RepoFile)}
        # The hub tells variables only to those who may change them.
        variables = {} if get_token() is None else _variables(api, space)
        hardware = info.runtime.requested_hardware or info.runtime.hardware if info.runtime else None
        return Found(info.sha or "", bool(info.private), info.sdk, hardware, files, variables)


def push(plan: Plan) -> Pushed:
    """Creates the Space or brings it up to date: settings first, then every file in one commit.

    Where somebody else has pushed since the plan was made, nothing is changed.

    Raises:
        PublishError: there is no token, a secret has no value, or the hub does not answer or refuses.
    """
    wanted, api = plan.wanted, HfApi()
    if get_token() is None:
        raise PublishError("There is no token for the hub.", "Log in with: hf auth login, or set HF_TOKEN.")
    secrets = {name: os.environ.get(name, "") for name in wanted.secrets}
    if unset := [name for name, value in secrets.items() if not value]:
        raise PublishError(f"The secret {unset[0]} has no value here.", f"Set {unset[0]} in this environment.")
    disable_progress_bars()
    with _answering(wanted.space, *secrets.values()):
        if plan.found is None:
            api.create_repo(
                wanted.space,
                repo_type="space",
                space_sdk="gradio",
                private=wanted.private,
                space_hardware=plan.hardware,  # type: ignore[arg-type]
            )
        elif plan.hardware is not None:
            api.request_space_hardware(wanted.space, plan.hardware)  # type: ignore[arg-type]
        for name, value in plan.variables.items():
            api.add_space_variable(wanted.space, name, value)
        for name, value in secrets.items():
            api.add_space_secret(wanted.space, name, value)
        return Pushed(address_of(wanted.space), _commit(api, plan))


def _commit(api: HfApi, plan: Plan) -> str | None:
    # A new Space holds a README of the hub's, which ours replaces.
    added = [CommitOperationAdd(name, plan.wanted.files[name]) for name in plan.sent]
    deleted = [CommitOperationDelete(name) for name in plan.deleted]
    if not added and not deleted:
        return None
    return api.create_commit(
        plan.wanted.space,
        [*added, *deleted],
        commit_message=plan.wanted.message,
        repo_type="space",
        parent_commit=plan.found.commit if plan.found else None,
    ).oid


def _hash(file: RepoFile) -> str:
    return str(file.lfs.sha256 if file.lfs else file.blob_id)


def _variables(api: HfApi, space: str) -> dict[str, str]:
    try:
        return {name: each.value for name, each in api.get_space_variables(space).items()}
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403, 404):
            return {}
        raise


@contextmanager
def _answering(space: str, *secrets: str) -> Iterator[None]:
    """Turns whatever the hub's client raises into a sentence in which no token and no secret stands."""
    try:
        yield
    except HfHubHTTPError as error:
        raise _refused(error, space, secrets) from None
    except HFValidationError as error:
        raise PublishError(f"{space!r} cannot be the name of a Space.", "Write it as owner/name.") from error
    except (HTTPError, OSError) as error:
        reason = type(error).__name__
        raise PublishError(
            f"The hub at {constants.ENDPOINT} does not answer ({reason}).", "Try again with a connection."
        ) from None
    except (RuntimeError, ValueError) as error:  # a large file, or the front matter
        if isinstance(error.__cause__, HfHubHTTPError):
            raise _refused(error.__cause__, space, secrets) from None
        raise PublishError(f"The hub did not take the files: {_told(str(error), secrets)}", "Try again.") from None


def _refused(error: HfHubHTTPError, space: str, secrets: tuple[str, ...]) -> PublishError:
    status = error.response.status_code
    if isinstance(error, RepositoryNotFoundError) or status == 404:
        return PublishError(f"The hub knows no {space}, or this token may not see it.", "Check the name and the token.")
    sentence, next_step = _REFUSALS.get(status, (f"The hub refused with {status}.", "Try again later."))
    told = _told(error.server_message or "", secrets)
    return PublishError(f"{sentence.format(space=space)}{f' It says: {told}' if told else ''}", next_step)


def _told(message: str, secrets: tuple[str, ...]) -> str:
    """The hub's own words in one line, without what must not be shown."""
    for secret in filter(None, (get_token(), *secrets)):
        message = message.replace(secret, "…")
    line = " ".join(message.split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}…"


_REFUSALS = {
    400: ("The hub does not take {space} as it is.", "Mend what it names."),
    401: ("The hub does not know this token.", "Make one that may write, and log in with: hf auth login"),
    402: ("The hub asks for a paid plan for {space}.", "Choose other --hardware, or look into the account's plan."),
    403: ("This token may not write to {space}.", "Make one that may, or choose another owner."),
    409: ("{space} exists already, or is being changed at this moment.", "Try again."),
    412: ("Somebody else has changed {space} meanwhile.", "Look at what is there, and try again."),
    413: ("The hub finds the files too large.", "Leave some out."),
    429: ("The hub has had too many requests from here.", "Try again in a few minutes."),
}
