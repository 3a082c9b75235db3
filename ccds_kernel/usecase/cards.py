"""The door to use-case cards: who may read or write them is asked anew each time, and what is written is an audit event.

Cards are written by the fellows and champions whom the site names and by administrators; a card that is there is changed by its
team. They are read by these and by leadership. Reading is no event: nothing of a patient, or of what people do, is in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.audit.events.usecase import ExamCountsPublished, UseCaseAdded
from ccds_kernel.audit.site import audit_log, audit_sink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import current_person
from ccds_kernel.irb.site import require_administrator, require_use_case_author, require_use_case_reader
from ccds_kernel.settings import Settings, load_settings
from ccds_kernel.usecase import folder
from ccds_kernel.usecase.card import StoredCard, UseCaseCard
from ccds_kernel.usecase.frequency import ExamCount, Frequencies, Left, frequencies
from ccds_kernel.usecase.ranking import Ranking, rank


@dataclass(frozen=True)
class Listed:
    """All cards in their order, and the ids of those whose file is damaged."""

    ranking: Ranking
    damaged: tuple[str, ...]


class UseCases:
    """The site's cards, for `person`.

    Every method raises `SiteAccessDenied` where that person may not do it (any more).

    Args:
        person: who asks; whoever runs this process, where it isn't given.
        settings: reads the site's settings as they are now.
    """

    def __init__(self, person: str | None = None, settings: Callable[[], Settings] = load_settings) -> None:
        self._person = current_person(settings()) if person is None else person
        self._settings = settings

    def add(self, card: UseCaseCard) -> bool:
        """Adds `card`, or a new version of one that is there; returns whether that changed anything.

        Raises:
            CcdsError: its scores aren't for the site's criteria, or it can't be written.
        """
        settings, action = self._settings(), "write a use-case card"
        require_use_case_author(action, person=self._person, settings=settings)
        card.require_scores(settings.usecase.weights)
        before = folder.versions(settings.paths.published, card.id)
        if before:
            team = before[-1].card.people
            require_use_case_author(action, person=self._person, settings=settings, team=team)
            if before[-1].card == card:
                return False
        stored = StoredCard(schema=1, added_by=self._person, added_at=datetime.now(UTC), card=card)
        audit_sink(settings).write(UseCaseAdded(person=self._person, card=card.id, digest=card.digest))
        folder.write_card(settings.paths.published, stored)
        return True

    def versions(self, card_id: str) -> tuple[StoredCard, ...]:
        """Every version of the card `card_id`, the oldest first; there is at least one.

        Raises:
            CcdsError: there is no such card, or a file of it is damaged.
        """
        found = folder.versions(self._published("read a use-case card"), card_id)
        if not found:
            raise CcdsError(
                expected="the id of a use-case card of this site",
                found=repr(card_id[:60]),
                do="see 'ccds usecase list'",
            )
        return found

    def listed(self) -> Listed:
        """The newest version of every card, ranked by the site's criteria. A damaged one hides no other.

        Raises:
            CcdsError: the folder can't be read.
        """
        published = self._published("read the use-case cards")
        cards, damaged = [], []
        for card_id in folder.card_ids(published):
            try:
                cards += [stored.card for stored in folder.versions(published, card_id)[-1:]]
            except CcdsError:
                damaged.append(card_id)
        return Listed(rank(cards, self._settings().usecase.weights), tuple(damaged))

    def frequencies(self) -> Frequencies | None:
        """How often exams are made; None where nothing is published.

        Raises:
            CcdsError: what is published can't be read.
        """
        return folder.read_frequencies(self._published("read how often exams are made"))

    def publish_counts(self, counts: tuple[ExamCount, ...]) -> tuple[Path, Frequencies, Left]:
        """Publishes what may be published of `counts`, in place of what was before; for administrators.

        Raises:
            CcdsError: no month is over, or the audit log or the file can't be written.
        """
        settings = self._settings()
        require_administrator("publish how often exams are made", person=self._person, settings=settings)
        found, left = frequencies(counts, datetime.now(UTC).replace(microsecond=0))
        digest = hashlib.sha256(found.to_json().encode()).hexdigest()
        audit_log(settings).write(ExamCountsPublished(person=self._person, digest=digest))
        return folder.write_frequencies(settings.paths.published, found), found, left

    def _published(self, action: str) -> Path:
        settings = self._settings()
        require_use_case_reader(action, person=self._person, settings=settings)
        return settings.paths.published
