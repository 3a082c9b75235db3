"""The site as its `ccds.toml` describes it: settings, folders, disk, scheduler. Looks only: starts and changes nothing."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from ccds_kernel.batch.local import doorbell
from ccds_kernel.batch.local.table import Table, live_rows
from ccds_kernel.batch.site import jobs_socket
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings, load_settings, settings_file

_SETTINGS, _SCHEDULER, _PERMISSIONS, _JOBS = "settings", "local scheduler", "permissions", "jobs service"
_PATIENCE_S = 5.0
_LEAST_GIB = 1.0
_AS_OWNER = "look as the Unix user whose folder it is"


def examine_settings() -> tuple[Settings | None, Finding]:
    """The settings in force, where there are any that are right, and what was found about them."""
    named = os.environ.get("CCDS_CONFIG")
    try:
        path = settings_file()
    except CcdsError as error:
        return None, Finding(_SETTINGS, Verdict.WRONG if named else Verdict.MISSING, error.found, error.do)
    except OSError as error:
        return None, Finding(_SETTINGS, Verdict.UNSEEN, f"{error.filename}: {error.strerror}", _AS_OWNER)
    try:
        return load_settings(path), Finding(_SETTINGS, Verdict.OK, str(path))
    except CcdsError as error:
        return None, Finding(_SETTINGS, Verdict.WRONG, f"expected {error.expected}; found {error.found}", error.do)


def examine_disk(folders: Mapping[str, Path]) -> list[Finding]:
    """The free space under `folders` (name → path), one finding for each file system."""
    by_device: dict[int, list[str]] = {}
    places: dict[int, Path] = {}
    for name, folder in folders.items():
        place = _nearest(folder)
        device = place.stat().st_dev
        places.setdefault(device, place)
        by_device.setdefault(device, []).append(name)
    return [
        judge_disk(", ".join(names), places[device], shutil.disk_usage(places[device]).free / 2**30)
        for device, names in by_device.items()
    ]


def judge_disk(names: str, place: Path, free_gib: float) -> Finding:
    """The finding for `free_gib` GiB left at `place`, where what `names` says lies."""
    found = f"{free_gib:.1f} GiB free for {names} ({place})"
    if free_gib < _LEAST_GIB:
        return Finding("disk", Verdict.WRONG, found, "make room, or name other paths in ccds.toml")
    return Finding("disk", Verdict.OK, found)


def examine_permissions(settings: Settings) -> Finding:
    """Whether somebody who isn't of a folder's group gets into it; of the projects' folder each project's own counts.

    Where people are Unix users they pass through the registry to the applications with them on the roster, and list nothing.
    """
    kept = {name: folder for name, folder in settings.paths if name != "projects"}
    try:
        passed = {"registry"} if settings.groups.directory != "none" else set()
        opened = {name: folder for name, folder in kept.items() if _open_to_others(folder, passed=name in passed)}
    except PermissionError as error:
        return Finding(_PERMISSIONS, Verdict.UNSEEN, f"{error.filename} is closed to you", _AS_OWNER)
    if opened:
        paths = " ".join(shlex.quote(str(folder)) for folder in opened.values())
        return Finding(_PERMISSIONS, Verdict.WRONG, f"{', '.join(opened)} open to everybody", f"chmod o-rwx {paths}")
    return Finding(_PERMISSIONS, Verdict.OK, f"{', '.join(kept)} closed to others")


def examine_scheduler(settings: Settings) -> Finding:
    """Whether the local scheduler's daemon answers; it lives as long as a job does."""
    folder = settings.paths.state / "scheduler"
    try:
        if not (folder / "jobs.db").exists():
            return Finding(_SCHEDULER, Verdict.OK, "no job yet; its daemon starts with the first one")
        if folder.stat().st_uid != os.getuid():
            return Finding(_SCHEDULER, Verdict.UNSEEN, "its folder is another user's", _AS_OWNER)
        with Table(folder).read() as db:
            jobs = len(live_rows(db))
        attended = doorbell.is_attended(folder)
    except OSError as error:
        return Finding(_SCHEDULER, Verdict.UNSEEN, error.strerror or "an error", _AS_OWNER)
    except CcdsError as error:
        return Finding(_SCHEDULER, Verdict.WRONG, error.found, error.do)
    return judge_scheduler(jobs, attended=attended)


def examine_jobs_service(settings: Settings) -> Finding | None:
    """Whether somebody takes the jobs that people hand over from their sessions; None on a site where they do that themselves."""
    if not settings.sessions.helper or settings.scheduler.engine != "local":
        return None
    place = jobs_socket(settings)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.connect(str(place))
    except OSError as error:
        found = f"{place}: {(error.strerror or 'no answer').lower()}"
        return Finding(_JOBS, Verdict.WRONG, found, "systemctl start ccds-jobs, whose unit is in docs/running.md")
    return Finding(_JOBS, Verdict.OK, f"takes people's jobs at {place}")


def judge_scheduler(jobs: int, *, attended: bool) -> Finding:
    """The finding for so many live `jobs` and a daemon that answers (`attended`) or doesn't."""
    if attended:
        return Finding(_SCHEDULER, Verdict.OK, f"its daemon answers; jobs: {jobs}")
    if jobs:
        return Finding(
            _SCHEDULER, Verdict.WRONG, f"jobs: {jobs}, but no daemon", "start the hub; daemon.log says why it ended"
        )
    return Finding(_SCHEDULER, Verdict.OK, "no jobs; its daemon starts with the next one")


def _nearest(folder: Path) -> Path:
    """`folder`, or the nearest one above it that is there and may be seen."""
    for place in (folder, *folder.parents):
        try:
            place.stat()
        except OSError:
            continue
        return place
    return Path(folder.anchor)


def _open_to_others(folder: Path, *, passed: bool) -> bool:
    try:
        mode = folder.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    reached = all(place.stat().st_mode & stat.S_IXOTH for place in folder.parents)
    return reached and bool(mode & stat.S_IRWXO & ~(stat.S_IXOTH if passed else 0))
