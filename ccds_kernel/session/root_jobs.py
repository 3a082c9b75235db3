"""Hands sessions to the site's scheduler as their person: what the hub asks of `root_helper`, which loads this.

`sudo -n <python> -I -S <root_helper.py> <ccds.toml> scheduler <person> <program> <arguments>`, by the service account. Programs
and arguments are those on the list of the site's scheduler, each argument of a fixed form. To submit it becomes the person,
without a group beside their own. To move a job to another class and to make it longer, which no owner may do, it stays root, and
asks the scheduler first whether the job is theirs and a session of ours. To end one, too, but there it only has to be theirs: it
ends also after they may start nothing any more, wrote over what marks it as ours, or have left the site: then the scheduler knows
a number, and the mark has to say whose it was.
LSF gives root no such right (LSF_ROOT_USER): there the service account is an administrator of the queues, and does it all itself.

A script that is submitted holds directives of the scheduler's and one command, which is the one that starts a session's server
(`root_server`), on a run in the service account's folder. So nothing that the hub sends is run as the person beside that.

The program is where `ccds.toml` says, or in the system's folders, and root's. It ends within `_SECONDS`: the service account
couldn't end it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote

from ccds_kernel.session.root_helper import NoJob, Refused, Site, Unable, read_person

_MARK = re.compile(r"ccds1:(?P<folder>[0-9a-f]{12}):[0-9a-f]{16}:(?:first|second|app):(?P<owner>[A-Za-z0-9%._~-]+)")
"""What stands in the scheduler beside a session's job: see `batch.mark`."""

MOST_SCRIPT_BYTES = 65_536
_SECONDS = 8
"""Within the time that the hub gives a scheduler's program."""
_PATH = "/usr/local/bin:/usr/bin:/bin"
_NO_SUCH = b"invalid job id"
_ID = r"[1-9][0-9]{0,9}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_VALUE, _VALUES = r"[A-Za-z0-9_.,:/=@%+~-]+", r"[A-Za-z0-9_.,:/=@%+~\[\] -]+"


@dataclass(frozen=True)
class Program:
    """What of a scheduler's program may be asked for.

    Args:
        words: what each of its arguments looks like; one that names a job has the group `job`.
        as_root: it is done by root, to a job of that person's only.
        marked: and to one that is marked as a session of ours.
        script: it reads a job's script.
    """

    words: str
    as_root: bool = False
    marked: bool = False
    script: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of scheduler.

    Args:
        programs: what may be asked for.
        directive: a line of a job's script that says something about it.
        attempt: how the command says which attempt it is.
        configuration: the key of its section that says where its own configuration is, and the variable that tells its programs.
        asks: the question whose answer is the Unix user of a job, by name or number, and what its submitter wrote of it; none
            where nothing is done as root.
    """

    programs: Mapping[str, Program]
    directive: str
    attempt: str
    configuration: tuple[str, str]
    asks: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "slurm": Kind(
        programs={
            "sbatch": Program("--parsable|--test-only", script=True),
            "scancel": Program(rf"(?P<job>{_ID})", as_root=True),
            "scontrol": Program(
                rf"update|JobId=(?P<job>{_ID})|Partition={_NAME}|TimeLimit=\+?{_ID}|Comment={_VALUE}",
                as_root=True,
                marked=True,
            ),
        },
        directive=rf"#SBATCH --(?:job-name|comment|partition|nodes|ntasks-per-node|cpus-per-task|mem|time|gres|switches"
        rf"|constraint)={_VALUE}|#SBATCH --(?:no-requeue|export-file=/dev/null|chdir=/|output=/dev/null)",
        attempt='"${SLURM_RESTART_COUNT:-0}"',
        configuration=("conf", "SLURM_CONF"),
        asks=("squeue", "--noheader", "--states=all", "--format=%u|%k", "--jobs={job}"),
    ),
    "lsf": Kind(
        programs={"bsub": Program("", script=True)},
        directive=rf'#BSUB -(?:J|Jd|q|n|R|gpu|W|rn|env|o)(?: "?{_VALUES}"?)?',
        attempt='"0"',
        configuration=("envdir", "LSF_ENVDIR"),
        asks=(),
    ),
}


def main(site: Site, caller: int, verb: str, words: Sequence[str]) -> NoReturn:
    """Becomes the program that was asked for.

    Args:
        site: its settings.
        caller: the Unix user who asked sudo.
        verb: `scheduler`.
        words: the person, the program and its arguments.

    Raises:
        Refused: not by this caller, not for this person, not this program or not so.
    """
    kind = KINDS.get(site.engine)
    if kind is None:
        raise Refused("a site without a cluster")
    if caller != site.service.pw_uid:
        raise Refused("somebody else than the site's service account")
    if len(words) < 2 or words[1] not in kind.programs:  # noqa: PLR2004 - as the module's docstring says
        raise Refused(f"expected <ccds.toml> {verb} <person> {'|'.join(kind.programs)} ...")
    person, name, *arguments = words
    program = kind.programs[name]
    job = read_job(program, arguments)
    file = find(site, name)
    env = environment(site, kind)
    script = read_script(site, kind, _standard_input()) if program.script else ""
    if program.as_root:
        question = [find(site, kind.asks[0]), *(word.format(job=job) for word in kind.asks[1:])]
        user, _, said = _answer(question, env).partition("|")
        if not _is_theirs(site, user, said, person) or (program.marked and not _is_marked(site, said, person)):
            raise Refused("another person's job, no session's, or none")
    else:
        _become(read_person(person, caller))
    _replace([file, *arguments], env, script)


def read_job(program: Program, arguments: Sequence[str]) -> str:
    """The one job that `arguments` name; empty where the program makes one.

    Raises:
        Refused: an argument of another form, no job, or two.
    """
    found = [re.fullmatch(program.words, word) for word in arguments]
    if not all(found):
        raise Refused("an argument of another form")
    jobs = [match["job"] for match in found if match and match.groupdict().get("job")]
    if len(jobs) != (0 if program.script else 1):
        raise Refused("expected one job")
    return "".join(jobs)


def read_script(site: Site, kind: Kind, script: bytes) -> str:
    """The script of a session's job, as it came.

    Raises:
        Refused: a line that is none of its scheduler's directives, or another command than the server of a run of ours.
    """
    if len(script) > MOST_SCRIPT_BYTES:
        raise Refused("a script that is too long")
    try:
        first, *lines, last, end = script.decode("ascii").split("\n")
    except (UnicodeDecodeError, ValueError):
        raise Refused("a script of another form") from None
    if first not in {"#!/bin/sh", "#!/bin/bash"} or end or not all(_is_quiet(kind, line) for line in lines):
        raise Refused("a script of another form")
    begin, space, rest = last.rpartition(" ")
    start, _, run_dir = begin.rpartition(" ")
    if start != server_command(site) or space + rest != f" {kind.attempt}" or not site.is_run(run_dir):
        raise Refused("a script with another command")
    return script.decode("ascii")


def _is_quiet(kind: Kind, line: str) -> bool:
    """Whether the shell does nothing at this line: a directive, a remark, an empty line."""
    return not line or re.fullmatch(r"# [ -~]*", line) is not None or re.fullmatch(kind.directive, line) is not None


def server_command(site: Site) -> str:
    """How a job's script starts a session's server, up to the run's folder."""
    helper = Path(__file__).resolve().with_name("root_helper.py")
    return f"exec sudo -n -- {sys.executable} -I -S {helper} {site.config} server"


