"""A real Slurm on loopback: munged, slurmctld and a slurmd for each pretended host, with pretended GPUs.

Everything of a cluster (configuration, key, sockets, logs, state) lies in one folder of its own, at ports of its own: several run
side by side, and nothing of the machine's own Slurm or munge is read or changed. Who is to speak with it gets `Cluster.env`.
The daemons run as root, so that jobs can be those of real Unix users; a GPU is a link to /dev/null.
"""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.components import need_program
from support.demo import free_port
from support.ending import kill_all
from support.unix import need_root, open_folder
from support.waiting import until

HOW = "apt-get install slurm-wlm munge"

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")

_CONFIGURATION = """
ClusterName=ccdst
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=6
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
PriorityType=priority/multifactor
PriorityWeightPartition=10000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MessageTimeout=2
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=100000,batch_sched_delay=0,bf_continue
ReturnToService=2
EnforcePartLimits=ALL
KillWait=5
MinJobAge={min_job_age_s}
GresTypes=gpu,shard
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
"""

_PARTITIONS = (
    ("interactive", True, "PriorityTier=100 PriorityJobFactor=100 PreemptMode=OFF"),
    ("second", True, "PriorityTier=10 PriorityJobFactor=10 PreemptMode=OFF"),
    ("batch", True, "PriorityTier=1 PriorityJobFactor=1 PreemptMode=REQUEUE"),
    ("app", False, "PriorityTier=100 PriorityJobFactor=100 PreemptMode=OFF"),
)
"""Each partition, whether it is of the hosts with GPUs, and the rest of its line."""


@dataclass(frozen=True)
class Host:
    """A pretended host; one without GPUs is for app sessions.

    Args:
        name: as Slurm shall call it.
        cpus: its cores.
        memory_mb: its memory in MiB.
        gpus: how many GPUs it pretends to have.
        gpu_model: and of which model.
        shards: into how many shares they are cut in all.
    """

    name: str
    cpus: int = 4
    memory_mb: int = 8000
    gpus: int = 0
    gpu_model: str = "a100"
    shards: int = 0


CONTRACT = (Host("gpu1", gpus=4), Host("cpu1"))
"""What the scheduler's contract asks for: one node with 4 cores, 4 GPUs and 8000 MiB; and a host for app sessions."""

TWO_BY_TWO = (
    Host("gpu1", cpus=16, memory_mb=64_000, gpus=2),
    Host("gpu2", cpus=16, memory_mb=64_000, gpus=2),
    Host("cpu1"),
)
"""Two nodes with two GPUs each, and more cores and memory than come with these; and a host for app sessions."""


LIVE: list["Cluster"] = []
"""Those that run."""


