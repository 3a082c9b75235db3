"""Starts a session's server inside the person's job: what a job of ours calls on its node, loaded by `root_helper`.

`sudo -n <python> -I -S <root_helper.py> <ccds.toml> server <run folder> <attempt>`, by the person whose job it is. To the
scheduler the job is theirs, while the server, which holds a token and keeps what code may not do, is the service account's. This
becomes the service account for good and is replaced by `wrapper.py` on that one run: a fixed command, nothing of the caller's but
what the scheduler says about the job, each value of it from a small alphabet. It stays in the job, with the job's limits.

A person may call it by hand, and everything is theirs to try. They get nothing: the run must lie in the service account's own
folder, reached through no link, and name them as its owner; it runs once, since whoever comes second finds its claim; on Slurm it
runs in one of their jobs only, so that nobody's session has GPUs that weren't given to it. The server reads nothing of theirs: no
input, no open file, no environment. What they can do is spoil the start of their own session.

Rejected: a daemon on each node that starts servers (one more thing that runs as root everywhere, and outside the job's limits),
and the job as the service account's (fair share and the rule about the second node would then know one user).
"""

from __future__ import annotations

import json
import os
import pwd
import re
import resource
import signal
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ccds_kernel.session.root_helper import Refused, Site, read_person

_FIRST_ATTEMPT = "0"
"""The only one: no session is put back into the queue, so another number was typed by hand, for a run that has ended."""

_SLURM = re.compile(r"slurmstepd\b")
"""What looks after a job on its node; Debian's is called slurmstepd-wlm."""
_MOST_BYTES = 4 * 2**20
_TOLD = re.compile(
    r"CUDA_VISIBLE_DEVICES|NVIDIA_VISIBLE_DEVICES|GPU_DEVICE_ORDINAL|SLURM_(?:JOB_ID|JOB_NODELIST|CPUS_ON_NODE|JOB_GPUS)"
    r"|LSB_(?:JOBID|MCPU_HOSTS)"
)
_WORD = re.compile(r"[A-Za-z0-9_.,:/\[\] -]{0,1024}")
_PATH = "/usr/local/bin:/usr/bin:/bin"


def main(site: Site, caller: int, verb: str, words: Sequence[str]) -> NoReturn:
    """Becomes the server's wrapper.

    Args:
        site: its settings.
        caller: the Unix user who asked sudo.
        verb: `server`.
        words: the run's folder, and which attempt at it this is.

    Raises:
        Refused: not this run, not by this caller, not here.
    """
    if site.engine == "local":
        raise Refused("a site without a cluster")
    if len(words) != 2:  # noqa: PLR2004 - as the module's docstring says
        raise Refused(f"expected <ccds.toml> {verb} <run folder> <attempt>")
    run_dir, attempt = words
    service = site.service
    person = _caller(caller, service)
    if not site.is_run(run_dir):
        raise Refused("a folder of another form")
    if attempt != _FIRST_ATTEMPT:
        raise Refused("an attempt that no session has")
    if site.engine == "slurm" and not in_slurm_job(os.getppid()):
        raise Refused("not in a job of Slurm's")
    _become(service)
    if _owner(site, Path(run_dir).name, service.pw_uid) != person:
        raise Refused("another person's run, or none")
    _replace(run_dir, attempt)


def _caller(caller: int, service: pwd.struct_passwd) -> str:
    """The name of the person who asked."""
    try:
        name = pwd.getpwuid(caller).pw_name
    except KeyError:
        raise Refused("no such person on this machine") from None
    return read_person(name, service.pw_uid).pw_name


def in_slurm_job(pid: int) -> bool:
    """Whether process `pid` descends from one of Slurm's that looks after a job: root's, and Slurm's own program."""
    while pid > 1:
        try:
            lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
            facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            if set(facts["Uid"].split()) == {"0"} and _SLURM.match(Path(f"/proc/{pid}/exe").readlink().name):
                return True
        except OSError:  # it has ended
            return False
        pid = int(facts["PPid"])
    return False


def _become(service: pwd.struct_passwd) -> None:
    """Makes this process the service account's, without a way back and without anything that the caller set."""
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError):  # where even root can't lift it, in a container say
        raise Refused("a limit on the size of files") from None
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    # Held back until the wrapper can note it; it lets it through.
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGTERM])
    os.umask(0o077)
    os.setgroups([])
    os.setresgid(service.pw_gid, service.pw_gid, service.pw_gid)
    os.setresuid(service.pw_uid, service.pw_uid, service.pw_uid)
    os.chdir("/")


def _owner(site: Site, name: str, service: int) -> str:
    """Whom the run says it is for; read with the service account's own rights, through no link."""
    place = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        for part, own in _parts(site, name):
            place = _inner(place, part, os.O_PATH | os.O_DIRECTORY)
            if own and not _is_closed(os.fstat(place), service):
                raise Refused("a folder that isn't the service account's alone")
        place = _inner(place, "run.json", os.O_RDONLY | os.O_NONBLOCK)
        known = os.fstat(place)
        if not stat.S_ISREG(known.st_mode) or not _is_closed(known, service) or known.st_size > _MOST_BYTES:
            raise Refused("a run that isn't the service account's alone")
        owner = json.loads(os.read(place, _MOST_BYTES))["owner"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise Refused("another person's run, or none") from None
    finally:
        os.close(place)
    return owner if isinstance(owner, str) else ""


def _parts(site: Site, name: str) -> Iterator[tuple[str, bool]]:
    """The folders on the way to a run, and whether they are the service account's."""
    yield from ((part, False) for part in site.state.parts[1:-1])
    yield from ((part, True) for part in (site.state.name, *site.runs.relative_to(site.state).parts, name))


def _inner(place: int, part: str, flags: int) -> int:
    inner = os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    os.close(place)
    return inner


def _is_closed(known: os.stat_result, service: int) -> bool:
    return known.st_uid == service and not known.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def told(given: Mapping[str, str]) -> dict[str, str]:
    """What of the job's environment reaches the server: what the scheduler says about it, where it looks like that."""
    return {name: value for name, value in given.items() if _TOLD.fullmatch(name) and _WORD.fullmatch(value)}


def _replace(run_dir: str, attempt: str) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, 256)
    wrapper = Path(__file__).resolve().parents[1] / "batch" / "wrapper.py"
    command: list[Any] = [sys.executable, "-S", "-I", "-X", "utf8", str(wrapper), run_dir, attempt]
    os.execve(command[0], command, {"PATH": _PATH, "LANG": "C.UTF-8", **told(os.environ)})  # noqa: S606 - no shell is wanted
