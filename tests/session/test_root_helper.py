"""The root helper itself, called through sudo by real Unix users: for whom it starts nothing, and what it goes by."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ccds_kernel.irb.application import ID, slug_of
from ccds_kernel.session import root_helper, root_person
from ccds_kernel.settings import Person
from support.components import need_program
from support.helped_site import HELPER, OTHER, PROJECT, SESSION, site
from support.unix import UnixSite, run_as, shared_python

__all__ = ["site"]


def helper(site: UnixSite, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The helper, as the service account calls it."""
    words = ["sudo", "-n", str(shared_python()), "-I", "-S", str(HELPER), str(site.config), *arguments]
    return run_as(site.users["service"], *words, stdin=stdin)


@pytest.mark.parametrize(
    "arguments",
    [
        ("kernel", "root", PROJECT, SESSION), ("kernel", "daemon", PROJECT, SESSION), ("kernel", "{service}", PROJECT, SESSION),
        ("kernel", "{bob}", OTHER, "ccdstr-2-lab"), ("kernel", "{ann}", "NONE-1", SESSION), ("kernel", "{ann}", "../x", SESSION),
        ("kernel", "{ann}", PROJECT, "x;id"), ("kernel", "{ann}\n", PROJECT, SESSION), ("kernel", "nobody", PROJECT, SESSION),
        ("python", "{ann}", PROJECT, SESSION), ("kernel", "{ann}", PROJECT), ("kernel", "{ann}", PROJECT, SESSION, "more"),
        ("kernel", "--help", PROJECT, SESSION), ("kernel", "", PROJECT, SESSION),
    ],
)  # fmt: skip
def test_the_helper_refuses(site: UnixSite, arguments: tuple[str, ...]) -> None:
    """Root, the system's users, the service account itself, who isn't on the project, and every other form."""
    ended = helper(site, *(word.format(**site.users) for word in arguments))

    assert ended.returncode == root_helper.REFUSED
    assert ended.stderr.startswith("ccds root helper: ")
    assert ended.stdout == ""


def test_whoever_may_become_root_gets_no_session(site: UnixSite) -> None:
    """Whoever can start their code is them, and then root."""
    bob = site.users["bob"]
    subprocess.run(["gpasswd", "-a", bob, "adm"], check=True, capture_output=True)

    ended = helper(site, "kernel", bob, PROJECT, SESSION)
    subprocess.run(["gpasswd", "-d", bob, "adm"], check=True, capture_output=True)

    assert ended.returncode == root_helper.REFUSED
    assert "somebody who may become root" in ended.stderr


@given(st.from_regex(ID, fullmatch=True), st.from_regex(r"[a-z_][a-z0-9_.-]{0,63}", fullmatch=True))
def test_it_takes_every_id_and_name_that_can_be_on_a_roster(project: str, person: str) -> None:
    """What an application allows no session is refused for."""
    assert root_person._PROJECT.fullmatch(project)
    assert root_person._SESSION.fullmatch(f"{slug_of(project)}-lab")
    assert root_helper._PERSON.fullmatch(TypeAdapter(Person).validate_python(person))


@pytest.mark.parametrize(
    "line",
    [
        "", "\n", "{}\n", "[" * 9000 + "\n", "x" * 20_000 + "\n",
        '{"name": "sh", "folder": "", "sockets": "0123456789abcdef", "connection": {"transport": "ipc"}}\n',
        '{"name": "ccds", "folder": "", "sockets": "../../etc", "connection": {"transport": "ipc"}}\n',
        '{"name": "ccds", "folder": "", "sockets": "0123456789abcdef", "connection": {"transport": "tcp"}}\n',
        '{"name": "ccds", "folder": 1, "sockets": "0123456789abcdef", "connection": {"transport": "ipc"}}\n',
    ],
)  # fmt: skip
def test_the_helper_takes_no_junk_for_a_kernel(site: UnixSite, line: str) -> None:
    """One line that describes a kernel it knows, in a folder for sockets of the form it makes."""
    ended = helper(site, "kernel", site.users["ann"], PROJECT, SESSION, stdin=line)

    assert (ended.returncode, ended.stdout) == (root_helper.REFUSED, "")
    assert len(ended.stderr) < 200


def test_other_settings_than_root_s_are_refused(site: UnixSite, tmp_path: Path) -> None:
    """A file that somebody else could have written decides nothing."""
    own = tmp_path / "ccds.toml"
    own.write_text(site.config.read_text())
    shutil.chown(own, site.users["service"])

    with pytest.raises(root_helper.Refused, match="root's alone"):
        root_helper.read_site(str(own))


def test_nobody_but_the_service_account_may_call_it(site: UnixSite) -> None:
    """Sudo lets a person do nothing."""
    words = [
        "sudo",
        "-n",
        str(shared_python()),
        "-I",
        "-S",
        str(HELPER),
        str(site.config),
        "kernel",
        site.users["bob"],
        PROJECT,
        SESSION,
    ]

    ended = run_as(site.users["ann"], *words)

    assert ended.returncode == 1
    assert "ccds root helper" not in ended.stderr


def test_the_example_for_sudoers_is_right() -> None:
    """As visudo reads it."""
    need_program("visudo", "apt-get install sudo")
    example = Path(__file__).parents[2] / "hub/site/sudoers.d/ccds"

    checked = subprocess.run(["visudo", "-c", "-f", example], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_its_file_needs_python_s_library_only() -> None:
    """What it imported from elsewhere could run as root: it loads where there is nothing else."""
    ended = subprocess.run(
        [shared_python(), "-I", "-S", HELPER], capture_output=True, text=True, check=False, env={"PATH": os.defpath}
    )

    assert ended.returncode == root_helper.REFUSED
    assert ended.stderr.startswith("ccds root helper: expected <ccds.toml> kernel|shell|job|scheduler|server")