class Cluster:
    """One cluster; made by `running_slurm`.

    Args:
        folder: everything that it has; everybody may enter it.
        hosts: its nodes.
        min_job_age_s: how long it remembers a job that has ended.
        lines: further lines of its slurm.conf.
        job_submit: the `job_submit.lua` that it shall use.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[Host],
        *,
        min_job_age_s: int = 300,
        lines: Sequence[str] = (),
        job_submit: Path | None = None,
    ) -> None:
        self.folder = folder
        self.hosts = tuple(hosts)
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        for part in ("munge", "state", "spool", *(f"spool/{host.name}" for host in hosts)):
            (folder / part).mkdir(mode=0o755)
        key = folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        if job_submit:
            shutil.copyfile(job_submit, folder / "job_submit.lua")
            lines = [*lines, "JobSubmitPlugins=lua"]
        text = [
            _CONFIGURATION.format(
                folder=folder, host=socket.gethostname(), port=free_port(), min_job_age_s=min_job_age_s
            ),
            *lines,
            *(_node_line(host) for host in hosts),
            *_partition_lines(hosts),
            "",
        ]
        (folder / "slurm.conf").write_text("\n".join(text), encoding="utf-8")
        (folder / "gres.conf").write_text("\n".join(self._gres_lines()), encoding="utf-8")

    def _gres_lines(self) -> Iterator[str]:
        for host in self.hosts:
            for slot in range(host.gpus):
                (self.folder / f"{host.name}-gpu{slot}").symlink_to("/dev/null")
            if host.gpus:
                files = f"{self.folder}/{host.name}-gpu[0-{host.gpus - 1}]"
                yield f"NodeName={host.name} Name=gpu Type={host.gpu_model} File={files}"
            if host.shards:
                yield f"NodeName={host.name} Name=shard Count={host.shards}"
        yield ""

    @property
    def env(self) -> dict[str, str]:
        """What Slurm's programs need in their environment to speak with this cluster."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> None:
        """Starts every daemon and waits until every node would take a job."""
        self.start_munge()
        self.start_controller()
        for host in self.hosts:
            self._start(host.name, "slurmd", "-D", "-f", str(self.folder / "slurm.conf"), "-N", host.name)
        until(lambda: self._node_states() == {"idle"}, f"the nodes of Slurm to be idle; see {self.folder}", 60)

    def stop(self) -> None:
        """Ends every job and daemon; nothing of the cluster runs on."""
        for name in reversed(self._daemons):
            self._end(name, signal.SIGTERM)
        kill_all(self._processes, "the cluster")

    def start_controller(self, *, anew: bool = False) -> None:
        """Starts slurmctld and waits until it answers: with the state that was saved, or `anew` with none, counting from 1."""
        if anew:
            shutil.rmtree(self.folder / "state")
            (self.folder / "state").mkdir()
        self._start("slurmctld", "slurmctld", "-D", "-i", "-f", str(self.folder / "slurm.conf"))
        until(self._answers, f"slurmctld to answer; see {self.folder}", 60)

    def kill_controller(self) -> None:
        """Ends slurmctld by KILL, once it has saved its jobs: Slurm does that some seconds late, and forgets what is newer.

        A start by its backfill scheduler alone doesn't have them saved, and it ends such a job when it comes back: a job that is
        submitted, and called off, has.
        """
        saved = self.folder / "state" / "job_state"
        before = saved.stat().st_mtime_ns if saved.exists() else 0
        hold = ("--parsable", "--hold", "--partition=batch", "--output=/dev/null", "--wrap=true")
        self.run("scancel", self.run("sbatch", *hold).strip())
        until(lambda: saved.exists() and saved.stat().st_mtime_ns > before, "slurmctld to save its state")
        self._end("slurmctld", signal.SIGKILL)

    @contextmanager
    def hanging_controller(self) -> Iterator[None]:
        """While this lasts slurmctld takes connections and answers none."""
        self._daemons["slurmctld"].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._daemons["slurmctld"].send_signal(signal.SIGCONT)

    def start_munge(self) -> None:
        """Starts munged and waits until it answers."""
        place = self.folder / "munge"
        options = [f"--{part}-file={place / part}" for part in ("key", "pid", "log", "seed")]
        self._start("munged", "munged", "--foreground", f"--socket={place / 'socket'}", *options)
        until((place / "socket").exists, "munged to be there")

    def kill_munge(self) -> None:
        """Ends munged: nobody can prove any more who they are."""
        self._end("munged", signal.SIGTERM)

    def suspend(self, job: str) -> None:
        """`scontrol suspend`, as an administrator."""
        self.run("scontrol", "suspend", job)

    def resume(self, job: str) -> None:
        """`scontrol resume`, as an administrator."""
        self.run("scontrol", "resume", job)

    @contextmanager
    def failed_node(self, name: str) -> Iterator[None]:
        """While this lasts Slurm takes this node for dead."""
        self.run("scontrol", "update", f"NodeName={name}", "State=DOWN", "Reason=test")
        try:
            yield
        finally:  # Slurm may have seen already that its slurmd lives: then there is nothing to resume
            self._run("scontrol", "update", f"NodeName={name}", "State=RESUME")
            until(
                lambda: "down" not in self.run("sinfo", "--noheader", f"--nodes={name}", "--format=%T"),
                "it to be back",
                60,
            )

    def run(self, *argv: str) -> str:
        """What one of Slurm's programs prints, run as root for this cluster; fails where it fails."""
        done = self._run(*argv)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def cancel_all(self) -> None:
        """Ends all jobs of everybody and waits until every node is free: a test leaves the cluster as it found it."""
        if jobs := self.run("squeue", "--noheader", "--format=%A").split():
            self.run("scancel", "--quiet", *jobs)
        until(lambda: not self.run("squeue", "--noheader"), "all jobs to have ended", 60)
        until(lambda: self._node_states() == {"idle"}, "the nodes to be idle", 60)

    def state(self) -> str:
        """Its nodes, its jobs, and what its controller said lately: for whoever reads of a test that failed."""
        nodes = self._run("sinfo", "--Node", "--format=%N %T %E").stdout
        jobs = self._run("squeue", "--states=all", "--format=%A %u %P %T %r %N %M %j").stdout
        log = self.folder / "slurmctld.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return "\n".join([nodes, jobs, *lines[-60:]])

    def logs(self) -> str:
        """What the daemons wrote."""
        return "\n".join(
            f"== {file.name}\n{file.read_text(encoding='utf-8', errors='replace')}"
            for file in sorted(self.folder.glob("*.log"))
        )

    def _start(self, name: str, *argv: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", *argv],  # nor does it outlive a test run that was killed
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={"PATH": _path(), "LC_ALL": "C", **self.env},
                cwd="/",
                start_new_session=True,  # a test's own Ctrl-C ends it through `stop` only
            )

    def _end(self, name: str, number: signal.Signals) -> None:
        daemon = self._daemons[name]
        daemon.send_signal(number)
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": _path(), "LC_ALL": "C", **self.env}
        # In the cluster's folder: there a job writes what it says, where nobody says otherwise.
        return subprocess.run(
            argv, env=environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )

    def _answers(self) -> bool:
        return self._run("scontrol", "ping").returncode == 0

    def _node_states(self) -> set[str]:
        return set(self._run("sinfo", "--noheader", "--Node", "--format=%T").stdout.split())

    def _processes(self) -> list[int]:
        """Whatever runs of this cluster, its jobs' steps and commands included: each has the folder's path in it."""
        mark = f"{self.folder}/".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or entry.name == str(os.getpid()):
                continue
            with suppress(OSError):
                if mark in (entry / "cmdline").read_bytes() or mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
        return found