def find(site: Site, name: str) -> str:
    """The scheduler's program of that name.

    Raises:
        Unable: there is none.
        Refused: somebody else than root could have written it.
    """
    named = site.scheduler.get("bin")
    for folder in [named] if isinstance(named, str) else _PATH.split(":"):
        file = Path(folder) / name
        try:
            known = file.stat()
        except OSError:
            continue
        if known.st_uid != 0 or known.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise Refused(f"{name} isn't root's alone")
        return str(file)
    raise Unable(f"no program {name}")


def environment(site: Site, kind: Kind) -> dict[str, str]:
    """What the scheduler's programs find in their environment."""
    key, variable = kind.configuration
    place = site.scheduler.get(key)
    return {"PATH": _PATH, "HOME": "/", "LC_ALL": "C", **({variable: place} if isinstance(place, str) else {})}


def _standard_input() -> bytes:
    said = bytearray()
    while len(said) <= MOST_SCRIPT_BYTES and (more := os.read(0, MOST_SCRIPT_BYTES)):
        said += more
    return bytes(said)


def _answer(question: Sequence[str], env: Mapping[str, str]) -> str:
    """What a program of the scheduler's prints.

    Raises:
        Unable: it can't be run, takes too long, or fails.
        NoJob: it knows no such job.
    """
    try:
        ended = subprocess.run(
            question,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS / 2,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Unable("the scheduler doesn't say whose job that is") from None
    said = ended.stdout.decode(errors="replace").strip()
    if ended.returncode and _NO_SUCH not in ended.stderr.lower():
        raise Unable("the scheduler doesn't say whose job that is")
    if not said:
        raise NoJob("no such job")
    return said


def _is_marked(site: Site, said: str, person: str) -> bool:
    """Whether `said`, which stands with a job, is the mark of a session of that person's that this site's hub submitted."""
    mark = _MARK.fullmatch(said)
    tag = hashlib.sha256(str(site.runs.parent).encode()).hexdigest()[:12]
    return mark is not None and (mark["folder"], unquote(mark["owner"])) == (tag, person)


def _is_theirs(site: Site, user: str, said: str, person: str) -> bool:
    """Whether a job is that person's.

    Args:
        site: its settings.
        user: the scheduler's word for its Unix user; of who has left the site it knows the number only.
        said: what its submitter wrote of it.
        person: whose it should be.
    """
    try:
        return user == pwd.getpwnam(person).pw_name
    except KeyError:
        return user.isdecimal() and _is_marked(site, said, person)


def _become(who: pwd.struct_passwd) -> None:
    """Makes this process the person's, without a way back."""
    os.setgroups([])
    os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
    os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)


def _replace(command: Sequence[str], env: Mapping[str, str], script: str) -> NoReturn:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = os.memfd_create("script")
    os.write(given, script.encode())
    os.lseek(given, 0, os.SEEK_SET)
    os.dup2(given, 0)
    os.closerange(3, 256)
    os.umask(0o077)
    os.chdir("/")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_SECONDS)  # goes on through the exec
    os.execve(command[0], list(command), dict(env))  # noqa: S606 - no shell is wanted
