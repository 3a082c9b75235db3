"""The project's reports as `KnownTexts`, read from its database, for a scan."""

from __future__ import annotations

from sqlalchemy import func, select

from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.labeling.tables import report, report_section
from ccds_kernel.store.store import Store


def version(store: Store) -> tuple[int, int]:
    """What changes when reports are added, which is all that ever happens to them.

    Raises:
        CcdsError: the database can't be read.
    """
    with store.reading() as connection:
        count, newest = connection.execute(select(func.count(), func.max(report.c.id))).one()
    return int(count), int(newest or 0)


def known_texts(store: Store) -> KnownTexts:
    """Every report of the project, as it is now.

    Raises:
        CcdsError: the database can't be read.
    """
    ids: list[str] = []
    texts: list[str] = []
    with store.reading() as connection:
        for accession, key in connection.execute(select(report.c.accession, report.c.study_key)):
            ids += (accession, key)
        sections = select(report_section.c.report_id, report_section.c.text).order_by(
            report_section.c.report_id, report_section.c.position
        )
        before = None
        for number, text in connection.execute(sections):
            if number == before:
                texts[-1] += f"\n{text}"
            else:
                texts.append(text)
            before = number
    return KnownTexts(texts, ids)
