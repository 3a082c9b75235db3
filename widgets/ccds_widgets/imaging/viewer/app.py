"""The viewer on a project: in a notebook as a widget of its own, in the imaging app as a screen."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask, VolumeGrid
from ccds_kernel.imaging.masks.nifti import read_nifti
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Judgement, KeptMask
from ccds_kernel.imaging.told_header import ToldHeader, told_header
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.nifti import read_times
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from ccds_widgets.imaging.viewer.model import LookModel
from ccds_widgets.imaging.viewer.view import ViewerWidget
from ccds_widgets.screens import ScreensModel


def show_volume(project: Project, study: str | None = None, series: str | None = None) -> ViewerWidget:
    """A volume of `project` to look at. Opens nothing yet: see `ModelWidget`.

    Args:
        project: the session's; the person may see its images.
        study: the key of the study that is shown first.
        series: its volume that is shown first, by the name of its file without ending.
    """
    screens = {"look": lambda: look_screen(project, study, series)}
    return ViewerWidget(lambda: ScreensModel(project=project.id, screens=screens))


def look_screen(project: Project, study: str | None = None, series: str | None = None) -> LookModel:
    """The screen's rules, for the person who opened `project`.

    Raises:
        ProjectAccessDenied: they may not see images in it.
    """
    project.require(Action.READ_IMAGES)
    return LookModel(ProjectScans(project), study, series)


class ProjectScans:
    """A project's volumes, asked for anew each time; see `ports.Scans`."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._folder = VolumeFolder(project.folder / "nifti")
        self._studies = ImageStudies(project)

    @property
    def project(self) -> str:
        """See `ports.Scans`."""
        return self._project.id

    def may_correct(self) -> bool:
        """See `ports.Scans`."""
        return self._project.may(Action.WRITE_IMAGES)

    def check_may_correct(self) -> None:
        """See `ports.Scans`."""
        self._project.require(Action.WRITE_IMAGES)

    def studies(self, beginning: str, most: int) -> tuple[Sequence[str], bool]:
        """See `ports.Scans`."""
        self._project.require(Action.READ_IMAGES)
        keys = self._folder.studies()
        start = bisect.bisect_left(keys, beginning)
        found = [key for key in keys[start : start + most + 1] if key.startswith(beginning)]
        return found[:most], len(found) > most

    def has(self, study_key: str) -> bool:
        """See `ports.Scans`."""
        return self._studies.has(study_key)

    def of_study(self, study_key: str) -> Sequence[VolumeEntry]:
        """See `ports.Scans`."""
        self._project.require(Action.READ_IMAGES)
        return self._folder.of_study(study_key)

    def numbers(self, study_key: str) -> Mapping[str, int]:
        """See `ports.Scans`."""
        return self._studies.series_numbers(study_key)

    def judgement(self, entry: VolumeEntry) -> Judgement | None:
        """See `ports.Scans`."""
        return self._studies.judgement(entry.study, entry.series)

    def version(self, entry: VolumeEntry) -> str:
        """See `ports.Scans`."""
        return self._folder.version(entry)

    def path(self, entry: VolumeEntry) -> Path:
        """Where a volume's file lies."""
        return self._folder.path(entry)

    def read(self, entry: VolumeEntry) -> tuple[Volume, ...]:
        """See `ports.Scans`."""
        self._project.require(Action.READ_IMAGES)
        return read_times(self.path(entry))

    def masks(self, entry: VolumeEntry) -> Sequence[KeptMask]:
        """See `ports.Scans`."""
        return [kept for kept in self._studies.masks(entry.study) if kept.series == entry.series]

    def mask_path(self, entry: VolumeEntry, kept: KeptMask) -> Path:
        """Where a mask's file lies."""
        return self._project.folder / "masks" / entry.study / kept.file

    def mask(self, entry: VolumeEntry, kept: KeptMask) -> Mask:
        """See `ports.Scans`."""
        self._project.require(Action.READ_IMAGES)
        read = read_nifti(self.mask_path(entry, kept), VolumeGrid.of(self.path(entry)))
        return Mask(read.labels, kept.labels, kept.kind)

    def header(self, entry: VolumeEntry) -> ToldHeader:
        """See `ports.Scans`."""
        self._project.require(Action.READ_IMAGES)
        return told_header(self._project.folder / "dicom" / entry.study, entry.series)

    def keep(self, entry: VolumeEntry, mask: Mask) -> KeptMask:
        """See `ImageStudies.keep_drawn`."""
        try:
            return self._studies.keep_drawn(entry.study, entry.series, mask)
        except OSError as error:
            raise CcdsError(
                expected="to write the mask into the project",
                found=error.strerror or "an error",
                do="tell whoever runs this site; what you drew is still here, save it again then",
            ) from error
