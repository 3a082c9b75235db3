"""What JupyterLab's page may read of the person's folder: names, notebooks, and source.

A notebook goes to the page with its outputs, as many as `notebook_view` says: that is looking at one's work, as in the cell
that made it. Everything shaped like a download is refused: data, a notebook as plain text, any file as base64. Files may come
in, be renamed, copied and removed: that takes nothing out.

Rejected: to strip outputs on the way to the page or when it is saved. People would lose their figures with each
reload, and the same bytes had been on the page when the cell ran; they are stripped when a notebook passes the airlock.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import stat
from datetime import UTC, datetime
from http import HTTPStatus
from os import stat_result
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.services.contents.checkpoints import Checkpoints
from jupyter_server.services.contents.manager import ContentsManager, copy_pat
from tornado.web import HTTPError
from traitlets import Any as AnyTrait
from traitlets import default

from ccds_kernel.session.lab_checkpoints import LabCheckpoints
from ccds_kernel.session.lab_file_errors import MOST_NOTEBOOK_BYTES, as_http
from ccds_kernel.session.notebook_view import TooLong, shown, with_what_was_left_out
from ccds_kernel.session.person_folder import PersonFolder
from ccds_kernel.session.source_text import MOST_BYTES, NotSource, is_named_as_source, source_text

_NOTEBOOK = ".ipynb"
_NO_NOTEBOOK = (ValueError, KeyError, AttributeError, TypeError, RecursionError)
"""What reading something else as a notebook raises."""

_ELSEWHERE = "show what is in it in a cell; results leave through the airlock"

Model = dict[str, Any]

# jupyter_server and nbformat leave these without types.
_Manager: Any = ContentsManager
_nbformat: Any = nbformat


class LabContents(_Manager):  # type: ignore[misc] # see above
    """The contents manager of a lab session. `refused` is called for each download that it refuses."""

    refused = AnyTrait(lambda _route: None, help="takes a word for the route of a refused download")

    @default("checkpoints_class")
    def _checkpoints(self) -> type[Checkpoints]:
        return LabCheckpoints

    @default("root_dir")
    def _session_s_folder(self) -> str:
        return str(self.parent.root_dir)

    @property
    def files(self) -> PersonFolder:
        """The person's folder."""
        if not hasattr(self, "_files"):
            self._files = PersonFolder(Path(self.root_dir))
        return self._files

    def get_kernel_path(self, path: str, model: object = None) -> str:  # noqa: ARG002 - jupyter_server's signature
        """Where a notebook's kernel begins to work: the notebook's folder."""
        return path.rpartition("/")[0]

    def dir_exists(self, path: str) -> bool:
        """Whether `path` is a folder; a link to one is none."""
        known = self._known(path)
        return known is not None and stat.S_ISDIR(known.st_mode)

    def file_exists(self, path: str = "") -> bool:
        """Whether `path` is a file; a link to one is none."""
        known = self._known(path)
        return known is not None and stat.S_ISREG(known.st_mode)

    def is_hidden(self, path: str) -> bool:
        """Whether a name in `path` begins with a dot."""
        return any(part.startswith(".") for part in path.split("/"))

    def get(self, path: str, content: bool = True, type: str | None = None, format: str | None = None) -> Model:  # noqa: A002 - jupyter_server's names
        """What is at `path`, for the page.

        Raises:
            HTTPError: 404 where nothing is; 403 for what would be a download; 400 for another type than it has.
        """
        path = path.strip("/")
        with as_http():
            known = self.files.stat(path)
            if stat.S_ISDIR(known.st_mode):
                if type not in {None, "directory"}:
                    raise HTTPError(HTTPStatus.BAD_REQUEST, "a folder is no file", reason="bad type")
                return self._folder(path, known, content=content)
            if type == "directory":
                raise HTTPError(HTTPStatus.BAD_REQUEST, "a file is no folder", reason="bad type")
            if not content:
                return _model(path, known)
            if format == "base64":
                self._refuse("base64", "files don't leave this session as base64")
            if path.endswith(_NOTEBOOK):
                if type == "file" or format == "text":
                    self._refuse("notebook-as-text", "a notebook opens as a notebook only")
                return self._notebook(path, known)
            return self._source(path, known)

    def save(self, model: Model, path: str = "") -> Model:
        """Writes what the page sends, or one part of an upload; returns the new file's model without content.

        Raises:
            HTTPError: 400 for what makes no sense; 413 for a notebook that couldn't be opened again.
        """
        path = path.strip("/")
        kind = model.get("type")
        self.run_pre_save_hooks(model=model, path=path)
        with as_http():
            if kind == "directory":
                self.files.make_folder(path)
            elif kind == "notebook":
                self._save_notebook(model, path)
            elif kind == "file":
                content, part = _bytes_of(model), model.get("chunk")
                (self.files.write if part in {None, 1} else self.files.append)(path, content)
            else:
                raise HTTPError(HTTPStatus.BAD_REQUEST, "a model without a type that is known")
            saved = _model(path, self.files.stat(path))
        self.emit(data={"action": "save", "path": path})
        return saved

    def delete_file(self, path: str) -> None:
        """Removes what is at `path`, for good."""
        with as_http():
            if not path.strip("/"):
                raise HTTPError(HTTPStatus.BAD_REQUEST, "your folder itself stays")
            self.files.remove(path)

    def rename_file(self, old_path: str, new_path: str) -> None:
        """Gives what is at `old_path` another name."""
        with as_http():
            self.files.rename(old_path, new_path)

    def copy(self, from_path: str, to_path: str | None = None) -> Model:
        """Copies a file, data too, beside itself or into the folder `to_path`; nothing of it passes the page."""
        path = from_path.strip("/")
        folder, _, name = path.rpartition("/")
        to = folder if to_path is None else to_path.strip("/")
        if self.dir_exists(to):
            to = f"{to}/{self.increment_filename(copy_pat.sub('.', name), to, insert='-Copy')}".strip("/")
        with as_http():
            self.files.copy(path, to)
            model = _model(to, self.files.stat(to))
        self.emit(data={"action": "copy", "path": to, "source_path": path})
        return model

    def info_string(self) -> str:
        """One line for the log."""
        return "Serving the person's folder: names, notebooks and source"

    def _known(self, path: str) -> stat_result | None:
        try:
            return self.files.stat(path)
        except OSError:
            return None

    def _folder(self, path: str, known: stat_result, *, content: bool) -> Model:
        model = _model(path, known)
        if content:
            model["format"] = "json"
            model["content"] = [
                _model(f"{path}/{name}".strip("/"), entry)
                for name, entry in sorted(self.files.entries(path).items())
                if self.should_list(name) and (self.allow_hidden or not self.is_hidden(name))
            ]
        return model

    def _source(self, path: str, known: stat_result) -> Model:
        name = path.rpartition("/")[2]
        if not is_named_as_source(name):  # before a large file is read
            self._refuse("data-file", f"only source opens here: {_ELSEWHERE}")
        try:
            text = source_text(name, self.files.read(path, MOST_BYTES + 1))
        except NotSource as why:
            self._refuse("data-file", f"only source opens here, and {why}: {_ELSEWHERE}")
        return _model(path, known) | {"content": text, "format": "text", "mimetype": _mimetype(name)}

    def _notebook(self, path: str, known: stat_result) -> Model:
        try:
            notebook = _nbformat.reads(self.files.read(path, MOST_NOTEBOOK_BYTES).decode("utf-8"), as_version=4)
            self.mark_trusted_cells(notebook, path)
            view = shown(notebook)
        except TooLong:
            self._refuse(
                "notebook-source",
                f"what is typed in this notebook is larger than {MOST_BYTES // 1_000_000} MB, more than source that opens here",
            )
        except _NO_NOTEBOOK:
            self._refuse("data-file", "this is no notebook")
        if view.left_out:
            self.refused("notebook-outputs")
        content = _nbformat.from_dict(view.notebook)
        model: Model = self.validate_notebook_model(_model(path, known) | {"content": content, "format": "json"})
        return model

    def _save_notebook(self, model: Model, path: str) -> None:
        notebook = _nbformat.from_dict(self._completed(model["content"], path))
        self.check_and_sign(notebook, path)
        text: str = _nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"
        if len(content := text.encode("utf-8", "surrogatepass")) > MOST_NOTEBOOK_BYTES:
            raise HTTPError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"this notebook has more than {MOST_NOTEBOOK_BYTES // 1_000_000} MB: clear the outputs of its largest cells",
            )
        self.files.write(path, content)

    def _completed(self, sent: Model, path: str) -> Model:
        """A notebook that the page sends, with what the page wasn't given of the file that it replaces."""
        try:
            before = _nbformat.v4.reads_json(self.files.read(path, MOST_NOTEBOOK_BYTES).decode("utf-8"))
            return with_what_was_left_out(sent, before)
        except (OSError, TooLong, *_NO_NOTEBOOK):  # a new file, or none that the page was given
            return sent

    def _refuse(self, route: str, why: str) -> Any:  # noqa: ANN401 - it never returns; NoReturn would hide what follows from coverage
        self.refused(route)
        raise HTTPError(HTTPStatus.FORBIDDEN, why)


