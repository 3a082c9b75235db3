"""The registry of IRB applications: what is approved now, and what was approved when.

`<registry>/<id>/irb.yaml` is the application in force; `<registry>/<id>/history/` keeps every one that ever was, by the time
at which it came into force. Only the service account writes here.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication, read_application


class Registry:
    """The applications in folder `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ids(self) -> tuple[str, ...]:
        """The ids of all applications, sorted."""
        return tuple(sorted(path.parent.name for path in self.folder.glob("*/irb.yaml")))

    def get(self, project_id: str) -> IrbApplication | None:
        """The application in force, or None where there never was one with that id.

        Raises:
            CcdsError: the registry's file is damaged.
        """
        if project_id not in self.ids():  # also keeps '../' and the like from being looked up
            return None
        return read_application(self.folder / project_id / "irb.yaml")

    def by_slug(self, slug: str) -> IrbApplication | None:
        """The application in force whose sessions are named `slug`."""
        applications = (self.get(project_id) for project_id in self.ids())
        return next((found for found in applications if found and found.slug == slug), None)

    def put(self, application: IrbApplication) -> bool:
        """Brings `application` into force; returns whether that changed anything.

        Raises:
            CcdsError: its sessions would be named as another one's, or the registry can't be written.
        """
        if self.get(application.id) == application:
            return False
        similar = self.by_slug(application.slug)
        if similar and similar.id != application.id:
            raise CcdsError(
                expected="an id that no other application has, upper and lower case being the same",
                found=f"{application.id} beside {similar.id}",
                do="amend the application that is there",
            )
        folder = self.folder / application.id
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        try:
            (folder / "history").mkdir(parents=True, exist_ok=True)
            write_whole(folder / "history" / f"{now}.yaml", application.to_yaml())
            write_whole(folder / "irb.yaml", application.to_yaml())
        except OSError as error:
            raise CcdsError(
                expected=f"to write the registry {self.folder}",
                found=error.strerror or "an error",
                do="run this as the service account of the site",
            ) from None
        return True


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes `path`, with permissions `mode`, so that a reader, or a crash, never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, mode)  # noqa: PTH101 - mkstemp hands out a name
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
