"""The record of one release: its predictions, the final reports, and the phrases by which reports are labelled.

`<clinical>/<model>/<version>/clinical.db` is a store like a project's. It is no project's: a deployed model outlives its IRB
application. `open_record` is its only door, for administrators of the site. Loading is idempotent and overwrites nothing: a
cron job may bring the same rows each night. Each load is one transaction, logged before its commit.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from ccds_kernel.audit.events.monitoring import ClinicalRowsLoaded, ReleaseRegistered
from ccds_kernel.audit.log import AuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.irb.study_key import study_key_secret
from ccds_kernel.labeling import rows as labeling_rows
from ccds_kernel.labeling.phrase import Phrase, check_count
from ccds_kernel.monitoring import rows
from ccds_kernel.monitoring.prediction import FinalReport, Prediction
from ccds_kernel.monitoring.release import Release, ReleaseId
from ccds_kernel.settings import Settings
from ccds_kernel.store.store import Home, Store, open_store

_FILE, _LOCK = "clinical.db", "publish.lock"
_HOME = Home("record of a release", "folder of the release", "clinical", "register it with 'ccds monitoring load'")
_AT_ONCE = 500
"""Rows per statement: SQLite takes a few thousand parameters."""

Row = TypeVar("Row", Prediction, FinalReport)


class ReleaseUnknown(CcdsError):  # noqa: N818 - named for what a person is told, not for its being an exception
    """A release isn't registered."""


@dataclass(frozen=True)
class Loaded:
    """What became of the rows of one load: counts that add up to all of them.

    Attributes:
        added: new ones.
        known: those that the record has already, value for value, or that came twice.
        conflicting: left out, because the record has another one for that accession number.
        empty: left out, because there is nothing to read in them; reports only.
    """

    added: int = 0
    known: int = 0
    conflicting: int = 0
    empty: int = 0


@dataclass(frozen=True)
class Rows:
    """Everything that the record of a release holds, as it was at one moment."""

    release: Release
    phrases: tuple[Phrase, ...]
    predictions: tuple[Prediction, ...]
    reports: tuple[FinalReport, ...]
    secret: bytes = field(repr=False)


def unknown(release_id: ReleaseId) -> ReleaseUnknown:
    """The line for release `release_id`, which isn't registered."""
    return ReleaseUnknown(
        expected=f"release {release_id}, registered with its phrase list",
        found="none of that name",
        do="register it with 'ccds monitoring load … --phrases P.csv'",
    )


