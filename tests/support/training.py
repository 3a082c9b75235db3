"""What tests of training share: a project with 18 tiny volumes, a scheduler for it, and our bundle made small."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil
import yaml

from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.training.bundle import CONFIGURATION, METADATA, OURS
from ccds_kernel.training.extra import NEEDED
from support.components import missing
from support.site import ADMINISTRATOR, application, on_roster, site_settings, write_settings

VOLUMES = 18
TRAINING = 12
SIDE = 16
CORES = 2
MEMORY_MB = 16_000


def need_training() -> None:
    """Skips, or fails, a test where the libraries aren't there."""
    if not all(importlib.util.find_spec(module) for module in NEEDED):
        missing("torch, MONAI and ignite", "pip install '.[training]'")


def write_volume(path: Path, *, label: int, seed: int, shape: tuple[int, ...] = (SIDE,) * 3) -> None:
    """Noise, with a bright block where the label is 1."""
    voxels = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    if label:
        voxels[4:10, 4:10, 4:10] += 2
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)


def entries() -> list[dict[str, Any]]:
    """The data list of the project's volumes."""
    return [
        {"image": f"nifti/{n}.nii.gz", "label": n % 2, "split": "training" if n < TRAINING else "validation"}
        for n in range(VOLUMES)
    ]


def make_site(folder: Path) -> Project:
    """A site in `folder` with ccds.toml; its project HEAD-1 opened by sam, who may train."""
    with write_settings(folder).open("a") as file:
        file.write(f"[scheduler]\ncpus = {CORES}\nmemory_mb = {MEMORY_MB}\ngpus = 1\n")
    settings = site_settings(folder)
    roster = on_roster(sam="scientist", eli="engineer", fay="fellow")
    apply_application(application(id="HEAD-1", data=["images"], roster=roster), person=ADMINISTRATOR, settings=settings)
    project = open_project("HEAD-1", Action.TRAIN, person="sam", settings=settings)
    for number, entry in enumerate(entries()):
        write_volume(project.folder / entry["image"], label=entry["label"], seed=number)
    (folder / "datalist.json").write_text(json.dumps(entries()))
    return project


def make_scheduler(folder: Path) -> LocalScheduler:
    """The scheduler of such a site, as the command line finds it."""
    capacity = Capacity(cpus=CORES, memory_mb=MEMORY_MB, gpus=("0",))
    return LocalScheduler(folder / "state" / "scheduler", capacity=capacity, grace_s=2.0)


def make_bundle(folder: Path, **changed: Any) -> str:
    """Our bundle for volumes of 16 voxels, with keys of its configuration `changed`; returns its path."""
    configuration = yaml.safe_load((OURS / "classify3d" / CONFIGURATION).read_text())
    configuration |= {
        "image_size": [SIDE] * 3,
        "lines_every": 1,
        "learning_rate": 0.01,
        "intensity_window": [-4, 6],
    } | changed
    (folder / "configs").mkdir(parents=True)
    (folder / CONFIGURATION).write_text(yaml.safe_dump(configuration))
    (folder / METADATA).write_bytes((OURS / "classify3d" / METADATA).read_bytes())
    return str(folder)


def training_processes(folder: Path) -> list[psutil.Process]:
    """The processes that train a run in `folder`."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "ccds_kernel.training.inside" in words and str(folder) in words:
            found.append(process)
    return found
