"""What a person can do with the one thing that the root helper does for them: they call it by hand, with whatever they like."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from ccds_kernel.session import root_helper, root_server
from support.unix import UnixSite, need_root, open_folder, run_as, shared_python, sudo_rules, unix_site
from support.waiting import until

HELPER = Path(root_helper.__file__)
NEVER_BEGAN = 127
"""What a shell says of a command that didn't run."""
TOKEN = "the-server-s-own-token-4711"


@pytest.fixture(scope="module")
def site() -> Iterator[UnixSite]:
    """A site with a cluster's scheduler, and the rules for sudo on its nodes."""
    more = '[sessions]\nhelper = true\nsockets = "/run/ccdst"\n[scheduler]\nengine = "lsf"'
    with ExitStack() as stack:
        made = stack.enter_context(unix_site("ann", "bob", more=more))
        stack.enter_context(sudo_rules(made))
        _closed(made, made.folder / "state" / "scheduler")
        _closed(made, made.folder / "state" / "scheduler" / "jobs")
        yield made


def _closed(site: UnixSite, folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    shutil.chown(folder, site.users["service"], site.users["service"])
    return folder


def _run(site: UnixSite, name: str, owner: str, command: Sequence[str] = ("true",)) -> Path:
    """A run as the hub makes one for `owner`'s session."""
    folder = _closed(site, site.folder / "state" / "scheduler" / "jobs" / name)
    order = {
        "command": list(command), "env": {"PATH": os.defpath, "JUPYTERHUB_API_TOKEN": TOKEN}, "cwd": "/",
        "log": str(folder / "log"), "grace_s": 1.0, "wake": "/nonexistent", "owner": site.users[owner],
    }  # fmt: skip
    _write(site, folder / "run.json", json.dumps(order))
    return folder


def _write(site: UnixSite, file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    shutil.chown(file, site.users["service"], site.users["service"])


def server(
    site: UnixSite, person: str, *words: str | Path, verb: str = "server", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What the job of `person` calls."""
    words = ("sudo", "-n", shared_python(), "-I", "-S", HELPER, site.config, verb, *words)
    return run_as(site.users[person], *map(str, words), env=dict(env or {}))


def test_a_run_of_one_s_own_is_started_as_the_service_account(site: UnixSite) -> None:
    """With no group of anybody's, no terminal, no input; and what the person's job is told about its GPUs."""
    code = "import json,os;print(json.dumps([os.getresuid(), os.getgroups(), dict(os.environ), os.readlink('/proc/self/fd/0')]))"
    run = _run(site, "ann-1", "ann", (str(shared_python()), "-c", code))

    ended = server(site, "ann", run, "0", env={"CUDA_VISIBLE_DEVICES": "2,3"})

    uids, groups, env, stdin = json.loads((run / "log").read_text())
    service = (site.folder / "state").stat()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert set(uids) == {service.st_uid}
    assert groups == []
    assert env["JUPYTERHUB_API_TOKEN"] == TOKEN
    assert stdin == os.devnull
    assert run.joinpath("log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "words",
    [
        ("{jobs}/bob-1", "0"), ("{jobs}/../jobs/mine", "0"), ("{jobs}/./mine", "0"), ("{jobs}/mine/", "0"), ("{jobs}//mine", "0"),
        ("{jobs}/mine\n", "0"), ("{jobs}/..", "0"), ("{jobs}/.", "0"), ("{jobs}", "0"), ("/{jobs}/mine", "0"), ("mine", "0"),
        ("{jobs}/none", "0"), ("{jobs}/linked", "0"), ("{jobs}/open", "0"), ("{jobs}/theirs", "0"), ("{jobs}/broken", "0"),
        ("{jobs}/list", "0"), ("{jobs}/fifo", "0"), ("{jobs}/linked-run", "0"), ("{own}", "0"), ("{jobs}/mine", "1"),
        ("{jobs}/mine", "-1"), ("{jobs}/mine", "0x"), ("{jobs}/mine", ""), ("{jobs}/mine", "../0"), ("{jobs}/mine",),
        ("{jobs}/mine", "0", "0"), ("", "0"), ("-h", "0"),
    ],
)  # fmt: skip
def test_everything_else_is_refused(site: UnixSite, attacked: dict[str, str], words: tuple[str, ...]) -> None:
    """Other people's runs, other spellings, links, folders that others can write, no JSON, later attempts: nothing runs."""
    ended = server(site, "ann", *(word.format(**attacked) for word in words))

    assert (ended.returncode, ended.stdout) == (root_helper.REFUSED, "")
    assert ended.stderr.startswith("ccds root helper: ")
    assert len(ended.stderr.splitlines()) == 1
    assert TOKEN not in ended.stderr
    assert not [run for run in attacked["runs"].split() if any(Path(run).glob("**/claim.json"))]


@pytest.fixture(scope="module")
def attacked(site: UnixSite) -> dict[str, str]:
    """Runs of ann's and bob's, and everything that ann would like to pass for one of hers."""
    jobs = site.folder / "state" / "scheduler" / "jobs"
    _run(site, "bob-1", "bob")
    mine = _run(site, "mine", "ann")
    (jobs / "linked").symlink_to(mine)
    _run(site, "open", "ann").chmod(0o777)
    shutil.chown(_run(site, "theirs", "ann"), site.users["ann"])
    for name, text in (("broken", '{"owner": '), ("list", "[]")):
        _write(site, _run(site, name, "ann") / "run.json", text)
    for name in ("fifo", "linked-run"):
        (_run(site, name, "ann") / "run.json").unlink()
    os.mkfifo(jobs / "fifo" / "run.json")
    (jobs / "linked-run" / "run.json").symlink_to(mine / "run.json")
    own = site.folder / "of-ann"
    own.mkdir()
    (own / "run.json").write_text((mine / "run.json").read_text())
    shutil.chown(own, site.users["ann"])
    shutil.chown(own / "run.json", site.users["ann"])
    return {"jobs": str(jobs), "own": str(own), "runs": f"{mine} {jobs}/bob-1 {jobs}/open {jobs}/theirs {own}"}


def test_a_run_is_started_once_whoever_asks_how_often(site: UnixSite) -> None:
    """At the same moment, and again when it is over: one of them finds no claim."""
    run = _run(site, "ann-2", "ann", ("sh", "-c", "echo ran"))
    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(lambda _: server(site, "ann", run, "0"), range(6)))

    again = server(site, "ann", run, "0")

    assert sorted(one.returncode for one in [*ended, again]) == [0] + 6 * [NEVER_BEGAN]
    assert (run / "log").read_text() == "ran\n"


def test_nothing_of_the_caller_s_surroundings_reaches_the_server(site: UnixSite) -> None:
    """No variable that a loader, Python or a shell reads, no limit of theirs on files, no ignored signal, no umask."""
    shown = (
        "import json,os,resource,signal;print(json.dumps([sorted(os.environ), resource.getrlimit(resource.RLIMIT_FSIZE)[0],"
        "signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, os.umask(0), os.getcwd()]))"
    )
    run = _run(site, "ann-3", "ann", (str(shared_python()), "-I", "-c", shown))
    own = str(site.folder / "of-theirs")
    hostile = dict.fromkeys(
        ("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "CCDS_CONFIG", "HOME", "TMPDIR"), own
    )
    hostile |= {"CUDA_VISIBLE_DEVICES": "0;id", "SUDO_UID": "0", "JUPYTERHUB_API_TOKEN": "forged"}
    call = ["sudo", "-n", str(shared_python()), "-I", "-S", str(HELPER), str(site.config), "server", str(run), "0"]
    spoilt = f"trap '' HUP TERM; ulimit -S -f 0; umask 0; cd /tmp; exec {' '.join(call)}"

    ended = run_as(site.users["ann"], "/bin/bash", "-c", spoilt, env=hostile)

    assert ended.returncode == 0, ended.stderr
    names, most_bytes, ignores, umask, folder = json.loads((run / "log").read_text())
    assert not set(names) & (set(hostile) - {"JUPYTERHUB_API_TOKEN"})
    assert (most_bytes, ignores, umask, folder) == (-1, False, 0o077, "/")


def test_only_what_looks_like_the_scheduler_s_is_kept_of_the_environment() -> None:
    """A name on the list, a value of its alphabet."""
    given = {
        "CUDA_VISIBLE_DEVICES": "GPU-1a,MIG-2/0", "SLURM_JOB_ID": "12", "LSB_MCPU_HOSTS": "n1 4 n2 4",
        "SLURM_JOB_NODELIST": "n[1-2]", "LSB_JOBID": "3\n", "SLURM_CPUS_ON_NODE": "$(id)", "SLURM_CONF": "/x",
        "LD_PRELOAD": "x", "NVIDIA_VISIBLE_DEVICES": "x" * 9999,
    }  # fmt: skip

    assert sorted(root_server.told(given)) == [
        "CUDA_VISIBLE_DEVICES",
        "LSB_MCPU_HOSTS",
        "SLURM_JOB_ID",
        "SLURM_JOB_NODELIST",
    ]


@pytest.mark.parametrize("verb", ["kernel", "shell", "scheduler", "server2", ""])
def test_a_person_may_ask_for_nothing_else(site: UnixSite, verb: str) -> None:
    """What the service account may ask for, sudo doesn't let a person."""
    ended = server(site, "ann", site.users["bob"], "X-1", "x-1-lab", verb=verb)

    assert ended.returncode == 1
    assert "ccds root helper" not in ended.stderr


@pytest.mark.parametrize("person", ["service", "bob"])
def test_others_do_not_start_it(site: UnixSite, person: str) -> None:
    """Neither the service account, which would be nobody's job, nor another person."""
    run = _run(site, f"ann-for-{person}", "ann")

    ended = server(site, person, run, "0")

    assert ended.returncode == root_helper.REFUSED
    assert not (run / "0" / "claim.json").exists()


def test_the_server_can_be_ended_by_its_scheduler_only(site: UnixSite) -> None:
    """Its person's kernel-free hands don't reach it: another user's process, though it is in their job."""
    run = _run(site, "ann-4", "ann", ("sleep", "600"))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(server, site, "ann", run, "0")
        until((run / "0" / "claim.json").exists, "the run to be claimed")
        pid = json.loads((run / "0" / "claim.json").read_text())["pid"]

        killed = run_as(site.users["ann"], "kill", "-KILL", str(pid))
        read = run_as(site.users["ann"], "cat", f"/proc/{pid}/environ", str(run / "run.json"))
        os.kill(pid, 15)  # as the scheduler, which is root, ends a job
        ended = running.result(60)

    assert "not permitted" in killed.stderr
    assert TOKEN not in read.stdout
    assert read.stderr.count("Permission denied") == 2
    assert ended.returncode == 128 + 15
    assert json.loads((run / "0" / "exit.json").read_text())["stopped"]


def test_only_a_process_of_slurm_s_own_tells_that_it_is_in_a_job() -> None:
    """Root's, and of that program: not somebody's own program of that name."""
    need_root()
    with open_folder() as folder:
        named = folder / "slurmstepd"
        shutil.copy("/bin/sleep", named)
        root, other, forged = (
            subprocess.Popen([program, "600"], user=user)
            for program, user in ((named, 0), ("/bin/sleep", 0), (named, "nobody"))
        )
        found = [root_server.in_slurm_job(process.pid) for process in (root, other, forged)]
        for process in (root, other, forged):
            process.kill()
            process.wait()

    assert found == [True, False, False]
