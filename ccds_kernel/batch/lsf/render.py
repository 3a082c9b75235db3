"""From a job's spec to the script that bsub reads on its standard input: pure, compared whole in tests.

Every option is a `#BSUB` line, and bsub has no argument at all: arguments are public on the submitting host and limited in
length, a script is one text that can be compared, and the root helper has nothing to check beside it. Every value is
from a checked alphabet; what a person typed (name of a program, arguments, environment, folders) isn't in the script but in
the run's own file, which the wrapper reads.

    -n, span, rusage[mem=…/host]    cores and memory of each host. `/host`, because a number without it is per host, per task or
                                    per job, as the site says
    -gpu                            GPUs of each host, likewise, for this job alone. `mode=shared`, not `exclusive_process`: two
                                    notebooks of one session are two processes on the same GPU
    -W                              whole minutes, rounded up
    -r, -rn                         whether LSF may start it anew when a host is lost; said either way, since a queue may say
                                    otherwise
    -env none                       nothing of the environment of who submits
    -o /dev/null                    no mail, and no second file: the wrapper writes the job's log

Rejected: LSF's own `-cwd`, `-oo` and `-E` (they hold what a person chose), `-M` (a limit for each process, in another unit).
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ccds_kernel.batch import wrapper
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.shape import Topology
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.errors import CcdsError

QUEUES: Mapping[PriorityClass, str] = {
    PriorityClass.FIRST: "interactive",
    PriorityClass.SECOND: "second",
    PriorityClass.BATCH: "batch",
    PriorityClass.APP: "app",
}
MIG_SIZES = (1, 2, 3, 4, 7)
"""Into which shares NVIDIA cuts a GPU; LSF takes no others."""

_UNITS = {"KB": 1024.0, "MB": 1.0, "GB": 1 / 1024}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_WORD = re.compile(r"[A-Za-z0-9._/@+:=-]{1,1024}")


@dataclass(frozen=True, kw_only=True)
class LsfSite:
    """How a site's LSF is set up.

    Args:
        queues: the queue of each class, all different: by its queue it is known which class a job has.
        start: what a job's one command begins with; the run's folder and the attempt come after it.
        memory_unit: LSF_UNIT_FOR_LIMITS: KB, MB or GB.
        containers: a pinned image → the application profile that runs it.
        switch_unit: the type of compute unit (COMPUTE_UNIT_TYPES) that is one network switch.
        grace_s: seconds from TERM to KILL.

    Raises:
        CcdsError: a value outside what is said above, or with other characters than a script may hold.
    """

    queues: Mapping[PriorityClass, str] = field(default_factory=lambda: dict(QUEUES))
    start: tuple[str, ...] = (sys.executable, "-S", "-I", "-X", "utf8", str(Path(wrapper.__file__)))
    memory_unit: str = "MB"
    containers: Mapping[str, str] = field(default_factory=dict)
    switch_unit: str = "switch"
    grace_s: float = 10.0

    def __post_init__(self) -> None:
        names = [*self.queues.values(), *self.containers.values(), self.switch_unit]
        odd = [word for word in names if not _NAME.fullmatch(word)]
        odd += [word for word in self.start if not _WORD.fullmatch(word)]
        if odd:
            raise CcdsError(
                expected="names of letters, digits and _.- for LSF",
                found=ascii(odd[0]),
                do="correct [lsf] in ccds.toml",
            )
        if set(self.queues) != set(PriorityClass) or len(set(self.queues.values())) < len(PriorityClass):
            raise CcdsError(
                expected="four different queues",
                found=f"{sorted(self.queues.values())}",
                do="correct [lsf] in ccds.toml",
            )
        if self.memory_unit not in _UNITS:
            raise CcdsError(
                expected=f"a unit ({', '.join(_UNITS)})", found=repr(self.memory_unit), do="correct [lsf] in ccds.toml"
            )

    def class_of(self, queue: str) -> PriorityClass | None:
        """The class whose queue that is; None for a queue of others."""
        return next((kind for kind, name in self.queues.items() if name == queue), None)


def render(spec: JobSpec, site: LsfSite, run_dir: Path, mark: str) -> str:
    """The script for bsub.

    Args:
        spec: the job.
        site: the site's LSF.
        run_dir: where the wrapper finds the rest.
        mark: what LSF is to remember with the job.

    Raises:
        JobRefusedError: LSF, or this site's, has no such thing.
        CcdsError: `run_dir` can't stand in a script.
    """
    if not _WORD.fullmatch(str(run_dir)):
        raise CcdsError(
            expected="a folder for jobs of letters, digits and ._/@+:=-",
            found=ascii(str(run_dir)),
            do="choose another one",
        )
    options = [f"#BSUB {option}" for option in _options(spec, site, mark)]
    lines = ["#!/bin/sh", *options]
    attempt = _attempt(spec)
    if spec.array:
        lines.append('export CCDS_ARRAY_INDEX="$((LSB_JOBINDEX - 1))"')  # LSF counts from 1
    return "\n".join([*lines, f'exec {" ".join(site.start)} {run_dir} "{attempt}"', ""])


def _attempt(spec: JobSpec) -> str:
    """What tells this start of the job from the others of the same run, as `run_folders.attempt_of` does.

    LSF counts no restarts that a job could see. A job that may run again is told apart by its moment, in nanoseconds; one that
    may not has one attempt, so that a queue that requeues it all the same starts nothing twice: the wrapper finds its claim.
    """
    own = "$(date +%s%N)" if spec.requeueable else "0"
    return f"$CCDS_ARRAY_INDEX.{own}" if spec.array else own


def _options(spec: JobSpec, site: LsfSite, mark: str) -> Iterator[str]:
    tasks = f"[1-{spec.array.count}]%{spec.array.at_once}" if spec.array else ""
    yield f'-J "{spec.name}{tasks}"'
    yield f'-Jd "{mark}"'
    yield f"-q {site.queues[spec.priority_class]}"
    yield f"-n {spec.cpus * spec.hosts}"
    span = "span[hosts=1]" if spec.hosts == 1 else f"span[ptile={spec.cpus}]"
    yield f'-R "{span} rusage[mem={memory(spec.memory_mb, site.memory_unit)}/host]"'
    if spec.topology is Topology.ONE_SWITCH and spec.hosts > 1:
        yield f'-R "cu[type={site.switch_unit}:maxcus=1]"'
    if gpu := _gpu(spec):
        yield f'-gpu "{gpu}"'
    yield f"-W {run_limit(spec.wall_minutes)}"
    yield "-r" if spec.requeueable else "-rn"
    if spec.container:
        profile = site.containers.get(spec.container.image)
        if profile is None:
            raise JobRefusedError(
                expected="an image with an application profile on this site, and jobs that start without the root helper",
                found="not both on this site",
                do="leave the image out, or see lsf.containers and sessions.helper in ccds.toml",
            )
        yield f"-app {profile}"
    yield "-env none"
    yield "-o /dev/null"


def _gpu(spec: JobSpec) -> str:
    """The GPU requirement; empty for none."""
    if spec.gpu_shares and spec.gpu_shares not in MIG_SIZES:
        raise JobRefusedError(
            expected=f"{', '.join(map(str, MIG_SIZES))} shares of a GPU",
            found=str(spec.gpu_shares),
            do="ask for one of them",
        )
    if not spec.gpus and not spec.gpu_shares:
        return ""
    parts = [f"num={spec.gpus or 1}/host"]
    parts += [f"mig={spec.gpu_shares}"] if spec.gpu_shares else ["mode=shared", "j_exclusive=yes"]
    parts += [f"gmodel={spec.gpu_model}"] if spec.gpu_model else []
    parts += ["glink=yes"] if spec.topology is Topology.NVLINK and spec.gpus > 1 else []
    return ":".join(parts)


def memory(memory_mb: int, unit: str) -> int:
    """MiB in LSF's unit, rounded up: its numbers are whole."""
    return math.ceil(memory_mb * _UNITS[unit])


def run_limit(minutes: float) -> str:
    """A run limit as `hours:minutes`, rounded up to whole minutes."""
    hours, rest = divmod(math.ceil(minutes), 60)
    return f"{hours}:{rest:02}"
