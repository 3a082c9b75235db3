"""People's jobs on this machine: through a real socket, as real Unix users, run by the real root helper through sudo."""

import json
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ccds_kernel.batch import (
    JobId,
    JobRefusedError,
    JobSpec,
    JobState,
    PriorityClass,
    SchedulerUnavailableError,
    UnknownJobError,
)
from ccds_kernel.batch.local.broker import MOST_WAITING
from ccds_kernel.batch.local.brokered import BrokeredScheduler
from ccds_kernel.batch.local.names import read_name
from ccds_kernel.batch.local.wire import MOST_BYTES, spec_to_wire
from ccds_kernel.errors import CcdsError
from support.jobs import OTHER, PLACE, PROJECT, As, JobsSite, acting_as, jobs_site
from support.scheduler_contract import HOLD, Connect, Jobs, SchedulerContract
from support.waiting import until


@pytest.fixture(scope="module")
def site() -> Iterator[JobsSite]:
    """Ann and bob are on the first project's roster, eve on none."""
    with jobs_site("eve") as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_left(site: JobsSite) -> Iterator[None]:
    """A test leaves no job, and no process of a person's."""
    yield
    for name in ("ann", "bob"):
        theirs = As(site.person(name))
        for one in theirs.mine():
            theirs.cancel(one.id)
    if any(read_name(name) is None for name in site.live()):  # a session's
        site.end_jobs()
    until(lambda: site.live() == [], "the jobs to end", seconds=40)
    assert processes_of(site, "ann") == processes_of(site, "bob") == []


def processes_of(site: JobsSite, name: str) -> list[psutil.Process]:
    """What runs as this person."""
    uid, found = pwd.getpwnam(site.person(name)).pw_uid, []
    for one in psutil.process_iter():
        try:
            if one.uids().real == uid and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except psutil.Error:
            continue
    return found


def jobs_of(site: JobsSite, name: str, project: str = PROJECT) -> Jobs:
    """Specs and waits of a person's, in their own folder of a project."""
    return Jobs(As(site.person(name), project), site.folder(name, project))


@pytest.fixture
def connect(site: JobsSite) -> Connect:
    """New clients of ann's."""
    return lambda: As(site.person("ann"))


@pytest.fixture
def jobs(site: JobsSite) -> Iterator[Jobs]:
    """Ann's jobs."""
    found = jobs_of(site, "ann")
    yield found
    found.log.unlink(missing_ok=True)


@pytest.fixture
def bob(site: JobsSite) -> Jobs:
    """Bob's."""
    return jobs_of(site, "bob")


class TestBrokeredScheduler(SchedulerContract):
    """Every promise of the port, but for classes: there is only one, and its owner is who asks."""

    def test_a_job_runs_and_its_end_is_told(self, site: JobsSite, jobs: Jobs) -> None:
        """It ran as the person, whoever a spec says that they are."""
        job = jobs.submit("fine", "sh", "-c", "id -un", owner="bob")
        status = jobs.until_ended(job)

        ann = site.person("ann")
        assert (status.state, status.exit_code, status.name) == (JobState.SUCCEEDED, 0, "fine")
        assert (status.owner, status.user) == (ann, ann)
        assert status.submitted <= status.started <= status.ended
        assert jobs.log.read_text() == f"{ann}\n"
        assert jobs.log.owner() == ann

    @pytest.mark.parametrize("kind", [PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.APP])
    def test_first_nodes_start_before_further_nodes_before_batch(self, jobs: Jobs, kind: PriorityClass) -> None:
        """Nothing but batch work is taken: sessions are the hub's to start."""
        with pytest.raises(JobRefusedError):
            jobs.submit("node", *HOLD, priority_class=kind)
        with pytest.raises(JobRefusedError):
            jobs.scheduler.estimate(jobs.spec("node", *HOLD, priority_class=kind))

        assert jobs.scheduler.mine() == []

    def test_a_waiting_job_is_promoted(self, jobs: Jobs) -> None:
        """It isn't."""
        job = jobs.submit("batch", *HOLD)

        with pytest.raises(JobRefusedError):
            jobs.scheduler.set_priority(job, PriorityClass.FIRST)

        assert jobs.status(job).priority_class is PriorityClass.BATCH

    def test_an_app_session_stays_one(self, site: JobsSite, jobs: Jobs) -> None:
        """One that the hub started for the same person is no job of theirs here."""
        app = JobId(submitted_by_the_hub(site, "app"))

        with pytest.raises(UnknownJobError):
            jobs.scheduler.set_priority(app, PriorityClass.FIRST)

    def test_an_app_session_starts_on_a_full_machine(self, site: JobsSite, jobs: Jobs) -> None:
        """A first node takes the place of batch work that may be stopped, which goes on when there is room again."""
        job = jobs.submit("yields", *HOLD, gpus=4, requeueable=True)
        jobs.until_runs(job)

        node = submitted_by_the_hub(site, "first", gpus=4)
        until(lambda: jobs.status(job).requeues == 1, "the job to make room")
        waits = jobs.status(job)
        site.as_service(f"scheduler.cancel({node!r})")

        assert waits.state is JobState.PENDING
        assert jobs.until_runs(job).requeues == 1


