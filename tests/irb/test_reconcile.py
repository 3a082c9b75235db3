"""Reconciling real Unix groups and directories with rosters: what each person can do then, by the operating system's word."""

from pathlib import Path

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.irb.applying import apply_application, expire_application
from ccds_kernel.irb.reconcile import Reconciler
from support.reconciled import EVERYTHING, PROJECT, apply, can, project_application, site, tree_of, whole_site
from support.site import on_roster
from support.unix import UnixSite, python_as, remove_groups, run_as

__all__ = ["apply", "site", "whole_site"]


def test_each_person_may_what_their_role_needs(site, apply):
    """By the file system itself: a scientist, an engineer, a fellow, a labeler, and somebody who isn't on the roster."""
    apply({"ann": "scientist", "bob": "fellow", "cy": "labeler"})

    assert can(site, "ann") == EVERYTHING
    assert can(site, "bob") == ["enter", "read images", "use reports", "use what is made of reports"]
    assert can(site, "cy") == ["enter", "use reports"]
    assert can(site, "eve") == []


@pytest.mark.parametrize(
    "changed",
    [{"expires": "2021-01-01"}, {"withdrawn": "2021-01-01"}, {"approved": "2998-01-01"}],
    ids=["expired", "withdrawn", "not begun"],
)
def test_an_application_that_is_not_in_force_opens_nothing(site, apply, changed):
    """Whoever stands on it; the data stays, and opens again when it is in force."""
    apply({"ann": "engineer"})
    before = can(site, "ann")
    kept = site.settings.paths.projects / PROJECT / "nifti" / "kept"
    kept.write_text("a volume")

    apply({"ann": "engineer"}, **changed)
    meanwhile = can(site, "ann")
    apply({"ann": "engineer"})

    assert (before, meanwhile, can(site, "ann")) == (EVERYTHING, [], EVERYTHING)
    assert kept.read_text() == "a volume"


def test_training_that_lapsed_opens_nothing(site):
    """A date on the roster decides."""
    people = on_roster("2019-01-01", **{site.users["ann"]: "engineer"})

    apply_application(project_application(site, {}, roster=people), person="root", settings=site.settings)

    assert can(site, "ann") == []


def test_the_first_event_of_a_site_is_the_service_account_s(site: UnixSite) -> None:
    """It is written before any folder is there; in root's hands it would shut the daemon out of the site's chain for good."""
    leadership = (site.users["eve"],)
    settings = site.settings.model_copy(update={"hub": site.settings.hub.model_copy(update={"leadership": leadership})})
    reconciler, log = Reconciler(settings), audit_log(settings)

    with reconciler.alone():
        reconciler.carry_out(reconciler.look(), person="root", audit=log)
    (event,) = log.entries()
    made = [settings.paths.audit, *settings.paths.audit.iterdir()]
    remove_groups("ccds-leadership")

    assert event["detail"]["granted"] == [f"{leadership[0]} ccds-leadership"]
    assert {path.owner() for path in made} == {site.users["service"]}


def test_an_amendment_takes_and_gives(site, apply):
    """Roles, people and data kinds; who goes is out, who comes is in, and the log says both."""
    apply({"ann": "scientist", "bob": "fellow"})

    apply({"ann": "scientist", "eve": "engineer"}, data=["images"])

    assert can(site, "ann") == ["enter", "read images", "write images"]
    assert can(site, "bob") == []
    assert can(site, "eve") == ["enter", "read images", "write images"]
    (entry,) = [
        one["detail"]
        for one in FileAuditSink(site.settings.paths.audit).entries(PROJECT)
        if one["event"] == "MembersChanged"
    ][1:]
    base, ann, bob, eve = f"irb-{PROJECT.lower()}", site.users["ann"], site.users["bob"], site.users["eve"]
    assert entry["granted"] == [f"{eve} {base}", f"{eve} {base}-images", f"{eve} {base}-images-w"]
    of_reports = [f"{person} {base}-{kind}" for kind in ("rows", "reports") for person in (ann, bob)]
    assert entry["withdrawn"] == [f"{bob} {base}", f"{bob} {base}-images", *of_reports]


