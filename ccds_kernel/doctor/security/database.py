"""Whether the database itself tells people apart."""

from __future__ import annotations

from collections.abc import Iterator

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.security.reach import missing_lock
from ccds_kernel.settings import Settings
from ccds_kernel.store.sqlite import NETWORK_FILE_SYSTEMS, file_system_of

_DATABASE = "database"


def examine_database(settings: Settings) -> Iterator[Finding]:
    """The engine, and how it is reached."""
    place = next((one for one in (settings.paths.projects, *settings.paths.projects.parents) if one.exists()), None)
    yield judge_database(settings, file_system_of(place) if place else "")


def judge_database(settings: Settings, file_system: str) -> Finding:
    """The finding for a site whose projects lie on `file_system`, as the kernel calls it."""
    database = settings.database
    if database.engine == "sqlite":
        if file_system.lower().removeprefix("fuse.") in NETWORK_FILE_SYSTEMS:
            return Finding(
                _DATABASE, Verdict.WRONG, f"SQLite on {file_system}, where its locks don't hold", "set database.engine"
            )
        return Finding(
            _DATABASE,
            missing_lock(settings),
            "SQLite: whoever may write one row of a project's file may write them all",
            "set database.engine to postgresql where several people share a project",
        )
    if database.over_network and not database.sslmode.startswith("verify"):
        return Finding(
            _DATABASE,
            Verdict.WRONG,
            f"{database.host} is believed to be itself without a check",
            "set database.sslmode to verify-full and database.root_certificate",
        )
    return Finding(_DATABASE, Verdict.OK, "PostgreSQL, a role for each session")