def submitted_by_the_hub(site: JobsSite, kind: str, gpus: int = 0) -> str:
    """A session's job of ann's, as the hub submits it; its id."""
    return site.as_service(
        "from pathlib import Path\nfrom ccds_kernel.batch import JobSpec\n"
        f"print(scheduler.submit(JobSpec(name='session-{kind}', command=('sleep', '600'), cwd=Path('/'), "
        f"log=Path('/dev/null'), owner={site.person('ann')!r}, priority_class={kind!r}, gpus={gpus}, memory_mb=10)))"
    )


def test_a_job_has_the_groups_of_its_project_only(site: JobsSite, jobs: Jobs) -> None:
    """Ann is on two rosters; her job reaches one project, gets no privileges back, and finds who and where it is."""
    secret = site.site.folder / "projects" / OTHER / "nifti"
    code = (
        f'id -Gn; ls {secret}; grep NoNewPrivs /proc/self/status; echo "$USER $CCDS_PROJECT $CCDS_CONFIG $HOME"; umask'
    )

    jobs.until_ended(jobs.submit("groups", "sh", "-c", code, env={"USER": "root", "CCDS_PROJECT": OTHER}))

    groups, refused, privileges, said, mask = jobs.log.read_text().splitlines()
    beginning = f"irb-{PROJECT.lower()}"
    wanted = {f"{beginning}{end}" for end in ("", "-images", "-images-w", "-reports")}
    assert wanted <= set(groups.split()) <= wanted | {site.person("ann")}
    assert "Permission denied" in refused
    assert privileges.split() == ["NoNewPrivs:", "1"]
    assert said.split() == [site.person("ann"), PROJECT, str(site.site.config), str(jobs.folder)]
    assert mask == "0007"


