"""The registry of IRB applications: what is approved now, and what was approved when.

`<registry>/<id>/irb.yaml` is the application in force; `<registry>/<id>/history/` keeps every one that ever was, by the time
at which it was applied. Only the service account writes here.

Every check of a permission reads the file anew, or finds by its identity that nobody replaced it since: an amendment bites
at once. A damaged file closes its own project and no other one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import acting_as_owner, take_lock, write_whole
from ccds_kernel.irb.application import ID, LONGEST_ID, IrbApplication, read_application, slug_of
from ccds_kernel.irb.history import Version
from ccds_kernel.irb.rules import TRAINING_YEARS, denied
from ccds_kernel.settings import Settings

_TIME = "%Y%m%dT%H%M%S.%fZ"


class Registry:
    """The applications in folder `folder`; `training_years` is what the site's rules say about training."""

    def __init__(self, folder: Path, training_years: int = TRAINING_YEARS) -> None:
        self.folder = folder
        self.training_years = training_years

    def ids(self) -> tuple[str, ...]:
        """The ids of all applications, sorted; a folder whose name is no id is none of ours."""
        names = (path.parent.name for path in self.folder.glob("*/irb.yaml"))
        return tuple(sorted(name for name in names if ID.fullmatch(name) and len(name) <= LONGEST_ID))

    def get(self, project_id: str) -> IrbApplication | None:
        """The newest application, or None where there never was one with that id.

        Raises:
            CcdsError: the registry's file is damaged.
        """
        path = self.folder / project_id / "irb.yaml"
        if not (ID.fullmatch(project_id) and _is_there(path)):
            return None
        application = _read_unchanged(path, _identity(path))
        if application.id != project_id:
            raise CcdsError(
                expected=f"the application {project_id} in {path}",
                found=f"another one's, {application.id}",
                do="apply the right application again",
            )
        return application

    def applications(self) -> tuple[IrbApplication, ...]:
        """Every application that can be read, by id; a damaged one is left out: whoever asks for it by id is told."""
        found = []
        for project_id in self.ids():
            try:
                application = self.get(project_id)
            except CcdsError:
                continue
            if application:
                found.append(application)
        return tuple(found)

    def by_slug(self, slug: str) -> IrbApplication | None:
        """The application whose sessions are named `slug`.

        Raises:
            CcdsError: its file is damaged.
        """
        same = next((project_id for project_id in self.ids() if slug_of(project_id) == slug), None)
        return self.get(same) if same else None

    def history(self, project_id: str) -> tuple[Version, ...]:
        """Every application that was ever applied under that id, oldest first; empty where there is none.

        Raises:
            CcdsError: a file of the history is damaged.
        """
        if not ID.fullmatch(project_id):
            return ()
        paths = sorted((self.folder / project_id / "history").glob("*.yaml"))
        return tuple(Version(_applied(path), read_application(path)) for path in paths)

    def put(self, application: IrbApplication, *, announce: Callable[[], None] = lambda: None) -> bool:
        """Makes `application` the newest of its id; returns whether that changed anything.

        Args:
            application: the new one, or an amendment.
            announce: called when nothing stands against the change any more, and before anything is written; when it raises,
                nothing is.

        Raises:
            CcdsError: its sessions would be named as another one's, or the registry can't be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
            with self._only_one():
                if self.is_newest(application):
                    return False
                self.refuse_similar(application)
                announce()  # as who we are: what follows is done as the folder's owner
                with acting_as_owner(self.folder):
                    self._write(application)
                return True
        except OSError as error:
            raise CcdsError(
                expected=f"to write the registry {self.folder}",
                found=error.strerror or "an error",
                do="run this as the service account of the site",
            ) from None

    def _write(self, application: IrbApplication) -> None:
        folder = self.folder / application.id
        for made, mode in ((folder, 0o750), (folder / "history", 0o700)):
            if not made.exists():
                made.mkdir(mode=mode)
        now = datetime.now(UTC).strftime(_TIME)
        write_whole(folder / "history" / f"{now}.yaml", application.to_yaml(), 0o600)
        write_whole(folder / "irb.yaml", application.to_yaml(), 0o640)

    def refuse_similar(self, application: IrbApplication) -> None:
        """Makes sure that no other application's id differs from this one's by upper and lower case only.

        Raises:
            CcdsError: one does.
        """
        similar = [other for other in self.ids() if slug_of(other) == application.slug and other != application.id]
        if similar:
            raise CcdsError(
                expected="an id that no other application has, upper and lower case being the same",
                found=f"{application.id} beside {similar[0]}",
                do="amend the application that is there",
            )

    def is_newest(self, application: IrbApplication) -> bool:
        """Whether `application` is in force as it is."""
        try:
            return self.get(application.id) == application
        except CcdsError:
            return False  # damaged: applying it again is how it is mended

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        with acting_as_owner(self.folder):
            lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(lock, 0o600)  # whoever may open it may hold it
            take_lock(lock, f"writes the registry {self.folder}")
            yield
        finally:
            os.close(lock)


def registry_of(settings: Settings) -> Registry:
    """The site's registry."""
    return Registry(settings.paths.registry, settings.irb.training_years)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:  # whoever isn't on the roster may not even look
        raise denied(
            "an application whose roster you are on", "one that you may not read", "the principal investigator"
        ) from None


def _applied(path: Path) -> datetime:
    try:
        return datetime.strptime(path.name.removesuffix(".yaml"), _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise CcdsError(
            expected=f"only files named by their time in {path.parent}", found=path.name, do="move that file elsewhere"
        ) from None


def _identity(path: Path) -> tuple[int, int, int]:
    """What differs after `write_whole` replaced the file."""
    try:
        found = path.stat()
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}", found=error.strerror or "an error", do="apply the application again"
        ) from None
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=1024)
def _read_unchanged(path: Path, _seen: tuple[int, int, int]) -> IrbApplication:
    return read_application(path)
