"""Whether the audit log would tell of its own forgery."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.settings import Settings
from ccds_kernel.settings.hub import HubSettings

_HEADS, _DAEMON, _FOLDER = "audit heads", "audit daemon", "audit folder"


def examine_audit_log(settings: Settings) -> Iterator[Finding]:
    """Where chain heads are kept, who gets into the folder, and who hears what sessions tell the daemon."""
    heads = settings.audit.heads or settings.paths.state / "audit-heads"
    yield judge_heads(heads, settings.paths.audit, _device(heads), _device(settings.paths.audit))
    yield examine_folder(settings.paths.audit)
    yield judge_daemon(settings)


def judge_heads(heads: Path, log: Path, heads_on: int | None, log_on: int | None) -> Finding:
    """The finding for chain heads in `heads` and a log in `log`, on these devices (None: not to be seen)."""
    if heads_on is None or log_on is None:
        return Finding(_HEADS, Verdict.UNSEEN, f"{heads} or {log} is closed to you", "look as the service account")
    if heads_on == log_on:
        return Finding(
            _HEADS,
            Verdict.WEAK,
            "on the same disk as the log: whoever writes one, or loses it, has both",
            "set audit.heads to a folder on another disk",
        )
    return Finding(_HEADS, Verdict.OK, f"in {heads}, on another disk than the log")


def examine_folder(folder: Path) -> Finding:
    """Whether only the service account gets into the log's folder."""
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        return Finding(_FOLDER, Verdict.OK, "not there yet; it will be made closed")
    except OSError:
        return Finding(_FOLDER, Verdict.UNSEEN, f"{folder} is closed to you", "look as the service account")
    if mode & (stat.S_IRWXO | stat.S_IRWXG):
        return Finding(_FOLDER, Verdict.WRONG, f"others get into {folder}", f"chmod 700 {folder}")
    return Finding(_FOLDER, Verdict.OK, "the service account's alone")


def judge_daemon(settings: Settings) -> Finding:
    """Whether sessions' tokens cross a network in the clear on their way to the daemon."""
    if HubSettings(address=settings.audit.address).is_local:
        return Finding(_DAEMON, Verdict.OK, "reached from this machine only")
    return Finding(
        _DAEMON,
        Verdict.WEAK,
        f"sessions on other nodes send their tokens to {settings.audit.address} over plain HTTP",
        "keep that network to the site's nodes, as the firewall template does",
    )


def _device(folder: Path) -> int | None:
    for place in (folder, *folder.parents):
        try:
            return place.stat().st_dev
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
