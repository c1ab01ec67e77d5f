"""Results in a dataset repository of the hub, by way of a folder."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import nullcontext, suppress
from pathlib import Path

from huggingface_hub import CommitScheduler, HfApi

from tokimp.store.base import LIMIT, LOG, unpacked
from tokimp.store.folder import SUFFIX, FolderStore

IN_REPOSITORY = "results"
MINUTES = 5.0
LAST_COMMIT = 30.0


class DatasetStore:
    """A folder that is committed every few minutes, and fetches what earlier runs committed.

    The repository is made private if it is not there yet: results hold what visitors wrote. The
    token is HF_TOKEN's. The limit is the folder's; in the repository nothing is ever removed.
    Until the hub has answered, and when it does not, this is the folder alone.
    """

    def __init__(self, repository: str, folder: Path, limit: int = LIMIT, api: HfApi | None = None) -> None:
        self._repository, self._folder = repository, folder
        self._files = FolderStore(folder, limit)
        self._api = api or HfApi(token=os.environ.get("HF_TOKEN"))
        self._scheduler: CommitScheduler | None = None
        self._committed: frozenset[str] = frozenset()
        self._connecting = threading.Thread(target=self._connect, daemon=True, name="tokimp-store")
        self._connecting.start()

    def get(self, key: str) -> str | None:
        value = self._files.get(key)
        name = self._files.path(key).name
        if value is None and name in self._committed:
            value = self._fetched(f"{IN_REPOSITORY}/{key[:2]}/{name}")
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: str, value: str) -> None:
        with self._scheduler.lock if self._scheduler is not None else nullcontext():
            self._files.put(key, value)

    def close(self) -> None:
        """Commits what is left, if the hub answers within half a minute."""
        self._connecting.join(LAST_COMMIT)
        self._files.close()
        self._committed = frozenset()
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            with suppress(Exception):  # the scheduler has logged it
                scheduler.trigger().result(LAST_COMMIT)
            scheduler.stop()

    def _connect(self) -> None:
        try:
            self._scheduler = CommitScheduler(
                repo_id=self._repository,
                repo_type="dataset",
                folder_path=self._folder,
                path_in_repo=IN_REPOSITORY,
                every=MINUTES,
                private=True,
                allow_patterns=f"*{SUFFIX}",
                hf_api=self._api,
            )
            names = self._api.list_repo_files(self._repository, repo_type="dataset")
            self._committed = frozenset(Path(name).name for name in names if name.startswith(f"{IN_REPOSITORY}/"))
        except Exception as error:  # whatever the network and the hub's client raise: the folder serves on
            LOG.warning("Results do not reach the dataset %s: %s", self._repository, type(error).__name__)

    def _fetched(self, name: str) -> str | None:
        with tempfile.TemporaryDirectory() as folder:
            try:
                file = self._api.hf_hub_download(self._repository, name, repo_type="dataset", local_dir=folder)
                return unpacked(Path(file).read_bytes())
            except Exception as error:  # as above: a result that cannot be had is computed
                LOG.warning("A result was not to be had from %s: %s", self._repository, type(error).__name__)
                return None