class ReleaseRecord:
    """The open record of release `release_id`; see `open_record`.

    Args:
        store: the release's database.
        folder: where it lies.
        release_id: which release.
        person: who opened it.
        audit: where what they do is logged.
    """

    def __init__(self, store: Store, folder: Path, release_id: ReleaseId, *, person: str, audit: AuditSink) -> None:
        self._store = store
        self._folder = folder
        self._id = release_id
        self._person = person
        self._audit = audit

    def release(self) -> Release | None:
        """The release, or None where nothing was registered yet."""
        with self._store.reading() as connection:
            return rows.release(connection)

    def phrases(self) -> tuple[Phrase, ...]:
        """The release's phrase list, the highest priority first."""
        with self._store.reading() as connection:
            return tuple(stored.phrase for stored in labeling_rows.phrases(connection))

    def register(self, release: Release, phrases: Sequence[Phrase]) -> bool:
        """Registers the release with its phrase list, the highest priority first; returns whether that changed anything.

        Raises:
            CcdsError: it is registered already as something else, or no phrase stands for its positive label.
        """
        if release.id != self._id:
            raise CcdsError(expected=f"release {self._id}", found=f"{release.id}", do="open the record of that one")
        check_phrases(release, phrases)
        with self._store.writing() as connection:
            known = rows.release(connection)
            if known is not None:
                self._check_same(known, release, connection, phrases)
                return False
            rows.add_release(connection, release)
            for position, phrase in enumerate(phrases):
                labeling_rows.append_phrase(connection, phrase, position, self._person)
            self._audit.write(ReleaseRegistered(person=self._person, release=str(self._id), phrases=len(phrases)))
        return True

    def load_predictions(self, predictions: Iterable[Prediction]) -> Loaded:
        """Takes in those of `predictions` that are new; overwrites nothing.

        Raises:
            CcdsError: the release isn't registered yet.
        """

        def known(connection: Connection, accessions: Sequence[str]) -> dict[str, Prediction]:
            return {one.accession: one for one in rows.predictions(connection, accessions)}

        return self._load(
            "predictions", predictions, accession=lambda one: one.accession, known=known, add=rows.add_predictions
        )

    def load_final_reports(self, reports: Iterable[FinalReport]) -> Loaded:
        """Takes in those of `reports` that are new and readable; overwrites nothing.

        Raises:
            CcdsError: the release isn't registered yet.
        """
        secret = study_key_secret(self._store)
        return self._load(
            "final reports",
            reports,
            accession=lambda one: one.report.accession,
            known=rows.final_reports_by_accession,
            add=lambda connection, new: rows.add_final_reports(connection, new, secret),
        )

    def read(self) -> Rows:
        """Everything, in one transaction.

        Raises:
            CcdsError: the release isn't registered yet.
        """
        secret = study_key_secret(self._store)
        with self._store.reading() as connection:
            return Rows(
                self._registered(connection),
                tuple(stored.phrase for stored in labeling_rows.phrases(connection)),
                tuple(rows.predictions(connection)),
                tuple(rows.final_reports(connection)),
                secret,
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits for who publishes this release, and makes others wait; loading goes on.

        Raises:
            CcdsError: the lock's file can't be opened.
        """
        path = self._folder / _LOCK
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CcdsError(
                expected=f"to write {path}", found=error.strerror or "an error", do="run this as the service account"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _load(
        self,
        kind: str,
        coming: Iterable[Row],
        *,
        accession: Callable[[Row], str],
        known: Callable[[Connection, Sequence[str]], dict[str, Row]],
        add: Callable[[Connection, Sequence[Row]], None],
    ) -> Loaded:
        verdicts: Counter[str] = Counter()
        left = iter(coming)
        with self._store.writing() as connection:
            self._registered(connection)
            while batch := list(islice(left, _AT_ONCE)):
                there = known(connection, [accession(one) for one in batch])
                new: list[Row] = []
                for one in batch:
                    if isinstance(one, FinalReport) and one.report.is_empty:
                        verdict = "empty"
                    elif (before := there.get(accession(one))) is not None:
                        verdict = "known" if before == one else "conflicting"
                    else:
                        verdict = "added"
                        there[accession(one)] = one
                        new.append(one)
                    verdicts[verdict] += 1
                add(connection, new)
            loaded = Loaded(**verdicts)
            self._audit.write(
                ClinicalRowsLoaded(
                    person=self._person,
                    release=str(self._id),
                    kind=kind,
                    added=loaded.added,
                    known=loaded.known,
                    refused=loaded.conflicting + loaded.empty,
                )
            )
        return loaded

    def _registered(self, connection: Connection) -> Release:
        release = rows.release(connection)
        if release is None:
            raise unknown(self._id)
        return release

    def _check_same(self, known: Release, release: Release, connection: Connection, phrases: Sequence[Phrase]) -> None:
        same_phrases = [stored.phrase for stored in labeling_rows.phrases(connection)] == list(phrases)
        other = [name for name in Release.model_fields if getattr(known, name) != getattr(release, name)]
        other += [] if same_phrases else ["phrase list"]
        if other:
            raise CcdsError(
                expected=f"release {self._id} as it was registered",
                found=f"another {', another '.join(other)}",
                do="leave these out, or load it as another version: numbers of different meaning don't go together",
            )


def check_phrases(release: Release, phrases: Sequence[Phrase]) -> None:
    """Makes sure that `phrases` can label the reports of `release`.

    Raises:
        CcdsError: there are too many, or none stands for the positive label: sensitivity would never be told.
    """
    check_count(len(phrases))
    if release.positive not in {phrase.label for phrase in phrases}:
        raise CcdsError(
            expected=f"a phrase of the positive label '{release.positive}'",
            found=f"{len(phrases)} of other labels",
            do="name the label that counts as positive, or complete the phrase list",
        )


def registered_release(release_id: ReleaseId, *, person: str, settings: Settings) -> Release | None:
    """The release as it is registered; None where it isn't yet. Makes nothing. Raises as `open_record` otherwise does."""
    try:
        with open_record(release_id, person=person, settings=settings) as record:
            return record.release()
    except ReleaseUnknown:
        return None


@contextmanager
def open_record(
    release_id: ReleaseId, *, person: str, settings: Settings, make: bool = False
) -> Iterator[ReleaseRecord]:
    """Opens the record of a release; closes it at the end.

    Args:
        release_id: which release.
        person: who asks.
        settings: the site's.
        make: whether to make a record where there is none yet.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        ReleaseUnknown: there is no record.
        CcdsError: the clinical folder can't be written, or the database can't be used.
    """
    require_administrator("open a release's record", person=person, settings=settings)
    folder = settings.paths.clinical / release_id.model / release_id.version
    try:
        if make:
            make_closed(settings.paths.clinical, release_id.model, release_id.version)
        elif not (folder / _FILE).is_file():
            raise unknown(release_id)
    except OSError as error:
        raise CcdsError(
            expected=f"to make {folder}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
    store = open_store(folder / _FILE, home=_HOME)
    try:
        yield ReleaseRecord(store, folder, release_id, person=person, audit=audit_log(settings))
    finally:
        store.close()
