"""Files that hold secrets, or decide who gets in, and the file system under the projects."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.security.reach import missing_lock
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings, settings_file

_SECRETS, _SETTINGS, _ACLS = "secrets", "settings file", "access lists"
_STATE_FILES = ("cookie_secret", "proxy_token", "audit_secret", "passwords.json", "hub.sqlite", "login-places.json")
_AS_OWNER = "look as the service account"


def examine_files(settings: Settings) -> Iterator[Finding]:
    """Secrets, the settings, and whether the projects' disk knows access lists."""
    yield examine_secrets(settings)
    try:
        yield judge_settings_file(settings_file())
    except CcdsError as error:
        yield Finding(_SETTINGS, Verdict.UNSEEN, error.found, error.do)
    yield judge_acls(settings)


def secrets_of(settings: Settings) -> tuple[Path, ...]:
    """Every file of the site that holds a secret, whether it is there or not."""
    hub, state = settings.hub, settings.paths.state
    named = (hub.key, settings.oidc_login.client_secret_file, settings.database.password_path(state))
    return (*(state / name for name in _STATE_FILES), *(path for path in named if path))


def examine_secrets(settings: Settings) -> Finding:
    """Whether somebody other than its owner can read or write a secret, the folder around it aside."""
    opened, unseen, there = [], [], 0
    for path in secrets_of(settings):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        except OSError:
            unseen.append(path)
            continue
        there += 1
        # A key may be its group's to read, as with Debian's ssl-cert; whatever is in the state folder is the hub's alone.
        allowed = stat.S_IRGRP if path == settings.hub.key else 0
        if mode & (stat.S_IRWXO | stat.S_IRWXG) & ~allowed and not _sheltered(path, settings.paths.state):
            opened.append(path)
    if opened:
        paths = " ".join(shlex.quote(str(path)) for path in opened)
        return Finding(
            _SECRETS, Verdict.WRONG, f"others can reach {', '.join(path.name for path in opened)}", f"chmod 600 {paths}"
        )
    if unseen:
        return Finding(_SECRETS, Verdict.UNSEEN, f"{unseen[0].parent} is closed to you", _AS_OWNER)
    return Finding(_SECRETS, Verdict.OK, f"{there}, each its owner's alone")


def judge_settings_file(path: Path) -> Finding:
    """Whether somebody else can name administrators of the site."""
    for place in (path.resolve(), path.resolve().parent):
        found = place.stat()
        sticky = place.is_dir() and found.st_mode & stat.S_ISVTX
        if found.st_mode & (stat.S_IWOTH | stat.S_IWGRP) and not sticky:
            return Finding(
                _SETTINGS, Verdict.WRONG, f"others can write {place}", f"chmod go-w {shlex.quote(str(place))}"
            )
    return Finding(_SETTINGS, Verdict.OK, f"{path}, written by its owner only")


def judge_acls(settings: Settings) -> Finding:
    """Whether the file system of the projects keeps POSIX access lists, without which data kinds can't be told apart."""
    place = next(
        (one for one in (settings.paths.projects, *settings.paths.projects.parents) if one.exists()), Path("/")
    )
    try:
        os.getxattr(place, "system.posix_acl_default")
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            verdict = Verdict.WRONG if settings.groups.directory != "none" else missing_lock(settings)
            do = "move [paths] projects to ext4, XFS or another file system with access lists"
            return Finding(_ACLS, verdict, f"none on the file system of {place}", do)
        if error.errno != errno.ENODATA:  # none set, but there could be
            return Finding(_ACLS, Verdict.UNSEEN, f"{place}: {(error.strerror or 'an error').lower()}", _AS_OWNER)
    return Finding(_ACLS, Verdict.OK, f"the file system of {place} keeps them")


def _sheltered(path: Path, state: Path) -> bool:
    """Whether nobody but its owner gets to `path`, because the state folder is closed."""
    return path.is_relative_to(state) and not state.stat().st_mode & (stat.S_IRWXO | stat.S_IRWXG)
