"""Label snapshots as real Unix users leave and find them: read by whoever uses reports, changed or taken away by nobody else."""

from collections.abc import Iterator

import pytest

from ccds_kernel.irb.applying import apply_application
from support.site import application, on_roster
from support.unix import UnixSite, python_as, run_as, unix_site

PROJECT = "CCDSTR-8"
SNAPSHOT = """
from pathlib import Path
from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation import snapshot_file
from ccds_kernel.labeling.confirmation.snapshot import Basis, LabelRow, sealed
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.tasks.task import Task
folder = Path({folder!r})
row = LabelRow("k1", "effusion", "present", Source.SOFT, (), "present", 1, "effusion")
snapshot = sealed(Basis.of(1, Task("effusion")), [row])
try:
    {what}
except CcdsError as error:
    print(error)
"""


@pytest.fixture
def site() -> Iterator[UnixSite]:
    """A site with a project of the fellows ann and bob and the engineer cy."""
    with unix_site("ann", "bob", "cy") as made:
        roles = {made.users["ann"]: "fellow", made.users["bob"]: "fellow", made.users["cy"]: "engineer"}
        applied = application(id=PROJECT, data=["images", "reports"], roster=on_roster(**roles))
        apply_application(applied, person="root", settings=made.settings)
        yield made


@pytest.fixture
def run(site):
    """Lets somebody do something with the snapshot: Python, in which it is `snapshot`; what it prints."""
    folder = site.settings.paths.projects / PROJECT / "snapshots"

    def run_it(person: str, what: str) -> str:
        done = python_as(site.users[person], SNAPSHOT.format(folder=str(folder), what=what))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run_it


@pytest.fixture
def shell(site):
    """Runs a shell command as somebody in the folder, in which $file is the snapshot's; whether it worked."""
    folder = site.settings.paths.projects / PROJECT / "snapshots"

    def run_it(person: str, command: str) -> bool:
        command = f"cd {folder} && file=$(echo labels-*.parquet) && {command}"
        return run_as(site.users[person], "/bin/sh", "-c", command).returncode == 0

    return run_it


KEEP, READ = "print(snapshot_file.keep(folder, snapshot))", "print(snapshot_file.read(folder, snapshot.id) == snapshot)"


def test_nobody_changes_removes_or_replaces_another_one_s(run, shell):
    """Whatever they may do with reports otherwise: neither the file nor its name. All of them read it, and take it again."""
    kept = run("ann", KEEP)
    commands = [
        "echo x >> $file",
        "chmod u+w,g+w $file",
        "rm -f $file && test ! -e $file",
        "mv $file other",
        "echo x > other && mv -f other $file",
        "ln -sf /etc/passwd $file",
        "cd .. && mv snapshots elsewhere",
    ]

    worked = {
        (person, command) for command in commands for person in ("bob", "cy", "service") if shell(person, command)
    }

    assert (kept, worked) == ("None", set())
    assert [run(person, READ) for person in ("ann", "bob", "cy")] == ["True"] * 3
    assert run("bob", KEEP) == "None"


def test_what_its_own_taker_changed_is_found_out(run, shell):
    """They can give themselves the right back, which is why the hash decides; it is theirs to mend, or the site's."""
    run("ann", KEEP)
    unsealed = shell("ann", "echo x >> $file")
    assert shell("ann", "chmod u+w $file && echo x >> $file")

    read, again = run("bob", READ), run("bob", KEEP)
    mended = run("ann", KEEP)

    assert not unsealed
    assert "found something else; restore it from the backup" in read
    assert again.endswith(
        "found something else, which is another person's, so that only they can move it; let them take the snapshot again, or "
        "whoever runs this site restore it from the backup"
    )
    assert mended.endswith(".parquet.damaged")
    assert run("bob", READ) == "True"
