"""Launching: from what a person asks for to a run's folder and its first job.

The folder is made under another name and renamed when it is complete: whoever lists the runs sees whole ones only.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.batch import JobRefusedError, Scheduler
from ccds_kernel.dataset.entry import Entry, to_text
from ccds_kernel.dataset.loading import to_entries
from ccds_kernel.dataset.snapshots import DatasetSnapshots
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.training.bundle import OPTIONS, copy_bundle, find_bundle, options_of
from ccds_kernel.training.datalist import checked, read_datalist
from ccds_kernel.training.extra import need_training_extra, versions
from ccds_kernel.training.folder import RunFolder
from ccds_kernel.training.record import RunRecord
from ccds_kernel.training.run import Run
from ccds_kernel.training.spec import TrainingSpec

_MAKING = ".making-"


def launch(project: Project, spec: TrainingSpec, scheduler: Scheduler) -> Run:
    """Makes a run and hands its job to the scheduler; returns when the scheduler has it.

    Raises:
        ProjectAccessDenied: this person may not train here.
        CcdsError: the data list or the bundle is wrong, the training extra is missing, or the project can't be written.
        JobRefusedError: the scheduler will never run it; no run is left.
        SchedulerUnavailableError: the scheduler doesn't answer; the run is there, and `restart` submits it. Likewise a
            `CcdsError` where the audit daemon of this session doesn't.
    """
    project.require(Action.TRAIN)
    need_training_extra()
    bundle = find_bundle(spec.bundle)
    _check_options(spec, options_of(bundle))
    entries, dataset_sha256 = _volumes(project, spec)
    made = datetime.now(UTC)
    run_id = f"{made:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    folder = RunFolder(project.folder / "runs" / run_id)
    try:
        folder.path.parent.mkdir(exist_ok=True, mode=0o750)
        making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder.path.parent))
    except OSError as error:
        raise _not_written(error) from None
    try:
        listed = to_text(entries)
        record = RunRecord(
            id=run_id,
            project=project.id,
            person=project.person,
            made=made,
            spec=spec,
            bundle_sha256=copy_bundle(bundle, making / "bundle"),
            datalist_sha256=hashlib.sha256(listed.encode()).hexdigest(),
            dataset_sha256=dataset_sha256,
            versions=versions(),
        )
        _fill(making, record, listed, _overrides(project, folder, spec))
        making.chmod(0o750)
        making.rename(folder.path)
    except OSError as error:
        raise _not_written(error) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return _started(Run(project, folder, scheduler))


def _volumes(project: Project, spec: TrainingSpec) -> tuple[list[Entry], str | None]:
    """The volumes to train on, and the digest of the dataset that they are of, if any."""
    if spec.datalist is not None:
        return read_datalist(spec.datalist, project.folder), None
    snapshot = DatasetSnapshots(project).read(spec.dataset or "")
    return checked([asdict(entry) for entry in to_entries(snapshot)], project.folder), snapshot.digest


def _overrides(project: Project, folder: RunFolder, spec: TrainingSpec) -> dict[str, object]:
    """What is set in the bundle's configuration; see `bundle.CONTRACT` and `bundle.OPTIONS`."""
    overrides: dict[str, object] = {
        "data_root": str(project.folder),
        "datalist": str(folder.path / "datalist.json"),
        "output": str(folder.path),
        "epochs": spec.epochs,
        "batch_size": spec.batch_size,
        "seed": spec.seed,
    }
    if spec.image_size is not None:
        overrides["image_size"] = [spec.image_size] * 3
    if spec.learning_rate is not None:
        overrides["learning_rate"] = spec.learning_rate
    return overrides


def _check_options(spec: TrainingSpec, known: Sequence[str]) -> None:
    for option in OPTIONS:
        if getattr(spec, option) is not None and option not in known:
            raise CcdsError(
                expected=f"a bundle with the key {option} in its configuration, since you set it",
                found="one without",
                do=f"leave {option} out",
            )


def _fill(making: Path, record: RunRecord, listed: str, overrides: dict[str, object]) -> None:
    for name in ("starts", "checkpoints"):
        (making / name).mkdir(mode=0o750)
    for name, text in {
        "datalist.json": listed,
        "overrides.json": json.dumps(overrides, indent=1) + "\n",
        "run.json": record.to_text(),
    }.items():
        write_whole(making / name, text, 0o440)


def _started(run: Run) -> Run:
    try:
        run.start()
    except JobRefusedError:
        shutil.rmtree(run.folder.path, ignore_errors=True)
        raise
    return run


def _not_written(error: OSError) -> CcdsError:
    return CcdsError(
        expected="to write into the project's runs",
        found=error.strerror or "an error",
        do="ask whoever runs this site for access",
    )
