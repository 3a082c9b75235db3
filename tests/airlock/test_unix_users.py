"""Submissions as real Unix users leave and find them: read by members, changed by nobody else, closed to others."""

from collections.abc import Iterator

import pytest

from ccds_kernel.irb.applying import apply_application
from support.airlock import TABLE
from support.site import application, on_roster
from support.unix import UnixSite, python_as, run_as, unix_site

PROJECT = "CCDSTR-7"
ID = "0123456789ab"
SUBMITS = f"""
from pathlib import Path
from ccds_kernel.airlock.drop import Drop, close, store
with Drop(Path({{place!r}})).filling({ID!r}) as folder:
    store([{TABLE!r}.encode()], folder, "inner/table.csv")
    close(folder)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[UnixSite]:
    """A site with a project of ann, bob and a champion, into whose airlock ann has put a table; eve isn't on it."""
    with unix_site("ann", "bob", "cher", "eve") as made:
        roles = {made.users["ann"]: "scientist", made.users["bob"]: "engineer", made.users["cher"]: "champion"}
        applied = application(id=PROJECT, egress="airlock", data=["images", "reports"], roster=on_roster(**roles))
        apply_application(applied, person="root", settings=made.settings)
        done = python_as(made.users["ann"], SUBMITS.format(place=str(made.settings.paths.projects / PROJECT)))
        assert done.returncode == 0, done.stderr
        yield made


@pytest.fixture
def run(site):
    """Runs a shell command as somebody, in the airlock's folder; whether it worked, and its output."""

    def run_it(person: str, command: str) -> tuple[bool, str]:
        place = site.settings.paths.projects / PROJECT / "airlock"
        done = run_as(site.users[person], "/bin/sh", "-c", f"cd {place} && {command}")
        return done.returncode == 0, done.stdout

    return run_it


@pytest.mark.parametrize("person", ["ann", "bob", "cher", "service"])
def test_members_and_the_service_account_read_it(run, person):
    """A reviewer looks at the very files, a champion without any right on the data too."""
    assert run(person, f"cat {ID}/inner/table.csv") == (True, TABLE)


@pytest.mark.parametrize("person", ["bob", "cher"])
@pytest.mark.parametrize(
    "command",
    [
        f"echo x >> {ID}/inner/table.csv", f"rm -f {ID}/inner/table.csv && test ! -e {ID}/inner/table.csv",
        f"mv {ID} ffffffffffff", f"rm -rf {ID} && test ! -e {ID}", f"touch {ID}/more.csv", f"chmod -R u+w,g+w {ID}",
        f"ln -s /etc/passwd {ID}/inner/link",
    ],
)  # fmt: skip
def test_nobody_else_changes_it(run, person, command):
    """Neither file, nor folder, nor name."""
    assert run(person, command)[0] is False
    assert run("ann", f"cat {ID}/inner/table.csv") == (True, TABLE)


def test_its_author_has_to_break_the_seal_first(run):
    """The files are read-only for her, too; that she can give herself the right back is why hashes decide."""
    assert run("ann", f"echo x >> {ID}/inner/table.csv")[0] is False
    assert run("ann", f"touch {ID}/more.csv")[0] is False


@pytest.mark.parametrize("command", ["ls", f"cat {ID}/inner/table.csv", "mkdir 0123456789ac"])
def test_others_are_kept_out(run, command):
    """Somebody who isn't on the roster doesn't even see what is submitted."""
    assert run("eve", command)[0] is False
