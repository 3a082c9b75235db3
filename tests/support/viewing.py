"""What tests of the viewer share: a folder of volumes and masks behind the viewer's port, and PNGs read back."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask
from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Judgement, KeptMask
from ccds_kernel.imaging.told_header import HeaderRow, ToldHeader
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.nifti import read_times
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from ccds_kernel.settings import Settings
from ccds_widgets.imaging.viewer.model import LookModel
from support.dicom import Change, Stack, write_stack
from support.site import ADMINISTRATOR, application, on_roster

STUDY = "abcdefghij234567"
SERIES = "series-1"


class FolderScans:
    """The volumes of a folder; masks in memory. `reads` counts how often a volume was read."""

    project = "HEAD-1"

    def __init__(self, folder: Path, *, corrects: bool = True) -> None:
        self.folder = VolumeFolder(folder)
        self.corrects = corrects
        self.reads = 0
        self.judged: Judgement | None = None
        self.kept: list[tuple[KeptMask, Mask]] = []

    def may_correct(self) -> bool:
        """What the test says."""
        return self.corrects

    def check_may_correct(self) -> None:
        """Refuses where the test says so."""
        if not self.corrects:
            raise CcdsError(expected="a role that may write images", found="another one", do="ask the PI")

    def studies(self, beginning: str, most: int) -> tuple[Sequence[str], bool]:
        """Those with a folder."""
        found = [key for key in self.folder.studies() if key.startswith(beginning)]
        return found[:most], len(found) > most

    def has(self, study_key: str) -> bool:
        """Where it has a folder."""
        return study_key in self.folder.studies()

    def of_study(self, study_key: str) -> Sequence[VolumeEntry]:
        """Its volumes."""
        return self.folder.of_study(study_key)

    def numbers(self, study_key: str) -> Mapping[str, int]:  # noqa: ARG002 - all studies have the same
        """Of the first series."""
        return {SERIES: 7}

    def judgement(self, entry: VolumeEntry) -> Judgement | None:  # noqa: ARG002 - all volumes have the same
        """What the test says."""
        return self.judged

    def version(self, entry: VolumeEntry) -> str:
        """Of its file."""
        return self.folder.version(entry)

    def read(self, entry: VolumeEntry) -> tuple[Volume, ...]:
        """Counted."""
        self.reads += 1
        return read_times(self.folder.path(entry))

    def masks(self, entry: VolumeEntry) -> Sequence[KeptMask]:
        """Those that were kept."""
        return [kept for kept, _ in self.kept if (kept.study_key, kept.series) == (entry.study, entry.series)]

    def mask(self, entry: VolumeEntry, kept: KeptMask) -> Mask:
        """One of them."""
        return next(mask for one, mask in self.kept if one.id == kept.id and one.series == entry.series)

    def header(self, entry: VolumeEntry) -> ToldHeader:
        """One row."""
        return ToldHeader(1, (HeaderRow("0008,0060", "Modality", "CS", entry.modality, 1),))

    def keep(self, entry: VolumeEntry, mask: Mask, person: str = "eve") -> KeptMask:
        """Beside those before it."""
        number = len(self.kept) + 1
        kept = KeptMask(
            number, entry.study, entry.series, "f", mask.kind, "d", mask.names, person, datetime(2026, 1, 1, tzinfo=UTC)
        )
        self.kept.append((kept, mask))
        return kept


class Looking:
    """A model with one volume open, and what a page asks of it."""

    def __init__(self, scans: FolderScans) -> None:
        self.scans = scans
        self.model = LookModel(scans)
        self.model.start()
        self.opened = self.model.answer({"kind": "open", "study": STUDY, "series": None})
        self.volume = self.opened["volume"]
        self.planes = {plane["plane"]: plane for plane in self.volume["planes"]}

    def ask(self, kind: str, **parts):
        """A request about the volume."""
        named = {"study": STUDY, "series": self.volume["series"], "version": self.volume["version"]}
        return self.model.answer({"kind": kind} | named | parts)

    def frames(self, *wanted, time: int = 0, low: float = 0.0, high: float = 255.0):
        """Slices: of (plane, number) or (plane, number, mask)."""
        asked = [
            {"plane": plane, "number": number, "mask": mask[0] if mask else None} for plane, number, *mask in wanted
        ]
        return self.ask("frames", time=time, low=low, high=high, wanted=asked)

    def grey(self, plane: str, number: int, **more) -> np.ndarray:
        """The grey values of one slice: (rows, columns)."""
        return pixels(self.frames((plane, number), **more)["buffers"][0])

    def stroke(self, *runs, plane: str = "axial", number: int = 0, label: int = 1, over=None):
        """Draws runs: (row, first, last)."""
        flat = [at for run in runs for at in run]
        return self.ask("stroke", plane=plane, number=number, label=label, over=over, runs=flat)["drawing"]


def pixels(png: bytes) -> np.ndarray:
    """What a PNG holds: grey values, or the numbers of its palette."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image).copy()


def allow(settings: Settings) -> None:
    """Brings HEAD-1 into force: eve, an engineer, and sam, a scientist, may write its images, the fellow fay sees them."""
    roster = on_roster(eve="engineer", sam="scientist", fay="fellow", lou="labeler")
    approved = application(id="HEAD-1", exam_codes=["CTHEAD"], data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=settings)


def fill_study(
    settings: Settings,
    stack: Stack,
    key: str = STUDY,
    change: Change = lambda _data, _index: None,
    let_pass: str | None = None,
) -> str:
    """Puts the files of `stack` into HEAD-1 as a study and makes its volume; what the series is called.

    `change` may alter each of its files; `let_pass` is the note with which the reason for quarantine is let pass then.
    """
    series = hashed_name("series", stack.series_uid)
    project = open_project("HEAD-1", Action.WRITE_IMAGES, person="eve", settings=settings)
    write_stack(project.folder / "dicom" / key, stack, change)
    studies = ImageStudies(project)
    studies.overrule(key, series, "for the viewer's tests")
    studies.make_volumes(key)
    if let_pass is not None:
        studies.let_pass(key, series, let_pass)
    project.close()
    return series
