"""What stands against a reconcile, by chance or on purpose: access that ends ends nevertheless, and nobody gets more by it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cli import main
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application, expire_application
from ccds_kernel.irb.membership import ProjectGroups
from ccds_kernel.irb.reconcile import Reconciler
from ccds_kernel.irb.registry import registry_of
from support.site import application, on_roster, session_of
from support.unix import UnixSite, python_as, remove_groups, run_as, unix_site
from support.waiting import until

ONE, TWO = "CCDSTR-1", "CCDSTR-2"


@pytest.fixture(scope="module")
def whole_site() -> Iterator[UnixSite]:
    """A site with its people as Unix users."""
    with unix_site("ann", "bob", "eve") as site:
        yield site


@pytest.fixture
def site(whole_site: UnixSite, monkeypatch: pytest.MonkeyPatch) -> UnixSite:
    """The same with two projects, ann an engineer of the one and bob of the other; commands run on it."""
    remove_groups("irb-ccdstr")
    for name in ("registry", "projects", "audit"):
        subprocess.run(["rm", "-rf", str(whole_site.folder / name)], check=True)
    monkeypatch.setenv("CCDS_CONFIG", str(whole_site.config))
    apply(whole_site, ONE, "ann")
    apply(whole_site, TWO, "bob")
    return whole_site


def apply(site: UnixSite, project: str, *names: str, **changed: object) -> bool:
    """Applies an application with these people as engineers."""
    roster = on_roster(**{site.users[name]: "engineer" for name in names})
    values = {"id": project, "data": ["images", "reports"], "roster": roster} | changed
    return apply_application(application(**values), person="root", settings=site.settings)


def withdraw_by_hand(site: UnixSite, project: str) -> None:
    """Ends an application in the registry alone, as time does: what follows is the reconcile's."""
    path = site.settings.paths.registry / project / "irb.yaml"
    path.write_text(path.read_text().replace("exam_codes:", "withdrawn: '2021-01-01'\nexam_codes:"))


def reconcile(site: UnixSite) -> int:
    """Runs `ccds irb reconcile`; its exit status."""
    return main(["irb", "reconcile", "--settings", str(site.config)])


def members(project: str) -> set[str]:
    """Everybody who is in one of the project's groups."""
    lines = Path("/etc/group").read_text(encoding="utf-8").splitlines()
    found = {line.split(":")[0]: line.split(":")[3] for line in lines}
    return {one for name in ProjectGroups(project).all for one in found.get(name, "").split(",") if one}


def test_a_second_name_of_a_database_stops_nothing(site: UnixSite) -> None:
    """A member links what they may write into their own folder: the other project's end and their own come all the same."""
    top = site.settings.paths.projects / ONE
    for name in ("project.db", "airlock.db", "project.db-wal"):
        done = run_as(site.users["ann"], "ln", str(top / name), str(top / "work" / site.users["ann"] / name))
        assert done.returncode == 0, done.stderr
    withdraw_by_hand(site, TWO)

    status = reconcile(site)
    expire_application(ONE, person="root", settings=site.settings)

    assert status == 0
    assert (members(ONE), members(TWO)) == (set(), set())


def test_what_stands_in_one_project_s_way_is_that_project_s_problem(site: UnixSite, capsys) -> None:
    """The other one's end comes; nobody new gets into the first; the command says what it is."""
    folder = site.settings.paths.projects / ONE / "masks"
    folder.rmdir()
    folder.write_text("in the way")
    withdraw_by_hand(site, TWO)

    status = reconcile(site)
    told = capsys.readouterr().err
    with pytest.raises(CcdsError, match=f"for {ONE}"):
        apply(site, ONE, "ann", "eve")
    folder.unlink()
    after = reconcile(site)

    assert (status, after) == (1, 0)
    assert "masks, or nothing there; found something else, for CCDSTR-1" in told
    assert members(TWO) == set()
    assert members(ONE) == {site.users["ann"], site.users["eve"]}


