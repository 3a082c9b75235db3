"""Converts the chosen series of many studies, several at once, through the workflow's engine.

Decided against: volumes as a run's files and verdicts as its manifest. There would be two truths of what was converted.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.output import remove_abandoned
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.convert_operator import Conversion, KeepsVerdicts, Study
from ccds_kernel.imaging.studies.read_rows import all_series
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Judgement
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.workflow.engine import Engine
from ccds_kernel.workflow.lease import LeaseHeldError, LeaseLostError
from ccds_kernel.workflow.manifest import Record, State
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
_ASKS_EVERY_S = 60.0


class RunHeldError(CcdsError):
    """Another run converts the project's studies."""


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


def run_folder(project: Project) -> RunFolder:
    """Where a run of the project's conversions keeps what it needs to know: beside the volumes."""
    return RunFolder(project.folder / "nifti")


def new_digest() -> str:
    """What a run is told apart from others by."""
    return secrets.token_hex(32)


def checked_studies(project: Project, study_keys: Iterable[str]) -> list[str]:
    """Each of them once.

    Raises:
        CcdsError: one of them isn't there.
    """
    keys = list(dict.fromkeys(study_keys))
    studies = ImageStudies(project)
    for key in sorted(set(keys).difference(studies.study_keys())):
        studies.folder(key)  # says what is wrong with it
    return keys


def convert_studies(
    project: Project,
    study_keys: Iterable[str],
    engine: Engine,
    tell: Callable[[Progress], object] = lambda _: None,
    *,
    digest: str | None = None,
) -> Converted:
    """Makes the volumes of studies, whether they wait or not, each as `ImageStudies.make_volumes` does, by a worker.

    Workers have the files; this process reads the database before each study and keeps the verdict afterwards.

    Args:
        project: where they are, opened by the person who runs it.
        study_keys: which.
        engine: who does it.
        tell: see `Run.over`.
        digest: of an earlier try of this run, which goes on with what that left; None: a new one.

    Raises:
        ProjectAccessDenied: that person may not write images (any more).
        RunHeldError: another such run is at work in this project.
        CcdsError: no such study; as `Run.over`; or the folder of volumes can't be written.
    """
    project.require(Action.WRITE_IMAGES)
    images = _images(project)
    keys = checked_studies(project, study_keys)
    folder, dicom = run_folder(project), project.folder / "dicom"
    items = [Study(key, dicom / key, "", _memory(images.get(key, _UNKNOWN))) for key in keys]
    operator = Conversion(digest or new_digest())
    run = Run(operator, folder, engine, project.person, keeper=KeepsVerdicts(ImageStudies(project)))
    asked = time.monotonic()

    def look(progress: Progress) -> None:
        nonlocal asked
        if time.monotonic() - asked > _ASKS_EVERY_S:
            asked = time.monotonic()
            project.require(Action.WRITE_IMAGES)  # also where each study takes longer than that
        tell(progress)

    try:
        progress = run.over(items, look)
    except (LeaseHeldError, LeaseLostError) as error:
        raise RunHeldError(
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
        remove_abandoned(folder.into, _WORKERS_ARE_GONE_S)
    return what_became(project, keys, operator.digest, progress)


def what_became(project: Project, keys: Sequence[str], digest: str, progress: Progress) -> Converted:
    """What the run `digest` brought these studies to.

    Raises:
        ProjectAccessDenied: this person may not look (any more).
        CcdsError: the database can't be read.
    """
    project.require(Action.READ_IMAGES)
    manifest = run_folder(project).manifest
    records = [record for key in keys if (record := manifest.get(key)) and record.operator == digest]
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
