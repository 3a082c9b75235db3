"""Somebody ends the fetching of a study: the archive isn't let send the rest of it."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pynetdicom.events import Event

from support.archive import Study
from support.lying_archive import LyingArchive

SLICES = 60


@dataclass
class Counting(LyingArchive):
    """An archive that counts what it sends by C-GET: how many there are, and the instances."""

    told: int = 0

    def _got(self, event: Event) -> Iterator[object]:
        for one in super()._got(event):
            self.told += 1
            yield one


class EndedError(OSError):
    """What whoever waits ends it by."""


def test_a_study_by_c_get(tmp_path):
    """After the first instance."""

    def end(_instances: int, _size: int) -> None:
        raise EndedError

    archive = Counting(says=Study(1, slices=SLICES).write(tmp_path / "files"))
    (tmp_path / "into").mkdir()

    with archive.by_dimse() as adapter, pytest.raises(EndedError):
        adapter.retrieve(Study(1).uid, tmp_path / "into", end)

    assert archive.told < SLICES
    gc.collect()  # see above: now, and not in another test
