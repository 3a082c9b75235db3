"""What `sbatch` is given: a script of `#SBATCH` lines and one command line. Pure, and compared whole in tests.

Nothing that a person typed stands in it: names, models and paths are of checked alphabets, and command, arguments and
environment are in the run's `run.json`, which only its owner reads. So there is nothing to quote, and no token in a script, a
process title or the scheduler's memory (slurmctld keeps every script).

`--export-file=/dev/null` gives the job an empty environment beside Slurm's own variables. Rejected: `--export=NIL`, which Slurm
before 23.02 takes for the name of a variable, and any `--export` but ALL, for which it then runs the person's login shell.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from ccds_kernel.batch import wrapper
from ccds_kernel.batch.mark import Mark
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.shape import Container, Topology
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.errors import CcdsError

_WORD = re.compile(r"[A-Za-z0-9._/@+=:-]+")
_ATTEMPT = '"${SLURM_RESTART_COUNT:-0}"'
_TASK_ATTEMPT = '"$SLURM_ARRAY_TASK_ID.${SLURM_RESTART_COUNT:-0}"'

TAKE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CCDS_JOB_ID": ("SLURM_ARRAY_JOB_ID", "SLURM_JOB_ID"),
        "CCDS_ARRAY_INDEX": ("SLURM_ARRAY_TASK_ID",),
        "CUDA_VISIBLE_DEVICES": ("CUDA_VISIBLE_DEVICES",),
    }
)
"""What a command is told of Slurm's own variables, see `wrapper.py`."""

TAKE_ALL = ("SLURM_", "SLURMD_")
"""What it gets as it is: `srun` needs it to reach the job's other hosts."""

NVLINK = "nvlink"
"""The feature that a site gives to nodes whose GPUs are joined by NVLink."""


def _this_wrapper() -> tuple[str, ...]:
    return (sys.executable, "-S", "-I", "-X", "utf8", str(Path(wrapper.__file__)))


@dataclass(frozen=True)
class SlurmSite:
    """How this site's Slurm is used.

    Args:
        partitions: of each class.
        start: the beginning of a job's one command line; the run's folder and the attempt follow. It runs `wrapper.py`, by
            whatever way: by this Python by default, which the nodes then have at the same path.
        grace_s: seconds from TERM to KILL for a command. Fewer than Slurm's KillWait, which is 30 s where a site doesn't say.
        containers: by what a job runs in an image.
        container_start: as `start`, inside an image that has a Python of its own.

    Raises:
        CcdsError: a word of `start` that a shell would read as anything else.
    """

    partitions: Mapping[PriorityClass, str] = field(
        default_factory=lambda: {
            PriorityClass.FIRST: "interactive",
            PriorityClass.SECOND: "second",
            PriorityClass.BATCH: "batch",
            PriorityClass.APP: "app",
        }
    )
    start: tuple[str, ...] = field(default_factory=_this_wrapper)
    grace_s: float = 20.0
    containers: Literal["none", "pyxis"] = "none"
    container_start: tuple[str, ...] = field(
        default_factory=lambda: ("python3", *_this_wrapper()[1:]),
    )

    def __post_init__(self) -> None:
        for word in (*self.start, *self.container_start, *self.partitions.values()):
            if not _WORD.fullmatch(word):
                raise CcdsError(
                    expected="words of letters, digits and ._/@+=:- to start a job by",
                    found=ascii(word),
                    do="move it elsewhere",
                )
        object.__setattr__(self, "partitions", MappingProxyType(dict(self.partitions)))

    def class_of(self, partition: str) -> PriorityClass | None:
        """The class whose partition that is."""
        return next((kind for kind, name in self.partitions.items() if name == partition), None)


def render(spec: JobSpec, site: SlurmSite, run_dir: Path, mark: Mark) -> str:
    """The script with which `spec` is submitted.

    Args:
        spec: the job.
        site: how this site's Slurm is used.
        run_dir: the folder of its run.
        mark: what Slurm remembers with it.

    Raises:
        JobRefusedError: a container where the site has no way to run one.
    """
    attempt = _TASK_ATTEMPT if spec.array else _ATTEMPT
    start = site.container_start if spec.container else site.start
    options = "\n".join(f"#SBATCH --{option}" for option in _options(spec, site, run_dir, mark))
    return f"#!/bin/sh\n{options}\nexec {' '.join(start)} {run_dir} {attempt}\n"


def _options(spec: JobSpec, site: SlurmSite, run_dir: Path, mark: Mark) -> Iterator[str]:
    yield f"job-name={spec.name}"
    yield f"comment={mark.text()}"
    yield f"partition={site.partitions[spec.priority_class]}"
    yield f"nodes={spec.hosts}"
    yield "ntasks-per-node=1"
    yield f"cpus-per-task={spec.cpus}"
    yield f"mem={spec.memory_mb}M"
    yield f"time={math.ceil(spec.wall_minutes)}"
    if spec.gpus:
        yield f"gres=gpu:{spec.gpu_model}:{spec.gpus}" if spec.gpu_model else f"gres=gpu:{spec.gpus}"
    elif spec.gpu_shares:
        yield f"gres=shard:{spec.gpu_shares}"
    if spec.topology is Topology.ONE_SWITCH:
        yield "switches=1"
    elif spec.topology is Topology.NVLINK:
        yield f"constraint={NVLINK}"
    if spec.array:
        yield f"array=0-{spec.array.count - 1}%{spec.array.at_once}"
    if spec.container:
        yield from _container_options(spec.container, site, run_dir)
    yield "requeue" if spec.requeueable else "no-requeue"
    yield "export-file=/dev/null"
    yield "chdir=/"
    yield "output=/dev/null"  # the command's own goes to its log; and the run's folder may be another Unix user's


def _container_options(container: Container, site: SlurmSite, run_dir: Path) -> Iterator[str]:
    """By NVIDIA's pyxis, which runs the whole script in the image: it has to see the run's folder and the wrapper."""
    if site.containers != "pyxis":
        raise JobRefusedError(
            expected="a Slurm that runs images, and jobs that start without the root helper",
            found="not both on this site",
            do="leave the image out, or see slurm.containers and sessions.helper in ccds.toml",
        )
    code = Path(wrapper.__file__).parent
    mounts = [f"{run_dir}:{run_dir}", f"{code}:{code}:ro"]
    mounts += [f"{it.source}:{it.target}" + (":ro" if it.read_only else "") for it in container.mounts]
    yield f"container-image={_enroot_name(container.image)}"
    yield f"container-mounts={','.join(mounts)}"


def _enroot_name(image: str) -> str:
    """As enroot spells it: a registry, which has a dot or port, is set off by `#`; a file is named as it is."""
    registry, slash, rest = image.partition("/")
    if image.startswith("/") or not slash or not ("." in registry or ":" in registry):
        return image
    return f"docker://{registry}#{rest}"
