"""The root helper's `job`, called through sudo by real Unix users: for whom it starts what, and all that it refuses."""

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session import root_helper
from ccds_kernel.session.root_batch import MOST_LINE_BYTES, NEVER_BEGAN, Order
from ccds_kernel.session.root_helper import REFUSED, Refused
from support.components import need_program
from support.site import application, on_roster
from support.unix import UnixSite, shared_python, sudo_rules, unix_site

PROJECT, OTHER = "CCDSTR-1", "CCDSTR-2"
FINE = {"command": ["true"], "env": {}, "cwd": "/", "log": "/dev/null"}


@pytest.fixture(scope="module")
def site() -> Iterator[UnixSite]:
    """Ann is on the first project's roster, bob on the second one's; sudo lets the service account use the helper."""
    need_program("setfacl", "apt-get install acl")
    with ExitStack() as stack:
        made = stack.enter_context(unix_site("ann", "bob", more="[sessions]\nhelper = true"))
        for project, person in ((PROJECT, "ann"), (OTHER, "bob")):
            roster = on_roster(**{made.users[person]: "scientist"})
            apply_application(
                application(id=project, data=["images"], roster=roster), person="root", settings=made.settings
            )
        stack.enter_context(sudo_rules(made))
        yield made


def call(
    site: UnixSite,
    *words: str,
    order: dict[str, object] | None = None,
    caller: str = "service",
    then: str = "",
    stays: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Calls the helper's `job` with these words as that account; says `order`, `then` on its input, open until its end."""
    helper, who = str(Path(root_helper.__file__).resolve()), pwd.getpwnam(site.users[caller])
    process = subprocess.Popen(
        ("sudo", "-n", "--", str(shared_python()), "-I", "-S", helper, str(site.config), "job", *words),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/",
        env={"PATH": os.defpath, "LANG": "C.UTF-8"}, user=who.pw_uid, group=who.pw_gid, extra_groups=[],
    )  # fmt: skip
    with suppress(BrokenPipeError):  # it refused before
        process.stdin.write(json.dumps(order or FINE) + "\n" + then)
        process.stdin.flush()
        if stays:
            process.wait(60)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def words_for(site: UnixSite, person: str = "ann", project: str = PROJECT) -> tuple[str, str, str]:
    """What stands behind the verb."""
    return site.users.get(person, person), project, "a-job"


def test_nothing_outlives_the_input_of_the_helper(site: UnixSite) -> None:
    """Whoever ordered the job is gone: their end of it is closed, and a command that would run for ever has ended."""
    home = site.folder / "projects" / PROJECT / "work" / site.users["ann"]
    order = {"command": ["sh", "-c", "echo began; sleep 600"], "env": {}, "cwd": str(home), "log": str(home / "log")}

    done = call(site, *words_for(site), order=order, stays=False)

    assert done.returncode == 128 + 9
    assert subprocess.run(["pgrep", "-u", site.users["ann"]], check=False, capture_output=True).stdout == b""


def test_an_end_that_is_said_with_the_order_is_one(site: UnixSite) -> None:
    """Also where the command hasn't begun yet."""
    order = FINE | {"command": ["sleep", "600"]}

    done = call(site, *words_for(site), order=order, then="TERM\n")

    assert done.returncode == 128 + 15


PEOPLE = {
    "another project": ("ann", OTHER),
    "no project": ("ann", "CCDSTR-9"),
    "a project of dots": ("ann", f"../{PROJECT}"),
    "another person": ("bob", PROJECT),
    "root": ("root", PROJECT),
    "the system's": ("daemon", PROJECT),
    "the service account": ("service", PROJECT),
    "nobody of that name": ("ccdstnobody", PROJECT),
    "a path as person": ("../ann", PROJECT),
    "an option as person": ("--help", PROJECT),
}


@pytest.mark.parametrize(("person", "project"), PEOPLE.values(), ids=PEOPLE)
def test_for_nobody_else_and_nowhere_else(site: UnixSite, person: str, project: str) -> None:
    """Whatever the order says."""
    done = call(site, *words_for(site, person, project))

    assert done.returncode == REFUSED
    assert done.stderr.startswith("ccds root helper: ")
    assert done.stderr.count("\n") == 1


ORDERS = {
    "nothing": "",
    "half a line": json.dumps(FINE),
    "no JSON": "hello\n",
    "a list": "[]\n",
    "deep": "[" * 100_000 + "\n",
    "too long": " " * MOST_LINE_BYTES + json.dumps(FINE) + "\n",
    "no command": FINE | {"command": []},
    "a text as command": FINE | {"command": "true"},
    "a number in the command": FINE | {"command": ["true", 7]},
    "a NUL": FINE | {"command": ["true\0"]},
    "half a sign": FINE | {"command": ["\ud800"]},
    "a list as env": FINE | {"env": []},
    "a number in env": FINE | {"env": {"A": 7}},
    "a name with =": FINE | {"env": {"A=B": "x"}},
    "a relative log": FINE | {"log": "log"},
    "a relative folder": FINE | {"cwd": "."},
    "no folder": {name: value for name, value in FINE.items() if name != "cwd"},
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_what_is_no_order_starts_nothing(order: str | dict[str, object]) -> None:
    """Half, huge or of another form."""
    line = order if isinstance(order, str) else json.dumps(order) + "\n"

    with pytest.raises(Refused):
        Order.parse(line.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_an_order_or_refused(line: bytes) -> None:
    """Nothing else comes of them."""
    try:
        Order.parse(line + b"\n")
    except Refused:
        return
    raise AssertionError


FAILURES = {
    "the log file can't be opened": FINE | {"log": "/etc/ccdst-log"},
    "the working directory can't be entered": FINE | {"cwd": "/root/none"},
    "the command can't be started: no-such-program": FINE | {"command": ["no-such-program"]},
    "the command can't be started: shadow": FINE | {"command": ["/etc/shadow"]},
}


@pytest.mark.parametrize(("said", "order"), FAILURES.items(), ids=FAILURES)
def test_what_can_not_be_started_is_named(site: UnixSite, said: str, order: dict[str, object]) -> None:
    """With the person's rights, which the log and the folder are opened with."""
    done = call(site, *words_for(site), order=order)

    assert done.returncode == NEVER_BEGAN
    assert done.stderr.startswith(said)
    assert not Path("/etc/ccdst-log").exists()


def test_only_the_service_account_may_ask(site: UnixSite) -> None:
    """The person whose job it would be can't: sudo knows no rule for them."""
    done = call(site, *words_for(site), caller="ann")

    assert done.returncode == 1
    assert done.stderr.startswith("sudo:")


def test_not_on_a_cluster(site: UnixSite, tmp_path: Path) -> None:
    """There the scheduler starts people's jobs as them."""
    kept = tmp_path / "ccds.toml"
    shutil.copy(site.config, kept)
    try:
        with site.config.open("a") as file:
            file.write('[scheduler]\nengine = "slurm"\n')
        done = call(site, *words_for(site))
    finally:
        shutil.copyfile(kept, site.config)

    assert done.returncode == REFUSED
    assert "by itself" in done.stderr
