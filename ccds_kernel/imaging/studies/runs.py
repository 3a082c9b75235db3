"""Making the volumes of all studies that wait for one, by one process at a time, told of in the project's database.

A run is a row: how far it came, and when whoever is at it was last heard of. So every session sees it, and where its process
is gone (a page was loaded anew, a session ended) somebody goes on with it: a study is either done or not. What waits follows
from what is chosen and what was converted, so nothing is lost, or done twice but the study that was in hands.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.tables import volume_run
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.store.store import Store

BEAT_SECONDS = 5.0
"""How often who makes volumes says so."""

GONE_SECONDS = 20.0
"""Whoever wasn't heard of for so long is gone."""


@dataclass(frozen=True, slots=True)
class Run:
    """Volumes that are, or were, made of the studies that waited.

    Args:
        id: its number.
        person: who began it.
        begun: when.
        total: of how many studies.
        done: how many of them are done.
        ended: when it ended; None as long as it didn't.
        heard: when whoever is at it was last heard of.
        stopping: whether somebody wants it to end.
        cause: why it ended before all were done; None where it didn't.
    """

    id: int
    person: str
    begun: datetime
    total: int
    done: int
    ended: datetime | None
    heard: datetime
    stopping: bool
    cause: str | None

    def is_left(self, now: datetime) -> bool:
        """Whether it goes on, and nobody is at it any more."""
        return self.ended is None and now - self.heard > timedelta(seconds=GONE_SECONDS)


