"""The broker's socket: who may ask there, whatever they say and however slowly; nobody takes its place."""

import json
import socket
from pathlib import Path

import pytest

from ccds_kernel.batch import JobSpec, SchedulerUnavailableError
from ccds_kernel.batch.local.brokered import BrokeredScheduler
from ccds_kernel.batch.local.wire import MOST_BYTES, spec_to_wire
from support.broker import bob, jobs, nothing_left, site
from support.jobs import PLACE, PROJECT, JobsSite, acting_as
from support.scheduler_contract import Jobs
from support.waiting import until

__all__ = ["bob", "jobs", "nothing_left", "site"]


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
