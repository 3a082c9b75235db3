"""What a large job may ask for beside cores and GPUs: where its hosts lie, many tasks at once, a container."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ccds_kernel.errors import CcdsError

MOST_TASKS = 1000
"""LSF's MAX_JOB_ARRAY_SIZE and Slurm's MaxArraySize, where a site hasn't raised them."""

_DIGEST = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,200}@sha256:[0-9a-f]{64}")
_PATH = re.compile(r"/[A-Za-z0-9._/@+-]{0,1023}")


class Topology(enum.StrEnum):
    """How near to each other a job's GPUs or hosts have to be.

    Members:
        ANY: wherever they are.
        ONE_SWITCH: all hosts behind one network switch.
        NVLINK: the GPUs of each host joined by NVLink.
    """

    ANY = "any"
    ONE_SWITCH = "one_switch"
    NVLINK = "nvlink"


@dataclass(frozen=True)
class Array:
    """`count` tasks of one job, at most `at_once` of them at a time; each finds its number, from 0, in CCDS_ARRAY_INDEX.

    Raises:
        CcdsError: not 1 to `MOST_TASKS` tasks, or none at a time.
    """

    count: int
    at_once: int

    def __post_init__(self) -> None:
        for name, value, most in (("count", self.count, MOST_TASKS), ("at_once", self.at_once, self.count)):
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise CcdsError(expected=f"{name} of an array from 1 to {most}", found=repr(value), do="correct it")


@dataclass(frozen=True)
class Mount:
    """A folder of the host that a container sees.

    Raises:
        CcdsError: a path that isn't absolute, goes up by `..`, or has other characters than letters, digits and `._/@+-`: lists
            of mounts are split at commas and colons.
    """

    source: str
    target: str
    read_only: bool = True

    def __post_init__(self) -> None:
        for path in (self.source, self.target):
            if not (isinstance(path, str) and _PATH.fullmatch(path)) or ".." in PurePosixPath(path).parts:
                raise CcdsError(
                    expected="an absolute path of letters, digits and ._/@+- to mount",
                    found=ascii(path),
                    do="name the folder otherwise",
                )


@dataclass(frozen=True)
class Container:
    """The image in which a job's command runs, and what it sees of the host.

    Args:
        image: pinned by its digest, `name@sha256:…`, or the absolute path of an image file: what runs is what was approved.
        mounts: the host's folders.

    Raises:
        CcdsError: an image that isn't pinned.
    """

    image: str
    mounts: tuple[Mount, ...] = ()

    def __post_init__(self) -> None:
        if not (isinstance(self.image, str) and (_DIGEST.fullmatch(self.image) or _PATH.fullmatch(self.image))):
            raise CcdsError(
                expected="an image pinned as name@sha256:… or an absolute path",
                found=ascii(self.image),
                do="name its digest",
            )
        object.__setattr__(self, "mounts", tuple(self.mounts))