def _model(path: str, known: stat_result) -> Model:
    """The model of what is at `path`, without content."""
    folder = stat.S_ISDIR(known.st_mode)
    changed = datetime.fromtimestamp(known.st_mtime, UTC)
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "type": "directory" if folder else "notebook" if path.endswith(_NOTEBOOK) else "file",
        "created": datetime.fromtimestamp(known.st_ctime, UTC),
        "last_modified": changed,
        "size": None if folder else known.st_size,
        "writable": True,
        "content": None,
        "format": None,
        "mimetype": None,
    }


def _bytes_of(model: Model) -> bytes:
    content, kind = model.get("content"), model.get("format")
    if not isinstance(content, str) or kind not in {"text", "base64"}:
        raise HTTPError(HTTPStatus.BAD_REQUEST, "a file comes as text or base64")
    try:
        return base64.b64decode(content) if kind == "base64" else content.encode("utf-8")
    except (binascii.Error, UnicodeEncodeError):
        raise HTTPError(HTTPStatus.BAD_REQUEST, f"the content is no {kind}") from None


def _mimetype(name: str) -> str:
    """What the editor is told: never a kind that a browser would show by itself."""
    guessed = mimetypes.guess_type(name)[0] or "text/plain"
    return guessed if guessed.startswith("text/") and guessed != "text/html" else "text/plain"