def _node_line(host: Host) -> str:
    gres = [f"gpu:{host.gpu_model}:{host.gpus}"] * bool(host.gpus) + [f"shard:{host.shards}"] * bool(host.shards)
    return (
        f"NodeName={host.name} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={free_port()} CPUs={host.cpus} "
        f"Sockets=1 CoresPerSocket={host.cpus} RealMemory={host.memory_mb} "
        + (f"Gres={','.join(gres)}" if gres else "")
    )


def _partition_lines(hosts: Sequence[Host]) -> Iterator[str]:
    for name, of_gpus, rest in _PARTITIONS:
        if nodes := [host.name for host in hosts if bool(host.gpus) is of_gpus]:
            yield f"PartitionName={name} Nodes={','.join(nodes)} {rest}"


def _path() -> str:
    return f"{os.defpath}:/usr/sbin:/sbin"


@contextmanager
def running_slurm(
    *hosts: Host, min_job_age_s: int = 300, lines: Sequence[str] = (), job_submit: Path | None = None
) -> Iterator[Cluster]:
    """A cluster of these hosts (`CONTRACT` without any) that takes jobs; skips the test where Slurm or root is missing.

    See `Cluster` for the other arguments.
    """
    for program in _PROGRAMS:
        need_program(program, HOW)
    need_root()
    with open_folder() as folder:
        cluster = Cluster(folder, hosts or CONTRACT, min_job_age_s=min_job_age_s, lines=lines, job_submit=job_submit)
        try:
            cluster.start()
            LIVE.append(cluster)
            yield cluster
        finally:
            cluster.stop()
            LIVE[:] = [other for other in LIVE if other is not cluster]