def test_what_one_member_writes_another_one_reads(site, apply):
    """Whatever the writer's umask says; folders they make hand the same on, and nobody outside gets in by it."""
    apply({"ann": "scientist", "bob": "engineer"})
    place = site.settings.paths.projects / PROJECT / "normalized" / "abc"

    code = f"import os; os.umask(0o077); os.mkdir({str(place)!r}); open({str(place / 'a.nii')!r}, 'w').write('x')"
    written = python_as(site.users["ann"], code)
    read = run_as(site.users["bob"], "cat", str(place / "a.nii"))
    more = run_as(site.users["bob"], "touch", str(place / "b.nii"))
    outside = run_as(site.users["eve"], "cat", str(place / "a.nii"))

    assert written.returncode == 0, written.stderr
    assert (read.returncode, read.stdout, more.returncode) == (0, "x", 0)
    assert outside.returncode != 0


def test_a_person_s_folder_is_theirs(site, apply):
    """Another member can't look into it; the service account, whose servers show notebooks, can."""
    apply({"ann": "scientist", "bob": "engineer"})
    folder = site.settings.paths.projects / PROJECT / "work" / site.users["ann"]

    mine = run_as(site.users["ann"], "touch", str(folder / "n.ipynb"))
    theirs = run_as(site.users["bob"], "ls", str(folder))
    server_s = run_as(site.users["service"], "sh", "-c", f"echo x > {folder}/n.ipynb && echo x > {folder}/m.ipynb")
    back = run_as(site.users["ann"], "sh", "-c", f"echo y >> {folder}/m.ipynb && cat {folder}/m.ipynb")

    assert (mine.returncode, theirs.returncode, server_s.returncode) == (0, 2, 0), server_s.stderr
    assert back.stdout == "x\ny\n"


REPLACE = """
import os, sys
top, registry, audit = sys.argv[1:]
done = []
def attempt(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return
    done.append((what.__name__, *arguments))
for path in (
    registry + "/irb.yaml", registry, registry + "/history", top, top + "/project.db", top + "/project.db-wal",
    top + "/project.lock",
    top + "/nifti", top + "/work", top + "/work/" + sys.argv[1].split("/")[-1], audit, audit + "/CCDSTR-1.jsonl",
):
    attempt(os.rename, path, path + ".old")
    attempt(os.unlink, path)
    attempt(os.rmdir, path)
    attempt(os.symlink, "/etc", path + "2")
    attempt(os.chmod, path, 0o777)
    attempt(os.chown, path, os.getuid(), os.getgid())
attempt(os.truncate, registry + "/irb.yaml", 0)
attempt(os.truncate, audit + "/CCDSTR-1.jsonl", 0)
attempt(os.listdir, audit)
attempt(os.link, top + "/project.db", "/tmp/ccdst-link")
print(done)
"""


def test_a_member_with_every_right_replaces_nothing(site, apply):
    """Not the application, the database, the audit log, the project's directory or what stands in it."""
    apply({"ann": "engineer"})
    paths = site.settings.paths
    places = [str(paths.projects / PROJECT), str(paths.registry / PROJECT), str(paths.audit)]
    before = tree_of(site)

    done = run_as(site.users["ann"], "/usr/bin/python3", "-c", REPLACE, *places)

    # The database is theirs to write, and so a second name of it elsewhere gives nobody anything; all else is refused.
    allowed = f"[('link', '{places[0]}/project.db', '/tmp/ccdst-link')]\n"
    Path("/tmp/ccdst-link").unlink(missing_ok=True)  # noqa: S108 - made by the attacker
    assert done.stdout in ("[]\n", allowed), done.stderr
    assert tree_of(site) == before


def test_ending_an_application_ends_access(site, apply):
    """By `ccds irb expire`; what lies there stays."""
    apply({"ann": "engineer"})

    expire_application(PROJECT, person="root", settings=site.settings)

    assert can(site, "ann") == []
    assert (site.settings.paths.projects / PROJECT / "nifti").is_dir()
