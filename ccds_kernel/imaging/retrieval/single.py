"""Asking the archive for single studies by their accession numbers, which somebody waits for: within what the application covers.

The criteria that they are asked by are all that the IRB application covers, kept as `approved`: what meets these enters the
queue ahead of the others, and nothing else does. An accession number stands in no message: the place in the list is told instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ccds_kernel.archive.archive import Archive, StudyFound
from ccds_kernel.archive.claims import LONGEST
from ccds_kernel.audit.events.imaging import StudiesFound
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.asking import keep_criteria
from ccds_kernel.imaging.retrieval.findings import query_of
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key, study_key_secret

NAME = "approved"
_MEANS_MORE = frozenset("*?\\")
"""What would make an archive match, or list, others as well."""


@dataclass(frozen=True)
class Singles:
    """What became of a list of accession numbers.

    Attributes:
        keys: study keys of those that meet what the application covers, in the list's order.
        ahead: how many of their studies wait ahead of the others.
        there: places in the list, from 1, of those that the project has.
        gone: places of those that were refused, or were tried as often as the site allows.
        unknown: places of those that the archive doesn't have.
        not_covered: places of those that it has, and the application doesn't cover.
    """

    keys: tuple[str, ...]
    ahead: int
    there: tuple[int, ...]
    gone: tuple[int, ...]
    unknown: tuple[int, ...]
    not_covered: tuple[int, ...]


@dataclass(frozen=True)
class AccessionNumbers:
    """Accession numbers, each once.

    Attributes:
        places: in the list that was given, from 1 → accession number.
    """

    places: dict[int, str] = field(repr=False)

    @classmethod
    def parse(cls, lines: Iterable[str]) -> AccessionNumbers:
        """Reads one a line; empty lines count as places and are none.

        Raises:
            CcdsError: there is none, or one that can't be one.
        """
        places: dict[int, str] = {}
        for place, line in enumerate(lines, start=1):
            text = line.strip()
            if len(text) > LONGEST or not text.isprintable() or _MEANS_MORE & set(text):
                without = " ".join(sorted(_MEANS_MORE))
                raise CcdsError(
                    expected=f"accession numbers of at most {LONGEST} signs, none of them {without}",
                    found=f"something else in line {place}",
                    do="write one a line",
                )
            if text and text not in places.values():
                places[place] = text
        if not places:
            raise CcdsError(expected="accession numbers, one a line", found="none", do="write one at least")
        return cls(places)


def request_single(project: Project, archive: Archive, wanted: AccessionNumbers) -> Singles:
    """Asks for each of `wanted`, and puts what the application covers into the queue, ahead of what waits there.

    What failed waits again, as often as the site allows.

    Raises:
        ProjectAccessDenied: this person may not.
        ArchiveAway: the archive is; nothing was put into the queue then.
    """
    project.require(Action.WRITE_IMAGES)
    versioned = keep_criteria(project, NAME, Criteria.within(project.application), None)
    query = query_of(versioned.criteria)
    meeting: dict[int, list[StudyFound]] = {}
    unknown, not_covered = [], []
    for place, accession in wanted.places.items():
        found = list(archive.find_study(accession))
        covered = [one for one in found if query.covers(one.exam_codes, one.date) is not False]
        if covered:
            meeting[place] = covered
        if not found:
            unknown.append(place)
        elif not covered:
            not_covered.append(place)
    found = [one for several in meeting.values() for one in several]
    project.audit.write(
        StudiesFound(person=project.person, project=project.id, digest=versioned.digest, studies=len(found))
    )
    queue = RetrievalQueue(project)
    queue.request(found, versioned)
    secret = study_key_secret(project.store)
    keys = {place: study_key(secret, wanted.places[place]) for place in meeting}
    ahead, states = _hurried(queue, set(keys.values()))
    there = tuple(place for place, key in keys.items() if states[key] == {State.ARRIVED})
    gone = tuple(
        place for place, key in keys.items() if not states[key] & {State.WAITING, State.RUNNING, State.ARRIVED}
    )
    return Singles(tuple(keys.values()), ahead, there, gone, tuple(unknown), tuple(not_covered))


def _hurried(queue: RetrievalQueue, keys: set[str]) -> tuple[int, dict[str, set[State]]]:
    """How many studies wait ahead of the others, and the states of the studies of each key."""
    failed = {one.study_key for one in queue.requests(State.FAILED)} & keys
    if failed:
        queue.retry(failed)
    ahead = queue.hurry(keys)
    return ahead, {key: {one.state for one in queue.get(key)} for key in keys}
