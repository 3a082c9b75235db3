"""A stand-in for IBM LSF, which can't be had: its programs in a folder, printing what IBM documents, running jobs for real.

What it is good for is the adapter's own behaviour: what it asks, what it makes of each answer, what it does when LSF misbehaves.
What it can't show is that a real LSF prints these answers: docs/lsf.md says so.
"""

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from support.ending import kill_all

PROGRAMS = (
    "bsub",
    "bjobs",
    "bkill",
    "bmod",
    "bswitch",
    "bstop",
    "bresume",
    "brequeue",
    "bhosts",
    "bqueues",
    "lsid",
    "bparams",
    "badmin",
    "blimits",
)


@dataclass(frozen=True)
class Host:
    """A pretended host."""

    name: str
    slots: int = 4
    memory_mb: int = 8000
    gpus: int = 0
    gpu_model: str = "NVIDIAA100_SXM4_40GB"
    status: str = "ok"


@dataclass(frozen=True)
class Queue:
    """A queue of lsb.queues, as far as the stand-in goes.

    Args:
        name: the queue.
        priority: PRIORITY.
        hosts: the hosts it uses.
        preempts: whose jobs make room for its own (PREEMPTION=PREEMPTIVE[…]).
        jobs_per_user: JOBS of a limit in lsb.resources with PER_USER=all and this queue; None for none.
        run_limit: RUNLIMIT in minutes; None for none.
    """

    name: str
    priority: int
    hosts: tuple[str, ...]
    preempts: tuple[str, ...] = ()
    jobs_per_user: int | None = None
    run_limit: int | None = None


HOSTS = (Host("gpu1", gpus=4), Host("cpu1"))
"""What the scheduler's contract asks for, and a host for app sessions."""


def queues(hosts: Sequence[Host] = HOSTS, **interactive: object) -> tuple[Queue, ...]:
    """The four queues of hub/site/lsf on these hosts; `interactive` are fields of the first."""
    gpu = tuple(host.name for host in hosts if host.gpus)
    cpu = tuple(host.name for host in hosts if not host.gpus)
    return (
        Queue("app", 100, cpu),
        Queue("interactive", 90, gpu, preempts=("batch",), **interactive),  # type: ignore[arg-type] # a test's own fields
        Queue("second", 10, gpu, preempts=("batch",)),
        Queue("batch", 5, gpu),
    )


class StandIn:
    """One pretended LSF in a folder."""

    def __init__(self, folder: Path, hosts: Sequence[Host], lines: Sequence[Queue], **conf: object) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self._conf = {
            "hosts": [asdict(host) for host in hosts],
            "queues": [asdict(queue) for queue in lines],
            "unit": "MB",
            "administrators": [getpass.getuser()],
            "closed": False,
            "sequential_signal": True,
            "terminate_interval_s": 1.0,
            "params": {"PREEMPTABLE_RESOURCES": "ngpus_physical", "MBD_SLEEP_TIME": "10 (seconds)"},
            "lsf_conf": {
                "LSF_UNIT_FOR_LIMITS": "MB",
                "LSB_USE_SEQUENTIAL_SIGNAL": "Y",
                "LSB_MOD_ALL_JOBS": "Y",
                "LSB_RESOURCE_ENFORCE": "cpu memory gpu",
                "LSB_ESUB_METHOD": "ccds",
            },
            "limits": "NAME = ccds_first_node",
            **conf,
        }
        for part in (folder, self.bin, folder / "run"):
            part.mkdir()
        (folder / "state.json").write_text('{"next_id": 101, "jobs": []}')
        self.configure()
        self.misbehave()
        program = Path(__file__).with_name("commands.py")
        for name in PROGRAMS:
            path = self.bin / name
            path.write_text(f'#!/bin/sh\nexec {sys.executable} -S -X utf8 {program} {folder} {name} "$@"\n')
            path.chmod(0o755)

    def configure(self, **changes: object) -> None:
        """Changes the configuration: `closed=True` starts no job any more."""
        self._conf.update(changes)
        (self.folder / "conf.json").write_text(json.dumps(self._conf))

    def misbehave(self, **how: object) -> None:
        """From now on, until the next call; without arguments it behaves.

        Args:
            how: `noise={"bsub": [lines]}` before the answer; `connecting=n` times "Please wait"; `down=True` that for ever;
                `hangs="bjobs"` or `"all"`; `refuses_all=words`; `rejects=words` of an esub; `loses_answer=True` takes a job
                and never says so; `truncates=n` characters of JSON; `stat={"101": "UNKWN"}`; `error_records=[ids]`;
                `short_hosts=True`; `no_year=True`; `forgets=True` what has ended; `hides=[ids]` of jobs that it has;
                `keeps_running_jobs=True` as they are; `estimates={"101": text}`;
                `fields={"101": {"EXIT_CODE": "many"}}` in the JSON of a job, None for one that
                isn't there.
        """
        (self.folder / "misbehave.json").write_text(json.dumps(how))

    def run(self, *argv: str, stdin: str = "", user: str | None = None) -> str:
        """What one of its programs prints, for `user`; fails where it fails."""
        environment = {"PATH": os.defpath, **({"STAND_IN_USER": user} if user else {})}
        done = subprocess.run(
            [str(self.bin / argv[0]), *argv[1:]],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def job(self, number: str) -> dict[str, object]:
        """What it remembers of a job."""
        state = json.loads((self.folder / "state.json").read_text())
        return next(job for job in state["jobs"] if str(job["id"]) == number)

    def stop(self) -> None:
        """Ends every job; nothing of it runs on."""
        self.configure(closed=True)
        kill_all(self.processes, "the stand-in")

    def processes(self) -> list[int]:
        """Whatever runs of it, its jobs included: each has the folder, or what lies beside it, in its arguments."""
        mark = str(self.folder.parent).encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    if mark in (entry / "cmdline").read_bytes() or mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
        return found


@contextmanager
def running_lsf(
    folder: Path, hosts: Sequence[Host] = HOSTS, lines: Sequence[Queue] | None = None, **conf: object
) -> Iterator[StandIn]:
    """A stand-in in `folder`, which must not be there yet; everything of it has ended afterwards."""
    stand_in = StandIn(folder, hosts, lines or queues(hosts), **conf)
    try:
        yield stand_in
    finally:
        stand_in.stop()
