"""NiiVue on a volume of the project: turned, cut and lit by the browser's own graphics, for a lab session's notebook.

It gets the whole volume, and it takes traits from its page: neither has a place in an app, which has the three planes. Its
drawing isn't used for the same reason. Its pictures lie as those of the three planes, the patient's right or front on the left
(its own way is the other); it asks no other host, and its ways to write a file, which would end in the browser's downloads, are
refused: results leave through the airlock.
"""

from __future__ import annotations

from typing import Any

from ipyniivue import NiiVue, Volume

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_widgets.imaging.viewer.app import ProjectScans
from ccds_widgets.imaging.viewer.pictures import colour_of
from ccds_widgets.imaging.viewer.windows import windows_of

_WRITES = "save"
_HEIGHT = 600
_TRANSPARENT = (0, 0, 0, 0)


class _WritesNothing:
    """What keeps a widget from having the browser write a file: by oversight, that is; it is no lock."""

    def send(self, content: Any, buffers: Any = None) -> None:  # noqa: ANN401 - as ipywidgets has it
        """Sends the page a message.

        Raises:
            CcdsError: it would have the browser write a file.
        """
        kind = content.get("type") if isinstance(content, dict) else None
        if isinstance(kind, str) and kind.startswith(_WRITES):
            raise CcdsError(
                expected="a view that stays in the session",
                found=f"'{kind}', which has the browser write a file",
                do="submit what may leave to the airlock",
            )
        super().send(content, buffers=buffers)  # type: ignore[misc] # of the widget that this is mixed into


class RichVolume(_WritesNothing, Volume):  # type: ignore[misc] # ipyniivue ships no type hints
    """A volume of a `RichView`."""


class RichView(_WritesNothing, NiiVue):  # type: ignore[misc] # ipyniivue ships no type hints
    """NiiVue that writes no file."""


def show_in_niivue(project: Project, study: str, series: str | None = None, height: int = _HEIGHT) -> RichView:
    """A volume of `project` in NiiVue, its newest mask over it.

    Args:
        project: the session's; the person may see its images.
        study: the study's key.
        series: the volume by the name of its file without ending; None for the study's first.
        height: of the view, pixels.

    Raises:
        ProjectAccessDenied: the person may not see its images.
        CcdsError: there is no such volume, or it can't be read.
    """
    project.require(Action.READ_IMAGES)
    scans = ProjectScans(project)
    entry = next((one for one in scans.of_study(study) if series in (None, one.series)), None)
    if entry is None:
        raise CcdsError(
            expected="a volume of the project, by study key and series",
            found="none of that name",
            do="see show_volume(project) for those that are there",
        )
    window = windows_of(entry.modality, scans.read(entry)[0])[0]
    view = RichView(height=height, is_radiological_convention=True, sagittal_nose_left=True)
    view.load_volumes([RichVolume(path=scans.path(entry), cal_min=window.low, cal_max=window.high)])
    masks = scans.masks(entry)
    if masks:
        labels = scans.mask(entry, masks[-1]).names
        view.add_volume(RichVolume(path=scans.mask_path(entry, masks[-1]), opacity=0.5, colorbar_visible=False))
        view.volumes[-1].set_colormap_label(_label_colours(max(labels, default=1)))
    return view


def _label_colours(most: int) -> dict[str, list[int]]:
    """NiiVue's table of colours for labels 0 to `most`."""
    rows = [_TRANSPARENT, *((*bytes.fromhex(colour_of(label)[1:]), 255) for label in range(1, most + 1))]
    red, green, blue, alpha = (list(column) for column in zip(*rows, strict=True))
    return {"R": red, "G": green, "B": blue, "A": alpha, "I": list(range(most + 1))}