def test_a_log_that_can_not_be_written_ends_access_and_begins_none(site: UnixSite) -> None:
    """What can't be logged isn't granted; it is withdrawn."""
    log = site.settings.paths.audit / f"{ONE}.jsonl"
    path = site.settings.paths.registry / ONE / "irb.yaml"
    path.write_text(path.read_text().replace(site.users["ann"], site.users["eve"]))
    kept = log.rename(log.with_suffix(".kept"))
    log.mkdir()

    status = reconcile(site)
    meanwhile = members(ONE)
    log.rmdir()
    kept.rename(log)
    after = reconcile(site)

    assert (status, meanwhile) == (1, set())
    assert (after, members(ONE)) == (0, {site.users["eve"]})


def test_a_database_server_that_is_down_keeps_nobody_in_a_group(site: UnixSite, tmp_path: Path) -> None:
    """The command fails; access to the files has ended."""
    text = site.config.read_text()
    config = tmp_path / "ccds.toml"
    config.write_text(f'{text}\n[database]\nengine = "postgresql"\nhost = "127.0.0.1"\nport = 9\nsslmode = "disable"\n')
    password = site.settings.paths.state / "database_password"
    password.write_text("x")
    password.chmod(0o600)
    withdraw_by_hand(site, TWO)

    status = main(["irb", "reconcile", "--settings", str(config)])
    password.unlink()

    assert (status, members(TWO)) == (1, set())


def test_a_stray_folder_in_the_registry_is_no_project(site: UnixSite) -> None:
    """Somebody's copy: it makes nothing, and stops nothing."""
    registry = site.settings.paths.registry
    shutil.copytree(registry / ONE, registry / f"{ONE}.bak")
    withdraw_by_hand(site, TWO)

    status = reconcile(site)

    assert (status, members(TWO)) == (0, set())
    assert registry_of(site.settings).ids() == (ONE, TWO)
    assert not (site.settings.paths.projects / f"{ONE}.bak").exists()


@pytest.mark.parametrize("place", ["registry/.lock", "projects/.reconcile.lock", "projects/CCDSTR-1/project.lock"])
def test_nobody_else_holds_the_locks_of_the_site(site: UnixSite, place: str) -> None:
    """Not even by reading: who may open a file may lock it."""
    done = run_as(site.users["eve"], "flock", "--nonblock", "--shared", str(site.folder / place), "true")

    assert done.returncode != 0
    assert "Permission denied" in done.stderr


def test_an_amendment_waits_for_a_reconcile_that_runs(site: UnixSite) -> None:
    """So that none carries out what was right before it."""
    file = site.folder / "irb.yaml"
    roster = on_roster(**{site.users["eve"]: "engineer"})
    file.write_text(application(id=ONE, data=["images"], roster=roster).to_yaml())
    reconciler = Reconciler(site.settings)

    with reconciler.alone():
        process = subprocess.Popen([sys.executable, "-m", "ccds_kernel.cli", "irb", "apply", str(file)], env=os.environ)
        until(lambda: _holds(process.pid, ".reconcile.lock"), "the amendment at the lock")
        plan = reconciler.look()
        reconciler.carry_out(plan, person="root", audit=FileAuditSink(site.settings.paths.audit))
        during = members(ONE)
    status = process.wait(60)

    assert (during, status, members(ONE)) == ({site.users["ann"]}, 0, {site.users["eve"]})


def _holds(pid: int, name: str) -> bool:
    return any(one.path.endswith(name) for one in psutil.Process(pid).open_files())


def test_the_service_account_leads_root_nowhere(site: UnixSite) -> None:
    """It owns the registry; a link that it lays there is not followed, by an apply or by a reconcile."""
    target = site.folder / "root-s"
    target.mkdir(mode=0o755)
    registry = site.settings.paths.registry
    (registry / ONE).rename(registry / "kept.away")
    (registry / ONE).symlink_to(target)
    os.lchown(registry / ONE, *_ids(site.users["service"]))
    (registry / ".lock").unlink()
    (registry / ".lock").symlink_to(target / "nologin")

    status = reconcile(site)
    with pytest.raises(CcdsError):
        apply(site, ONE, "ann", "eve")

    assert status in {0, 1}
    assert list(target.iterdir()) == []
    assert (target.stat().st_uid, target.stat().st_mode & 0o777) == (0, 0o755)


