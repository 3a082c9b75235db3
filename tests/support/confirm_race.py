"""Labelers who confirm at once in real browsers, in random order with random undos, and what must hold of it in the end.

Each labeler has a tab, a server and a kernel of their own. What is pressed is written down; in the end the project's database has
to hold exactly that for each labeler, in that order, once, and no study may ever have been in two hands.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from playwright.sync_api import Error, Page, expect
from sqlalchemy import func, select

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling import tables as labeling_tables
from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import AnswerKind, LeaseState
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.curating import Curating
from support.confirm_project import TASK, saved
from support.voila import App
from support.waiting import until

LABELS = ("effusion", "no effusion", "not to be said")

_SEEN = """() => {
  const screen = document.querySelector(".ccds-confirming");
  const end = screen?.querySelector(".ccds-end");
  const visible = (one) => one && one.checkVisibility();
  const key = screen?.querySelector(".ccds-columns .ccds-report-head .ccds-key");
  const chosen = screen?.querySelector(".ccds-preselected")?.closest(".ccds-choice")?.querySelector(".ccds-choice-name");
  return {
    ended: Boolean(visible(end)),
    key: visible(key) ? key.textContent : null,
    prefill: chosen?.textContent ?? null,
    error: visible(screen?.querySelector(".ccds-error")) ? screen.querySelector(".ccds-error").textContent : null,
  };
}"""

_UNSAVED = """() => Object.keys(sessionStorage)
  .filter((name) => name.startsWith("ccds-confirm-") && name.endsWith("-keys"))
  .reduce((sum, name) => sum + JSON.parse(sessionStorage[name]).length, 0)"""


@dataclass(frozen=True)
class Pressed:
    """One key: what it stands for, of which study, with which labels."""

    kind: AnswerKind
    study: str
    said: tuple[str, ...] | None


@dataclass
class Seat:
    """A labeler at a tab.

    Attributes:
        person: who.
        app: the server that is theirs.
        page: the tab.
        pressed: everything that they pressed.
        undoable: the studies of what an undo takes back, the last one last; not beyond a skip, which others may have taken up.
    """

    person: str
    app: App
    page: Page
    pressed: list[Pressed] = field(default_factory=list)
    undoable: list[str] = field(default_factory=list)
    ended: bool = False

    def look(self) -> dict[str, Any]:
        """What is on the screen: a study, or that there is none left."""

        def seen() -> dict[str, Any] | None:
            now: dict[str, Any] = self.page.evaluate(_SEEN)
            return now if now["ended"] or now["key"] else None

        return until(seen, f"a study or the end on {self.person}'s page", seconds=60)

    def act(self, chance: Random) -> None:
        """Presses a key by chance, as a labeler would."""
        seen = self.look()
        self.ended = seen["ended"]
        if self.ended:
            return
        if self.undoable and chance.random() < 0.15:
            self._press("u", Pressed(AnswerKind.UNDO, self.undoable.pop(), None))
        else:
            self._say(seen, chance)

    def standing(self) -> dict[str, AnswerKind]:
        """What is left of what they said: study → confirmed, corrected or skipped."""
        left: dict[str, AnswerKind] = {}
        for told in self.pressed:
            if told.kind is AnswerKind.UNDO:
                del left[told.study]
            else:
                left[told.study] = told.kind
        return left

    def _say(self, seen: dict[str, Any], chance: Random) -> None:
        key = chance.choices(["Enter", "Space", "1", "2", "3", "s"], weights=[8, 4, 2, 2, 1, 1])[0]
        if key == "s":
            told = Pressed(AnswerKind.SKIP, seen["key"], None)
        elif key in ("Enter", "Space") or LABELS[int(key) - 1] == seen["prefill"]:
            told = Pressed(AnswerKind.CONFIRM, seen["key"], (seen["prefill"],))
        else:
            told = Pressed(AnswerKind.CORRECT, seen["key"], (LABELS[int(key) - 1],))
        self._press(key, told)
        if key == "s":
            self.undoable.clear()
        else:
            self.undoable.append(seen["key"])

    def _press(self, key: str, told: Pressed) -> None:
        self.page.keyboard.press(key)
        self.pressed.append(told)

    def crash(self, kept: Callable[[], int]) -> list[str]:
        """The tab dies, with what it had not yet brought to the kernel, and another one is opened; what was said to be saved is.

        Args:
            kept: how many keys of this labeler are in the database.

        Returns:
            A line for a promise that was broken.
        """
        said_saved = len(self.pressed) - self.page.evaluate(_UNSAVED)
        with self.page.expect_event("crash"), suppress(Error):  # that is how it ends
            self.page.goto("chrome://crash")
        self.page = self.page.context.new_page()
        self.page.goto(self.app.url)
        self.look()
        there = kept()
        del self.pressed[there:]
        self.undoable.clear()
        return [] if there >= said_saved else [f"{self.person}: {said_saved} keys said to be saved, {there} kept"]

    def kill_kernel(self, chance: Random, keys: int) -> None:
        """The kernel dies; the labeler goes on with what was shipped ahead, then loads the page anew."""
        for pid in self.app.kernels():
            os.kill(pid, signal.SIGKILL)
        while keys and self.page.evaluate(_SEEN)["key"]:  # until what was shipped ahead is used up
            self.act(chance)
            keys -= 1
        expect(self.page.locator(".ccds-lost")).to_be_visible(timeout=60_000)
        expect(self.page.locator(".ccds-saving")).to_contain_text("not saved yet", timeout=60_000)
        self.page.reload()


def race(
    project: Project, batch: StoredBatch, seats: Sequence[Seat], chance: Random, *, crash_after: int, kill_after: int
) -> list[str]:
    """Lets them work until nothing is left for anybody; one tab and one kernel die meanwhile.

    Args:
        project: as the fellow opened it.
        batch: what they work on.
        seats: at least two.
        chance: draws who is next, and what they press.
        crash_after: the number of keys after which the first one's tab dies.
        kill_after: the same for the kernel of the next one who has something to do.

    Returns:
        A line for each promise that was broken.
    """
    broken: list[str] = []
    keys = 0
    while not all(seat.ended for seat in seats):
        seat = chance.choice([seat for seat in seats if not seat.ended])
        seat.act(chance)
        keys += 1
        if keys == crash_after:
            broken += seats[0].crash(lambda: len(kept_of(project, batch, seats[0].person)))
        if keys == kill_after:
            next(seat for seat in seats[1:] if seat.look()["key"]).kill_kernel(chance, keys=5)
        if keys % 25 == 0:
            broken += in_two_hands(project, batch)
    for seat in seats:
        saved(seat.page)
    return broken + broken_promises(project, batch, seats)


def kept_of(project: Project, batch: StoredBatch, person: str) -> list[StoredAnswer]:
    """Everything that is kept of what somebody said of a batch, in the order in which it came."""
    every = Curating(project, TASK).every_answer()
    return [stored for stored in every if (stored.batch_id, stored.labeler) == (batch.id, person)]


def broken_promises(project: Project, batch: StoredBatch, seats: Sequence[Seat]) -> list[str]:
    """What doesn't hold of what was kept, in one line each; none where all does."""
    broken = []
    for seat in seats:
        mine = kept_of(project, batch, seat.person)
        stored = [
            Pressed(one.answer.kind, one.answer.study_key, None if one.said is None else tuple(sorted(one.said)))
            for one in mine
        ]
        if stored != seat.pressed:
            at = next((n for n, pair in enumerate(zip(stored, seat.pressed, strict=False)) if pair[0] != pair[1]), -1)
            broken.append(
                f"{seat.person}: {len(seat.pressed)} keys pressed, {len(stored)} kept, the first other one is {at}"
            )
        if refused := Counter(one.refused for one in mine if one.refused is not None):
            broken.append(f"{seat.person}: refused {dict(refused)}")
    return broken + in_two_hands(project, batch) + not_said_once(project, batch, seats)


