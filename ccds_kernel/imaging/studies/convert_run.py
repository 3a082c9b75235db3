"""Converts the chosen series of many studies, several at once, through the workflow's engine.

Decided against: volumes as a run's files and verdicts as its manifest. There would be two truths of what was converted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.output import remove_abandoned
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.convert_operator import Conversion
from ccds_kernel.imaging.studies.read_rows import all_series
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Judgement
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.workflow.engine import Engine
from ccds_kernel.workflow.lease import LeaseHeldError, LeaseLostError
from ccds_kernel.workflow.manifest import Record, State
from ccds_kernel.workflow.operator import Item
from ccds_kernel.workflow.progress import Progress
from ccds_kernel.workflow.run import Run
from ccds_kernel.workflow.run_folder import RunFolder

_LIBRARIES = 100 << 20
_OF_AN_IMAGE = 2 * 2 * 512 * 512
"""Bytes: an image as CT mostly has it, of two bytes a pixel, as its file says and as dcm2niix does."""

_MOST = 1 << 30
"""Bytes that are reckoned at most: images of a series over time are small, and nobody knows how small before they are read."""

_UNKNOWN = 500
"""Images of a study that nobody has read."""

_WORKERS_ARE_GONE_S = 1.0


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of studies.

    Args:
        progress: how far the run came.
        judged: the verdicts of the studies that it brought to one, in the order they were given in.
        failed: the records of those that it didn't: they wait still.
    """

    progress: Progress
    judged: tuple[Judgement, ...]
    failed: tuple[Record, ...]


def convert_studies(
    project: Project,
    study_keys: Iterable[str],
    engine: Engine,
    tell: Callable[[Progress], object] = lambda _: None,
) -> Converted:
    """Makes the volumes of studies, whether they wait or not, each by `ImageStudies.make_volumes` in a worker.

    Args:
        project: where they are, opened by the person who runs it: the one who runs this process.
        study_keys: which.
        engine: who does it, where the same settings hold.
        tell: see `Run.over`.

    Raises:
        ProjectAccessDenied: that person may not write images (any more).
        CcdsError: no such study; another such run is at work in this project, or as `Run.over`; or the folder of volumes can't be
            written.
    """
    project.require(Action.WRITE_IMAGES)
    images = _images(project)
    keys = list(dict.fromkeys(study_keys))
    studies = ImageStudies(project)
    for key in sorted(set(keys).difference(studies.study_keys())):
        studies.folder(key)  # says what is wrong with it
    nifti, dicom = project.folder / "nifti", project.folder / "dicom"
    items = [Item(key, dicom / key, "", _memory(images.get(key, _UNKNOWN))) for key in keys]
    folder, operator = RunFolder(nifti), Conversion(project.id)
    failed = 0

    def look(progress: Progress) -> None:
        nonlocal failed
        if progress.failed > failed:
            failed = progress.failed
            project.require(Action.WRITE_IMAGES)  # else each of the studies that are left would be denied, too
        tell(progress)

    try:
        progress = Run(operator, folder, engine, project.person).over(items, look)
    except (LeaseHeldError, LeaseLostError) as error:
        raise CcdsError(
            expected="no other run that converts this project's studies by workers",
            found=error.found,
            do="wait for it; the same command then takes what still waits",
        ) from error
    except OSError as error:
        raise CcdsError(
            expected="to write the project's volumes",
            found=error.strerror or "an error",
            do="ask the administrators of this site",
        ) from error
    finally:
        remove_abandoned(nifti, _WORKERS_ARE_GONE_S)
    records = [record for item in items if (record := folder.manifest.get(item.key)) and record.is_of(item, operator)]
    with project.store.reading() as connection:
        judged = [
            one
            for record in records
            if record.state is State.DONE
            for one in rows.judgements_of(connection, record.key)
        ]
    return Converted(progress, tuple(judged), tuple(one for one in records if one.state is State.FAILED))


def _images(project: Project) -> Mapping[str, int]:
    """Study key → how many images its largest series has, of the studies that were read."""
    with project.store.reading() as connection:
        return {
            key: max((one.facts.images for one in series), default=0) for key, series in all_series(connection, None)
        }


def _memory(images: int) -> int:
    """Bytes that a worker takes for a series of that many images, about; whoever dies of more gets twice that."""
    return min(_LIBRARIES + images * _OF_AN_IMAGE, _MOST)
