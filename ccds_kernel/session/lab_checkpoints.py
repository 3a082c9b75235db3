"""What JupyterLab keeps of a notebook's earlier state: in the person's folder, with what holds for it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus
from os import stat_result
from typing import Any, Protocol

from jupyter_server.services.contents.checkpoints import Checkpoints
from tornado.web import HTTPError

from ccds_kernel.session.lab_file_errors import MOST_NOTEBOOK_BYTES, as_http
from ccds_kernel.session.person_folder import PersonFolder

_CHECKPOINTS = ".ccds/checkpoints"
_CHECKPOINT = "checkpoint"
# jupyter_server leaves this without types.
_Checkpoints: Any = Checkpoints


class HasFiles(Protocol):
    """A contents manager, as far as it matters here."""

    @property
    def files(self) -> PersonFolder:
        """The person's folder."""


class LabCheckpoints(_Checkpoints):  # type: ignore[misc] # see above
    """One earlier state of each notebook, hidden in the person's folder, under a name made of the notebook's path."""

    def create_checkpoint(self, contents_mgr: HasFiles, path: str) -> dict[str, Any]:
        """Keeps the file as it is now."""
        kept = _checkpoint_of(path)
        with as_http():
            for folder in (_CHECKPOINTS.rpartition("/")[0], _CHECKPOINTS):
                contents_mgr.files.make_folder(folder)
            contents_mgr.files.write(kept, contents_mgr.files.read(path, MOST_NOTEBOOK_BYTES))
            return _checkpoint(contents_mgr.files.stat(kept))

    def restore_checkpoint(self, contents_mgr: HasFiles, checkpoint_id: str, path: str) -> None:
        """Puts what was kept back in place."""
        with as_http():
            _only(checkpoint_id)
            contents_mgr.files.write(path, contents_mgr.files.read(_checkpoint_of(path), MOST_NOTEBOOK_BYTES))

    def list_checkpoints(self, path: str) -> list[dict[str, Any]]:
        """The one there is, or none."""
        try:
            return [_checkpoint(self.parent.files.stat(_checkpoint_of(path)))]
        except OSError:
            return []

    def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Forgets it."""
        with as_http():
            _only(checkpoint_id)
            self.parent.files.remove(_checkpoint_of(path))

    def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        """Lets it follow its notebook."""
        with as_http():
            _only(checkpoint_id)
            if self.list_checkpoints(new_path):
                self.parent.files.remove(_checkpoint_of(new_path))
            self.parent.files.rename(_checkpoint_of(old_path), _checkpoint_of(new_path))


def _checkpoint_of(path: str) -> str:
    return f"{_CHECKPOINTS}/{hashlib.sha256(path.strip('/').encode('utf-8', 'surrogatepass')).hexdigest()}"


def _checkpoint(known: stat_result) -> dict[str, Any]:
    return {"id": _CHECKPOINT, "last_modified": datetime.fromtimestamp(known.st_mtime, UTC)}


def _only(checkpoint_id: str) -> None:
    if checkpoint_id != _CHECKPOINT:
        raise HTTPError(HTTPStatus.NOT_FOUND, "no such checkpoint")
