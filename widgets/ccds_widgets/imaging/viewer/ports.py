"""What the viewer needs of whatever keeps volumes, their masks and their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ccds_kernel.imaging.masks.grid import Mask
from ccds_kernel.imaging.studies.rows import Judgement, KeptMask
from ccds_kernel.imaging.told_header import ToldHeader
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry


class Scans(Protocol):
    """A project's volumes, for one person. Called by one thread at a time.

    Every method asks anew whether the person may do it, and raises `ProjectAccessDenied` where they may not (any more).
    """

    @property
    def project(self) -> str:
        """The project's id."""

    def may_correct(self) -> bool:
        """Whether the person may keep masks: what a page offers, no lock."""

    def studies(self, beginning: str, most: int) -> tuple[Sequence[str], bool]:
        """The keys of up to `most` studies with volumes that begin so, in their order, and whether there are more."""

    def has(self, study_key: str) -> bool:
        """Whether there is such a study, with volumes or without."""

    def of_study(self, study_key: str) -> Sequence[VolumeEntry]:
        """The volumes of a study, by series; none where there are none."""

    def numbers(self, study_key: str) -> Mapping[str, int]:
        """Series → the number that the scanner gave it, of those of a study that have one."""

    def judgement(self, entry: VolumeEntry) -> Judgement | None:
        """The verdict by which a volume was made, with its warnings and what people let pass; None where nobody knows of one."""

    def version(self, entry: VolumeEntry) -> str:
        """What is another text once the volume was made anew.

        Raises:
            CcdsError: it is gone.
        """

    def read(self, entry: VolumeEntry) -> tuple[Volume, ...]:
        """A volume's time points, in their order.

        Raises:
            CcdsError: it can't be read.
        """

    def masks(self, entry: VolumeEntry) -> Sequence[KeptMask]:
        """The masks of a volume, the oldest first."""

    def mask(self, entry: VolumeEntry, kept: KeptMask) -> Mask:
        """One of them, on the volume's grid.

        Raises:
            CcdsError: it can't be read, or is off the grid.
        """

    def header(self, entry: VolumeEntry) -> ToldHeader:
        """What can be told of the headers of the files that a volume was made of.

        Raises:
            CcdsError: there are none.
        """

    def check_may_correct(self) -> None:
        """Raises `ProjectAccessDenied` where the person may not keep masks."""

    def keep(self, entry: VolumeEntry, mask: Mask) -> KeptMask:
        """Keeps a mask beside those before it.

        Raises:
            CcdsError: the volume is gone, or the mask isn't on its grid.
        """
