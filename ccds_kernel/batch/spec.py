"""What a job is, before any scheduler has seen it.

A `JobSpec` is checked when it is made, so that a scheduler never gets half a request. It is never turned into a shell
line: the command is a tuple of arguments and reaches the program as it stands, whatever it holds.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ccds_kernel.batch.shape import Array, Container, Topology
from ccds_kernel.errors import CcdsError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

LONGEST_WALL_MINUTES = 366 * 24 * 60.0
"""A year: whoever asks for more means something else, and its end has to be a date that can be written."""


class PriorityClass(enum.StrEnum):
    """Whom a job serves; the scheduler's order follows from it.

    Members:
        FIRST: a person's first interactive node: high priority.
        SECOND: each further node of the same person: starts only when nobody's first node that would fit is waiting.
        BATCH: trials, training, normalization: takes the excess capacity and yields to interactive work.
        APP: an app session: no GPU, counts as no node, starts in seconds.
    """

    FIRST = "first"
    SECOND = "second"
    BATCH = "batch"
    APP = "app"


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One job, as it is asked for.

    Args:
        name: the job's idempotency key, unique among the jobs that have not ended: submitting it again gives the same
            job. 1 to 128 letters, digits and `._@+-`, the first a letter or digit; `job_name` makes one from any text.
        command: the program and its arguments; no shell sees it. No secret in it: arguments are public on a node.
        env: the environment of the command, secrets included; beyond it the job gets PATH, HOME and LANG when they
            are not in it, and what the scheduler itself sets (CCDS_JOB_ID, CUDA_VISIBLE_DEVICES). Not in the repr.
        cwd: absolute; where the command runs. Looked for on the node, not here.
        log: absolute; the file to which standard output and error are appended, readable by its owner only.
        owner: the person for whom the job runs, as the hub knows them (fair share counts by it), any printable text.
        cpus: cores on each host, at least 1.
        memory_mb: MiB on each host, at least 1.
        gpus: on each host, 0 or more; 0 for an app.
        gpu_model: the model wanted, as the site names it; None for any.
        gpu_shares: instead of whole GPUs, that many of the shares into which the site cuts one (MIG slices, Slurm's shards).
        hosts: hosts that the job has at once, at least 1. The command runs on the first.
        topology: how near its GPUs and hosts have to be.
        array: the job as many tasks; None for one.
        container: the image in which the command runs; None for the host's own installation.
        wall_minutes: how long the command may run, at most `LONGEST_WALL_MINUTES`; a scheduler that knows whole minutes
            only rounds up.
        priority_class: whom the job serves.
        requeueable: the job may be stopped and started anew from its command at any time (it resumes from its own
            checkpoint). Batch only: that is what makes batch work yield.

    Raises:
        CcdsError: a field outside what is said above, named.
    """

    name: str
    command: tuple[str, ...]
    cwd: Path
    log: Path
    owner: str
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cpus: int = 1
    memory_mb: int = 1024
    gpus: int = 0
    gpu_model: str | None = None
    gpu_shares: int = 0
    hosts: int = 1
    topology: Topology = Topology.ANY
    array: Array | None = None
    container: Container | None = None
    wall_minutes: float = 60.0
    priority_class: PriorityClass = PriorityClass.BATCH
    requeueable: bool = False

    def __post_init__(self) -> None:
        _check_words(self)
        _check_places(self)
        _check_resources(self)
        _check_shape(self)
        _check_env(self.env)
        object.__setattr__(self, "env", MappingProxyType(dict(self.env)))

    def __hash__(self) -> int:
        return hash((self.name, self.command, self.owner))


def job_name(*parts: str) -> str:
    """A valid job name from any text, the same for the same parts and different for different ones.

    Readable characters stay; a short hash of the parts keeps "a b" and "a-b" apart, and ("a", "b") from ("a-b",).
    """
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:10]
    readable = re.sub(r"[^A-Za-z0-9._@+]+", "-", "-".join(parts)).strip("-._@+")[:100]
    return f"{readable or 'job'}-{digest}"


def are_wall_minutes(minutes: object) -> bool:
    """Whether a job may have that much wall time, or may be given it in addition."""
    if isinstance(minutes, bool) or not isinstance(minutes, int | float):
        return False
    return 0 < minutes <= LONGEST_WALL_MINUTES