class VolumeRuns:
    """The runs of `project`, for the person who opened it: who may read its images looks, who may write them begins and stops.

    Args:
        project: the project.
        overview: its studies, where somebody knows them already.
    """

    def __init__(self, project: Project, overview: StudiesOverview | None = None) -> None:
        self._project = project
        self._studies = ImageStudies(project)
        self._overview = overview or StudiesOverview(project)

    def newest(self) -> Run | None:
        """The one that was begun last; None where none was."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return _newest(connection)

    def waiting(self) -> list[str]:
        """The studies that wait for volumes, by key.

        Unread ones, those of which another series is chosen than the one that was converted, those whose volume is gone, and
        those in quarantine for what rules that were kept since may correct, or was let pass since.
        """
        outlines = self._overview.outlines()
        kept = self._overview.kept_rules()
        with self._project.store.reading() as connection:
            judged = rows.judged_series(connection, kept[0].at if kept else None)
        nifti = str(self._project.folder / "nifti")

        def done(study_key: str) -> set[str]:
            of_it = judged.get(study_key, {})
            return {name for name, made in of_it.items() if not made or _has_volume(nifti, study_key, name)}

        return [
            one.study_key
            for one in outlines
            if one.choice is None or done(one.study_key) != _to_be(one.choice.chosen, read=bool(one.read))
        ]

    def begin(self) -> Run:
        """Begins a run, or takes over one that was left; `work` then does it.

        Raises:
            CcdsError: somebody is at one, nothing waits, or nothing says which series are to be volumes.
        """
        self._project.require(Action.WRITE_IMAGES)
        self.check_that_something_chooses()
        waiting = self.waiting()
        now = datetime.now(UTC)
        with self._project.store.writing() as connection:
            newest = _newest(connection)
            if newest is not None and newest.ended is None:
                if not newest.is_left(now):
                    raise CcdsError(
                        expected="no other run that makes volumes",
                        found=f"one of {newest.person}, {newest.done} of {newest.total} studies done",
                        do="wait for it, or stop it",
                    )
                taken = {"total": newest.done + len(waiting), "beat_at": now, "stopping": False}
                connection.execute(update(volume_run).where(volume_run.c.id == newest.id).values(taken))
            elif waiting:
                begun = {"asked_by": self._project.person, "asked_at": now, "total": len(waiting), "done": 0}
                connection.execute(insert(volume_run).values(**begun, stopping=False, beat_at=now))
            else:
                raise CcdsError(
                    expected="studies that wait for volumes",
                    found="none",
                    do="fetch studies, or choose other series first",
                )
            run = _newest(connection)
        assert run is not None  # noqa: S101 - it was just written
        return run

    def check_that_something_chooses(self) -> None:
        """Makes sure that there are rules, or that people chose: else a run would read every study and make nothing.

        Raises:
            CcdsError: neither.
        """
        with self._project.store.reading() as connection:
            chooses = rows.kept_rules(connection) or rows.newest_choices(connection)
        if not chooses:
            raise CcdsError(
                expected="selection rules, which say what series become volumes",
                found="none",
                do="keep some on the screen Series, or with 'ccds imaging rules'",
            )

    def stop(self) -> None:
        """Ends the run that goes on after the study that is in hands; nothing where none does."""
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.writing() as connection:
            newest = _newest(connection)
            if newest is not None and newest.ended is None:
                left = newest.is_left(datetime.now(UTC))
                ended = {"ended_at": datetime.now(UTC), "cause": "stopped"} if left else {}
                changed = update(volume_run).where(volume_run.c.id == newest.id)
                connection.execute(changed.values(stopping=True, **ended))

    def work(self, run: Run) -> None:
        """Makes the volumes of the studies that wait, one after the other, until all are done or somebody stops it.

        Never raises for what a person can act on: the run then says why it ended. Whoever took the run over goes on alone.
        """
        hold, cause = _Hold(self._project.store, run), None
        try:
            with hold.heard_of():
                for key in self.waiting():
                    if not hold.change():
                        break
                    if self._is_stopping():
                        cause = "stopped"
                        break
                    self._studies.make_volumes(key)
                    hold.change(done=volume_run.c.done + 1)
        except CcdsError as error:
            cause = str(error)
        except BaseException:
            cause = "a defect in the workbench"
            raise
        finally:
            hold.change(ended_at=datetime.now(UTC), cause=None if cause is None else cause[:400])

    def _is_stopping(self) -> bool:
        with self._project.store.reading() as connection:
            found = _newest(connection)
        return found is None or found.stopping


class _Hold:
    """That this process is at a run: until it isn't heard of for long, and somebody else takes the run over.

    It knows by the moment that it wrote last: where another one stands, it was another's.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run.id
        self._heard = run.heard
        self._one_at_a_time = threading.Lock()

    def change(self, **values: Any) -> bool:  # noqa: ANN401 - columns, or what they come to hold
        """Says that somebody is at it, and `values`; False, and nothing is changed, where another is. From any thread."""
        with self._one_at_a_time, self._store.writing() as connection:
            now = datetime.now(UTC)
            mine = (
                volume_run.c.id == self._run,
                volume_run.c.ended_at.is_(None),
                volume_run.c.beat_at == self._heard,
            )
            changed = connection.execute(update(volume_run).where(*mine).values(beat_at=now, **values))
            if changed.rowcount == 0:
                return False
            self._heard = now
            return True

    @contextmanager
    def heard_of(self) -> Iterator[None]:
        """Says that somebody is at it, also while one study takes long."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_SECONDS):
                self.change()

        beating = threading.Thread(target=beat, name="ccds-volumes-beat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()


def _has_volume(nifti: str, study_key: str, series: str) -> bool:
    return os.path.exists(f"{nifti}/{study_key}/{series}.nii.gz")  # noqa: PTH110 - 100,000 paths take a second longer


def _to_be(chosen: str | None, *, read: bool) -> set[str]:
    """The series that a study has a verdict of when all is done; the empty name stands for one that holds nothing readable."""
    if not read:
        return {""}
    return set() if chosen is None else {chosen}


def _newest(connection: Connection) -> Run | None:
    row = connection.execute(select(volume_run).order_by(volume_run.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _run(row)


def _run(row: Row[Any]) -> Run:
    def utc(moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC)  # as in `rows`

    return Run(
        id=row.id,
        person=row.asked_by,
        begun=utc(row.asked_at),
        total=row.total,
        done=row.done,
        ended=None if row.ended_at is None else utc(row.ended_at),
        heard=utc(row.beat_at),
        stopping=row.stopping,
        cause=row.cause,
    )