def test_folders_that_others_could_swap_are_refused(site: UnixSite) -> None:
    """Where somebody else writes the folder around them, root would walk where they like."""
    os.chown(site.folder, *_ids(site.users["service"]))

    try:
        with pytest.raises(CcdsError, match=r"to be root's alone to write; found that it is ccdstservice's"):
            apply(site, ONE, "ann")
    finally:
        os.chown(site.folder, 0, 0)


def _ids(user: str) -> tuple[int, int]:
    return tuple(
        int(subprocess.run(["id", flag, user], capture_output=True, text=True, check=True).stdout)
        for flag in ("-u", "-g")
    )


def test_root_opens_no_database_that_members_write(site: UnixSite) -> None:
    """An emptied one, and its lock held, neither stop nor delay a reconcile."""
    top = site.settings.paths.projects / ONE
    code = (
        f"import fcntl, sys; lock = open({str(top / 'airlock.lock')!r}, 'r+'); fcntl.flock(lock, fcntl.LOCK_EX); "
        f"open({str(top / 'airlock.db')!r}, 'w'); print('held', flush=True); sys.stdin.read()"
    )
    who = _ids(site.users["ann"])
    groups = [
        int(line.split(":")[2]) for line in Path("/etc/group").read_text().splitlines() if line.startswith("irb-ccdstr")
    ]
    holder = subprocess.Popen(
        ["/usr/bin/python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=who[0], group=who[1],
        extra_groups=groups, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    withdraw_by_hand(site, TWO)

    status = reconcile(site)
    holder.communicate("")

    assert (status, members(TWO)) == (0, set())


READS = """
from ccds_kernel.monitoring.reading import PublishedNumbers
print(PublishedNumbers().releases())
"""


PUBLISHES = """
from pathlib import Path
from ccds_kernel.files import make_closed, write_whole
write_whole(make_closed(Path({published!r}), "monitoring") / "m-1.0.0.json", "{{}}", 0o640)
"""


def test_leadership_reads_what_is_published(site: UnixSite) -> None:
    """Its sessions have no project and run as the service account: whose they are is the hub's word, and nobody else's."""
    config = site.config.read_text()
    site.config.write_text(config.replace("[groups]", f'leadership = ["{site.users["eve"]}"]\n[groups]', 1))
    theirs, published = session_of(site.users["eve"], "", site.config), str(site.settings.paths.published)
    subprocess.run(["chown", "-R", site.users["service"], site.settings.paths.state], check=True)

    assert reconcile(site) == 0
    written = python_as(
        site.users["service"],
        PUBLISHES.format(published=published),
    )
    assert written.returncode == 0, written.stderr

    read = python_as(site.users["service"], READS, env=site.env | theirs)
    by_file = run_as(site.users["eve"], "cat", f"{published}/monitoring/m-1.0.0.json")
    by_others = run_as(site.users["bob"], "ls", published)
    another = python_as(site.users["service"], READS, env=site.env | theirs | {"JUPYTERHUB_USER": site.users["bob"]})
    a_person = python_as(site.users["bob"], READS, env=site.env | theirs)
    site.config.write_text(config)

    shutil.rmtree(f"{published}/monitoring")
    assert read.returncode == 0, read.stderr
    assert (by_file.returncode, by_file.stdout, by_others.returncode) == (0, "{}", 2)
    assert another.returncode == a_person.returncode == 1


def test_a_group_that_is_emptied_is_an_event_of_the_site(site: UnixSite) -> None:
    """Also where no application says whose it was."""
    shutil.rmtree(site.settings.paths.registry / TWO)

    reconcile(site)
    *_, last = FileAuditSink(site.settings.paths.audit).entries()

    assert (last["event"], members(TWO)) == ("MembersChanged", set())
    assert f"{site.users['bob']} irb-ccdstr-2" in last["detail"]["withdrawn"]