def not_said_once(project: Project, batch: StoredBatch, seats: Sequence[Seat]) -> list[str]:
    """A line for each study, planted ones left out, that two labelers said something about, or nobody said or skipped."""
    item, report = tables.item, labeling_tables.report
    query = (
        select(report.c.study_key)
        .join(item, item.c.report_id == report.c.id)
        .where(item.c.batch_id == batch.id, item.c.planted == Planted.NO.value)
    )
    with project.store.reading() as connection:
        studies = list(connection.scalars(query))
    standing = [seat.standing() for seat in seats]
    said = Counter(study for left in standing for study, kind in left.items() if kind is not AnswerKind.SKIP)
    skipped = {study for left in standing for study, kind in left.items() if kind is AnswerKind.SKIP}
    return [
        f"study {study} was said {said[study]} times"
        for study in studies
        if said[study] > 1 or (said[study] == 0 and study not in skipped)
    ]


def in_two_hands(project: Project, batch: StoredBatch) -> list[str]:
    """A line for each study that two labelers hold, or have answered, at once; planted ones, which all get, left out."""
    lease, item = tables.lease, tables.item
    taken = (LeaseState.HELD.value, LeaseState.ANSWERED.value)
    query = (
        select(lease.c.item_id, func.count())
        .join(item)
        .where(lease.c.batch_id == batch.id, lease.c.state.in_(taken), item.c.planted == Planted.NO.value)
        .group_by(lease.c.item_id)
        .having(func.count() > 1)
    )
    with project.store.reading() as connection:
        return [f"study {row[0]} is in {row[1]} hands" for row in connection.execute(query)]