def _check_words(spec: JobSpec) -> None:
    if not (isinstance(spec.name, str) and _NAME.fullmatch(spec.name)):
        _refuse("a job name of 1 to 128 letters, digits and ._@+-", repr(spec.name), "make one with job_name()")
    if isinstance(spec.command, str) or not spec.command or not all(isinstance(word, str) for word in spec.command):
        _refuse(
            "a command as a sequence of strings", type(spec.command).__name__, "give the program, then its arguments"
        )
    object.__setattr__(spec, "command", tuple(spec.command))
    if not spec.command[0] or not all(map(_is_text, spec.command)):
        _refuse("a command in UTF-8 without NUL characters", "another text, or an empty program", "correct the command")
    if not (isinstance(spec.owner, str) and spec.owner and spec.owner.isprintable()):
        _refuse("an owner in printable text", repr(spec.owner), "name the person for whom the job runs")


def _check_places(spec: JobSpec) -> None:
    for key in ("cwd", "log"):
        place = Path(getattr(spec, key))
        if not place.is_absolute() or not _is_text(str(place)):
            _refuse(f"an absolute path in UTF-8 as {key}", ascii(str(place)), "give the path from the root")
        object.__setattr__(spec, key, place)


def _check_resources(spec: JobSpec) -> None:
    for key, least in (("cpus", 1), ("memory_mb", 1), ("gpus", 0)):
        count = getattr(spec, key)
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            _refuse(f"{key} to be a whole number, {least} or more", repr(count), "correct the request")
    if spec.gpu_model is not None and not (isinstance(spec.gpu_model, str) and _MODEL.fullmatch(spec.gpu_model)):
        _refuse("a GPU model as the site names it", repr(spec.gpu_model), "see the models that the site offers")
    if not are_wall_minutes(spec.wall_minutes):
        _refuse(
            f"wall_minutes above 0, at most {LONGEST_WALL_MINUTES:.0f}",
            repr(spec.wall_minutes),
            "say how long the job may run",
        )
    if spec.priority_class not in set(PriorityClass):
        _refuse(f"a priority class ({', '.join(PriorityClass)})", repr(spec.priority_class), "name one of them")
    object.__setattr__(spec, "priority_class", PriorityClass(spec.priority_class))
    if spec.priority_class is PriorityClass.APP and spec.gpus:
        _refuse("an app session without GPU", f"{spec.gpus} asked for", "ask for a node instead")
    if spec.requeueable and spec.priority_class is not PriorityClass.BATCH:
        _refuse("only batch work to be requeueable", f"class {spec.priority_class}", "leave requeueable out")


def _check_shape(spec: JobSpec) -> None:
    for key, least in (("gpu_shares", 0), ("hosts", 1)):
        count = getattr(spec, key)
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            _refuse(f"{key} to be a whole number, {least} or more", repr(count), "correct the request")
    if spec.topology not in set(Topology):
        _refuse(f"a topology ({', '.join(Topology)})", repr(spec.topology), "name one of them")
    object.__setattr__(spec, "topology", Topology(spec.topology))
    if spec.gpu_shares and (spec.gpus or spec.hosts > 1):
        _refuse("either whole GPUs or shares of one on one host", "both", "ask for one of them")
    if spec.priority_class is PriorityClass.APP and (spec.gpu_shares or spec.hosts > 1):
        _refuse("an app session without GPU on one host", "more", "ask for a node instead")
    if spec.array and spec.priority_class is not PriorityClass.BATCH:
        _refuse("only batch work as an array", f"class {spec.priority_class}", "leave array out")


def _check_env(env: Mapping[str, str]) -> None:
    for key, value in env.items():
        if not (isinstance(key, str) and _VARIABLE.fullmatch(key)):
            _refuse("environment names of letters, digits and _", repr(key), "rename the variable")
        if not (isinstance(value, str) and _is_text(value)):
            # The value may be a token: it is not quoted.
            _refuse(f"UTF-8 text without NUL as the value of {key}", type(value).__name__, "correct the variable")


def _is_text(text: str) -> bool:
    """Whether the operating system and a JSON file can both carry it: no NUL, no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _refuse(expected: str, found: str, do: str) -> None:
    raise CcdsError(expected=expected, found=found, do=do)