def test_what_a_loader_reads_reaches_nobody_but_the_person(site: JobsSite, jobs: Jobs) -> None:
    """LD_PRELOAD and PYTHON* are the command's own; the service account's and root's processes above it have none of them."""
    mark = "/ccdst-preload.so"
    env = {"LD_PRELOAD": mark, "PYTHONPATH": mark, "BASH_ENV": mark, "SUDO_ASKPASS": mark, "TOKEN": "secret-4711"}
    job = jobs.submit("loader", "sleep", "600", env=env)
    jobs.until_runs(job)
    until(lambda: processes_of(site, "ann"), "the command")

    (command,) = processes_of(site, "ann")
    above = command.parents()[:-1]
    seen = {one.pid: one.environ() for one in [command, *above]}
    arguments = [word for one in [command, *above] for word in one.cmdline()]

    assert seen[command.pid]["LD_PRELOAD"] == mark
    assert not any({"LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "TOKEN"} & seen[one.pid].keys() for one in above)
    assert not any("secret-4711" in word for word in arguments)


def test_a_job_that_ignores_its_end_is_killed_with_all_that_it_started(site: JobsSite, jobs: Jobs) -> None:
    """TERM reaches it; what is deaf to it, in sessions of its own too, is gone after the grace."""
    code = 'trap "echo told" TERM; setsid sh -c \'trap "" TERM; sleep 600\' & while true; do sleep 0.1; done'
    job = jobs.submit("deaf", "sh", "-c", code)
    until(lambda: len(processes_of(site, "ann")) >= 3, "its processes")

    jobs.scheduler.cancel(job)
    until(lambda: jobs.status(job).state.ended, "its end", seconds=40)

    assert jobs.status(job).state is JobState.CANCELLED
    assert "told" in jobs.log.read_text()
    assert processes_of(site, "ann") == []


def test_wall_time_ends_it(site: JobsSite, jobs: Jobs) -> None:
    """As any other job."""
    job = jobs.submit("long", *HOLD, wall_minutes=0.02)

    status = jobs.until_ended(job)

    assert (status.state, status.reason) == (JobState.FAILED, "its wall time is over")
    assert processes_of(site, "ann") == []


@pytest.mark.parametrize("killed", ["wrapper.py", "relay.py"])
def test_nothing_goes_on_where_a_process_in_between_is_killed(site: JobsSite, jobs: Jobs, killed: str) -> None:
    """By kill -9: without the relay the command ends; without the wrapper the keeper still can end it."""
    job = jobs.submit("torn", *HOLD)
    until(lambda: processes_of(site, "ann"), "the command")
    (between,) = (
        one for one in processes_of(site, "service") if killed in " ".join(one.cmdline()[:6]) and "sudo" not in one.name()
        and (killed == "relay.py" or "relay.py" not in " ".join(one.cmdline()))
    )  # fmt: skip

    between.kill()
    if killed == "wrapper.py":
        jobs.scheduler.cancel(job)
    until(lambda: jobs.status(job).state.ended, "its end", seconds=40)

    assert processes_of(site, "ann") == []


def test_the_broker_may_be_killed(site: JobsSite, jobs: Jobs) -> None:
    """While it is away nothing is known, which is no end; when it is back all is as it was."""
    job = jobs.submit("stays", *HOLD)
    before = jobs.until_runs(job)

    site.kill()
    away = jobs.status(job)
    with pytest.raises(SchedulerUnavailableError, match="ccds-jobs"):
        jobs.scheduler.mine()
    site.start()
    until(lambda: jobs.status(job).state is JobState.RUNNING, "the broker to answer")

    assert away.state is JobState.UNKNOWN
    assert jobs.status(job) == before


def test_nobody_sees_or_touches_another_s_jobs(jobs: Jobs, bob: Jobs) -> None:
    """To bob ann's job is one that was never given, in every question; what the machine has free he learns."""
    job = jobs.submit("mine", *HOLD, gpus=3)
    jobs.until_runs(job)

    for call in (bob.scheduler.cancel, bob.scheduler.explain):
        with pytest.raises(UnknownJobError):
            call(job)
    with pytest.raises(UnknownJobError):
        bob.scheduler.extend(job, 5)
    with pytest.raises(UnknownJobError):
        bob.scheduler.set_priority(job, PriorityClass.FIRST)

    seen, never = bob.status(job), bob.status(JobId("999999"))
    assert (seen.state, seen.reason, seen.name, seen.owner) == (never.state, never.reason, None, None)
    assert bob.scheduler.mine() == []
    assert bob.scheduler.capacity()[0].gpus_free == 1
    assert jobs.status(job).state is JobState.RUNNING


def test_a_name_is_one_s_own(site: JobsSite, jobs: Jobs, bob: Jobs) -> None:
    """Two people, and one in two projects, may call jobs alike; none adopts another's, nor a session's of that name."""
    session = submitted_by_the_hub(site, "first")

    found = [
        *(one.submit("session-first", *HOLD) for one in (jobs, bob, jobs_of(site, "ann", OTHER))),
        JobId(session),
    ]

    assert len(set(found)) == 4
    assert sorted(one.id for one in jobs.scheduler.mine()) == sorted([found[0], found[2]])


def test_the_project_is_checked(site: JobsSite, jobs: Jobs) -> None:
    """By the roster: not another's, none of no name, not a person on none, nothing outside a session."""
    for name, project in (("bob", OTHER), ("eve", PROJECT), ("ann", "CCDSTR-9"), ("ann", "../x"), ("ann", "")):
        with pytest.raises(CcdsError, match="found"):
            As(site.person(name), project).submit(jobs.spec("mine", *HOLD))
    with pytest.raises(CcdsError, match="start it from a lab session"):
        As(site.person("ann"), None).submit(jobs.spec("mine", *HOLD))

    assert jobs.scheduler.mine() == []


def test_the_log_is_written_with_the_person_s_rights(site: JobsSite, jobs: Jobs) -> None:
    """Not into the service account's folder, nor through a link to it."""
    aim = site.site.folder / "state" / "made"
    link = jobs.folder / "link"
    link.symlink_to(aim)

    ends = [jobs.until_ended(jobs.submit(f"log-{n}", "echo", "x", log=place)) for n, place in enumerate((aim, link))]
    link.unlink()

    assert all((end.state, "log file" in end.reason) == (JobState.FAILED, True) for end in ends)
    assert not aim.exists()


def test_who_is_off_the_roster_gets_no_start(site: JobsSite, jobs: Jobs, bob: Jobs) -> None:
    """A job that waited is refused by the helper when its turn comes; its person is told why."""
    holder = bob.submit("holder", *HOLD, gpus=4)
    bob.until_runs(holder)
    waits = jobs.submit("late", *HOLD, gpus=1)
    site.apply(PROJECT, {"bob": "scientist"})

    try:
        bob.scheduler.cancel(holder)
        status = jobs.until_ended(waits)
    finally:
        site.apply(PROJECT, {"ann": "scientist", "bob": "scientist"})

    assert (status.state, status.reason) == (JobState.FAILED, "not a member of that project")


def test_so_many_may_wait(jobs: Jobs, bob: Jobs) -> None:
    """One more is refused, one that waits already is adopted, and other people have a number of their own."""
    held = jobs.submit("holder", *HOLD, gpus=4)
    jobs.until_runs(held)
    ids = [jobs.submit(f"waits-{n}", *HOLD, gpus=1) for n in range(MOST_WAITING)]

    with pytest.raises(JobRefusedError, match=str(MOST_WAITING)):
        jobs.submit("one-more", *HOLD, gpus=1)

    assert jobs.submit("waits-3", *HOLD, gpus=1) == ids[3]
    assert bob.submit("his", *HOLD, gpus=1) not in ids


def said_to(user: str, line: bytes, *, closes: bool = False) -> bytes:
    """What comes back for these bytes, said by that Unix user."""
    with socket.socket(socket.AF_UNIX) as connection:
        with acting_as(user):
            connection.connect(str(PLACE))
        connection.settimeout(30)
        try:
            connection.sendall(line)
            if closes:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            return b""


def _spec(**changed: object) -> dict[str, object]:
    spec = JobSpec(name="x", command=("true",), cwd=Path("/"), log=Path("/dev/null"), owner="x")
    return {"ask": "submit", "project": PROJECT, "spec": spec_to_wire(spec) | changed}


STRANGE: dict[str, bytes | dict[str, object]] = {
    "no JSON": b"hello\n",
    "nothing": b"\n",
    "a number": b"7\n",
    "deep": b"[" * 60_000 + b"\n",
    "no text": b"\xff\xfe\n",
    "no such ask": {"ask": "shutdown"},
    "a list as ask": {"ask": ["mine"]},
    "an owner": {"ask": "mine", "owner": "bob"},
    "a uid": {"ask": "cancel", "job": "1", "uid": 0},
    "a job that is none": {"ask": "cancel", "job": {"$": 1}},
    "a huge job": {"ask": "cancel", "job": "9" * 5000},
    "many ids": {"ask": "status", "ids": ["1"] * 1001},
    "no list": {"ask": "status", "ids": "1"},
    "no project": {"ask": "submit", "spec": {}},
    "a project of dots": {**_spec(), "project": "../CCDSTR-1"},
    "a project that is none": {**_spec(), "project": 7},
    "an owner in the spec": _spec(owner="bob"),
    "a class": _spec(priority_class="first"),
    "no class": _spec(priority_class="x"),
    "a name with another's": _spec(name="batch@bob+CCDSTR-1+x/.."),
    "a path that is none": _spec(cwd="tmp"),
    "a log that is none": _spec(log=7),
    "a NUL": _spec(command=["a\0b"]),
    "no command": _spec(command=[]),
    "a text as command": _spec(command="true"),
    "a variable": _spec(env={"A=B": "x"}),
    "a list as env": _spec(env=[]),
    "no cores": _spec(cpus=-1),
    "endless": _spec(wall_minutes=float("inf")),
    "grows": _spec(env={"A": "é" * 20_000}),
}


@pytest.mark.parametrize("said", STRANGE.values(), ids=STRANGE)
def test_a_strange_request_is_answered_in_one_line(site: JobsSite, jobs: Jobs, said: bytes | dict[str, object]) -> None:
    """And nothing is done."""
    line = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode() + b"\n"

    answer = said_to(site.person("ann"), line)

    assert answer.count(b"\n") == 1
    assert list(json.loads(answer)) == ["error"]
    assert jobs.scheduler.mine() == []


def test_what_is_huge_slow_or_half_holds_up_nobody(site: JobsSite, jobs: Jobs, bob: Jobs) -> None:
    """Ann opens more connections than she may and says nothing on them; bob is answered meanwhile, and she when they are over."""
    ann = site.person("ann")
    silent = [socket.socket(socket.AF_UNIX) for _ in range(30)]
    with acting_as(ann):
        for one in silent:
            one.connect(str(PLACE))

    assert bob.scheduler.capacity()
    assert sum(one.recv(1) == b"" for one in silent[20:]) == 10  # at once: she has enough
    for one in silent:
        one.close()
    until(lambda: said_to(ann, b'{"ask": "mine"}\n').startswith(b'{"ok"'), "ann's turn")

    assert b"error" in said_to(ann, b'{"ask": "mi', closes=True)
    assert b"error" in said_to(ann, b'{"ask": "mi')  # and then nothing: told when its time is over
    assert said_to(ann, b"x" * (3 * MOST_BYTES)) in {b"", said_to(ann, b"7\n")}
    assert jobs.scheduler.mine() == []


@pytest.mark.parametrize("user", ["root", "daemon", "service"])
def test_who_is_no_person_is_refused(site: JobsSite, user: str) -> None:
    """Root, the system's users, and the service account itself, which has the scheduler."""
    answer = json.loads(said_to(site.site.users.get(user, user), b'{"ask": "mine"}\n'))

    assert "a person of this machine" in answer["error"][1]


def test_nobody_takes_the_socket_s_place(site: JobsSite) -> None:
    """A person can't remove or replace it; and a client believes no socket in a folder that isn't root's and the service's."""
    ann = site.person("ann")
    for change in (PLACE.unlink, lambda: PLACE.rename(PLACE.with_name("x")), lambda: PLACE.with_name("y").touch()):
        with acting_as(ann), pytest.raises(PermissionError):
            change()
    theirs = site.folder("bob") / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(theirs))
        listener.listen()
        theirs.chmod(0o666)
        with pytest.raises(SchedulerUnavailableError):
            BrokeredScheduler(theirs, PROJECT).mine()
    theirs.unlink()


def test_a_job_s_name_tells_its_person_and_project(site: JobsSite, jobs: Jobs) -> None:
    """To whoever has nothing but the table, such as the reconciler; long names fit."""
    jobs.submit("x" * 128, *HOLD)

    stored = site.as_service("print(*[one.name for one in scheduler.mine()])")
    named = read_name(stored)

    assert (named.person, named.project) == (site.person("ann"), PROJECT)
    assert read_name("session-first") is None
