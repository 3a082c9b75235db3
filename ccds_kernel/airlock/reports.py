"""The project's reports as `KnownTexts`, read from its database, for a scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select

from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.rows import sealed_reports
from ccds_kernel.labeling.seal import Seal, broken
from ccds_kernel.labeling.tables import report
from ccds_kernel.store.store import Store


def version(store: Store) -> tuple[int, int]:
    """What changes when reports are added, which is all that ever happens to them.

    Raises:
        CcdsError: the database can't be read.
    """
    with store.reading() as connection:
        count, newest = connection.execute(select(func.count(), func.max(report.c.id))).one()
    return int(count), int(newest or 0)


def known_texts(store: Store, seals: Iterable[Seal] = ()) -> KnownTexts:
    """Every report of the project, as it is now.

    Args:
        store: the project's.
        seals: what the audit log says that was loaded; what is known then is what was read here, and nothing that came between.

    Raises:
        CcdsError: the database can't be read; or reports aren't what was loaded any more.
    """
    with store.reading() as connection:
        reports = sealed_reports(connection)
    if count := broken(seals, reports):
        raise CcdsError(
            expected="the project's reports as they were loaded",
            found=f"{count} load(s) of which some were changed, removed or put in",
            do="restore the database from the backup, and look who wrote there",
        )
    return KnownTexts(
        ("\n".join(text for _, text in one.sections) for one in reports),
        (name for one in reports for name in (one.accession, one.study_key)),
    )


def seals(entries: Iterable[Mapping[str, Any]]) -> tuple[Seal, ...]:
    """What was loaded, by a project's entries of the audit log."""
    return tuple(
        Seal(entry["detail"]["first"], entry["detail"]["last"], entry["detail"]["digest"])
        for entry in entries
        if entry["event"] == "ReportsSealed"
    )
