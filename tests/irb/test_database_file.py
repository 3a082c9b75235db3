"""A project's SQLite database where people are Unix users: it lies in a directory that they can't write."""

import os
import stat
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.layout import AIRLOCK_FILES, DATABASE_FILES
from ccds_kernel.labeling.tables import report
from ccds_kernel.store.store import open_store
from support.site import application, on_roster
from support.unix import UnixSite, python_as, run_as, unix_site

PROJECT, OTHER = "CCDSTR-7", "CCDSTR-8"

WORK = """
import sys
from pathlib import Path
from sqlalchemy import insert, select
from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tables import report
from ccds_kernel.store.store import open_store
try:
    store = open_store(Path({path!r}))
    with store.writing() as connection:
        connection.execute(insert(report).values(accession={name!r}, study_key={name!r}))
    with store.reading() as connection:
        print(*connection.scalars(select(report.c.accession).order_by(report.c.id)))
    store.close()
except CcdsError as error:
    sys.exit(f"{{error}}")
"""
"""Writes a row, reads all, and closes: the last to have it open."""

REPLACE = """
import os, sys
for path in sys.argv[1:]:
    for what in (
        lambda: os.unlink(path),
        lambda: os.rename(path, path + ".old"),
        lambda: os.link(path, os.path.dirname(path) + "/mine"),
        lambda: os.replace("/etc/hostname", path),
        lambda: os.symlink("/tmp/mine", path + "-journal"),
        lambda: os.chmod(path, 0o666),
        lambda: os.chown(path, os.getuid(), -1),
    ):
        try:
            what()
        except OSError:
            continue
        sys.exit(f"{path} was changed")
"""


@pytest.fixture(scope="module")
def site() -> Iterator[UnixSite]:
    """A site with two projects: ann and bob work with the reports of one, eve with those of the other."""
    with unix_site("ann", "bob", "eve") as site:
        for project, people in ((PROJECT, ("ann", "bob")), (OTHER, ("eve",))):
            roster = on_roster(**{site.users[name]: "fellow" for name in people})
            apply_application(application(id=project, roster=roster), person="root", settings=site.settings)
        yield site


def database(site: UnixSite, project: str = PROJECT):
    """Where it lies."""
    return site.settings.paths.projects / project / "project.db"


def work(site: UnixSite, name: str, row: str, project: str = PROJECT):
    """Works with the database as that person."""
    return python_as(site.users[name], WORK.format(path=str(database(site, project)), name=row), env=site.env)


def files(site: UnixSite) -> dict[str, tuple[int, int, int]]:
    """Owner, group and permissions of each of the database's files that are there."""
    found = {path.name: path.stat() for path in database(site).parent.iterdir() if path.is_file()}
    return {name: (one.st_uid, one.st_gid, stat.S_IMODE(one.st_mode)) for name, one in found.items()}


def test_members_work_with_it_one_after_the_other(site):
    """Each is the last to close it and can't remove what SQLite would: the next one finds every row."""
    before = files(site)

    done = [work(site, name, row) for name, row in (("ann", "a1"), ("bob", "b1"), ("ann", "a2"))]

    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 3
    assert done[-1].stdout.split()[-3:] == ["a1", "b1", "a2"]
    assert sorted(before) == sorted((*DATABASE_FILES, *AIRLOCK_FILES))
    assert files(site) == before


def test_members_go_on_after_root_was_the_last_to_close_it(site):
    """Root could remove the files that members can't make: it leaves them, as they were."""
    before = files(site)
    store = open_store(database(site))
    with store.writing() as connection:
        connection.execute(insert(report).values(accession="r1", study_key="r1"))
    store.close()

    done = work(site, "bob", "b2")

    assert done.returncode == 0, done.stderr
    assert {"r1", "b2"} <= set(done.stdout.split())
    assert files(site) == before


def test_root_reads_what_members_left_in_the_log(site):
    """The write-ahead log that stays behind is part of the database."""
    work(site, "ann", "a3")

    store = open_store(database(site))

    with store.reading() as connection:
        assert "a3" in connection.scalars(select(report.c.accession)).all()
    store.close()


def test_a_member_of_another_project_reads_nothing(site):
    """Neither through the program nor the file itself, and finds out no more than that it is closed."""
    tried = work(site, "eve", "e1")
    copied = run_as(site.users["eve"], "cp", str(database(site)), "/dev/null")
    own = work(site, "eve", "e1", OTHER)

    assert tried.returncode == 1
    assert tried.stderr.startswith("expected ")
    assert "Traceback" not in tried.stderr
    assert "Permission denied" in copied.stderr
    assert (own.returncode, own.stdout.split()) == (0, ["e1"])


def test_a_member_replaces_none_of_its_files(site):
    """Not renamed, removed, linked or opened to others, and no journal is slipped in for SQLite to play back."""
    before = files(site)
    places = [str(database(site).with_name(name)) for name in (*DATABASE_FILES, *AIRLOCK_FILES)]

    done = run_as(site.users["ann"], "/usr/bin/python3", "-c", REPLACE, *places)

    assert (done.returncode, done.stderr) == (0, "")
    assert files(site) == before
    assert os.path.lexists(f"{places[0]}-journal") is False
