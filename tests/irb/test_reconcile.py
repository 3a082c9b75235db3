"""Reconciling real Unix groups and directories with rosters: what each person can do then, by the operating system's word."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application, expire_application, plan_application
from ccds_kernel.irb.reconcile import Reconciler
from ccds_kernel.irb.registry import registry_of
from support.site import application, on_roster
from support.unix import UnixSite, python_as, remove_groups, run_as, unix_site
from support.waiting import until

PROJECT = "CCDSTR-1"
PEOPLE = ("ann", "bob", "cy", "eve")
KILLS = int(os.environ.get("CCDS_TEST_KILLS", "5"))

PROBE = """
import os, sys
top = sys.argv[1]
def can(what):
    try:
        what()
    except OSError:
        return False
    return True
def write(place):
    name = os.path.join(place, "probe-" + str(os.getuid()))
    open(name, "w").close()
    os.unlink(name)
tries = {
    "enter": lambda: os.listdir(top),
    "read images": lambda: os.listdir(os.path.join(top, "nifti")),
    "write images": lambda: write(os.path.join(top, "nifti")),
    "use reports": lambda: open(os.path.join(top, "project.db"), "r+b").close(),
    "write the top": lambda: write(top),
    "write work": lambda: write(os.path.join(top, "work")),
}
print(*sorted(name for name, what in tries.items() if can(what)), sep="\\n")
"""


@pytest.fixture(scope="module")
def whole_site() -> Iterator[UnixSite]:
    """A site with its people as Unix users."""
    with unix_site(*PEOPLE) as site:
        yield site


@pytest.fixture
def site(whole_site: UnixSite) -> UnixSite:
    """The same without any project."""
    remove_groups("irb-ccdstr")
    for name in ("registry", "projects", "audit"):
        subprocess.run(["rm", "-rf", str(whole_site.folder / name)], check=True)
    return whole_site


@pytest.fixture
def apply(site: UnixSite) -> Callable[..., bool]:
    """Applies an application of the project, with a roster of Unix users by their short names."""

    def call(people: dict[str, str], **changed) -> bool:
        return apply_application(project_application(site, people, **changed), person="root", settings=site.settings)

    return call


def project_application(site: UnixSite, people: dict[str, str], **changed) -> IrbApplication:
    """An application of the project for Unix users."""
    roster = on_roster(**{site.users[name]: role for name, role in people.items()})
    return application(**({"id": PROJECT, "data": ["images", "reports"], "roster": roster} | changed))


def can(site: UnixSite, name: str) -> list[str]:
    """What the operating system lets that person do in the project's directory, in a login made anew."""
    done = run_as(site.users[name], "/usr/bin/python3", "-c", PROBE, str(site.settings.paths.projects / PROJECT))
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line]


EVERYTHING = ["enter", "read images", "use reports", "write images"]


def test_each_person_may_what_their_role_needs(site, apply):
    """By the file system itself: a scientist, an engineer, a fellow, a labeler, and somebody who isn't on the roster."""
    apply({"ann": "scientist", "bob": "fellow", "cy": "labeler"})

    assert can(site, "ann") == EVERYTHING
    assert can(site, "bob") == ["enter", "use reports"]
    assert can(site, "cy") == []
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
    assert entry["withdrawn"] == [f"{bob} {base}", f"{ann} {base}-reports", f"{bob} {base}-reports"]


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
    before = _tree(site)

    done = run_as(site.users["ann"], "/usr/bin/python3", "-c", REPLACE, *places)

    # The database is theirs to write, and so a second name of it elsewhere gives nobody anything; all else is refused.
    allowed = f"[('link', '{places[0]}/project.db', '/tmp/ccdst-link')]\n"
    Path("/tmp/ccdst-link").unlink(missing_ok=True)  # noqa: S108 - made by the attacker
    assert done.stdout in ("[]\n", allowed), done.stderr
    assert _tree(site) == before


def _tree(site: UnixSite) -> list[tuple[str, int, int, int]]:
    places = [place for name in ("registry", "projects", "audit") for place in sorted((site.folder / name).rglob("*"))]
    return [(str(place), place.lstat().st_uid, place.lstat().st_gid, place.lstat().st_mode) for place in places]


def test_a_second_run_changes_nothing(site, apply):
    """Not a file's time, not a line of the log."""
    assert apply({"ann": "engineer"})
    before, lines = _tree(site), len(list(FileAuditSink(site.settings.paths.audit).entries(PROJECT)))

    again = apply({"ann": "engineer"})

    assert not again
    assert not Reconciler(site.settings).look()
    assert (_tree(site), len(list(FileAuditSink(site.settings.paths.audit).entries(PROJECT)))) == (before, lines)


def test_what_somebody_changed_by_hand_is_put_back(site, apply):
    """A group that was widened, a folder that was opened, one that was removed."""
    apply({"ann": "engineer"})
    top = site.settings.paths.projects / PROJECT
    subprocess.run(
        ["gpasswd", "-a", site.users["eve"], f"irb-{PROJECT.lower()}-images"], check=True, capture_output=True
    )
    top.chmod(0o777)
    (top / "masks").rmdir()
    reconciler = Reconciler(site.settings)
    plan = reconciler.look()

    reconciler.carry_out(plan, person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert [line for line in plan.lines() if PROJECT.lower() in line.lower()] == [
        f"group irb-{PROJECT.lower()}-images: -{site.users['eve']}",
        f"folder {top / 'masks'}: make",
        f"folder {top}: mend",
    ]
    assert can(site, "eve") == []
    assert can(site, "ann") == EVERYTHING


def test_a_damaged_or_missing_application_closes_its_project_and_no_other(site, apply):
    """Unknown is not allowed; the next one is as it was."""
    apply({"ann": "engineer"})
    other = project_application(site, {"ann": "engineer"}, id="CCDSTR-2")
    apply_application(other, person="root", settings=site.settings)
    (site.settings.paths.registry / PROJECT / "irb.yaml").write_text("damaged")
    reconciler = Reconciler(site.settings)

    reconciler.carry_out(reconciler.look(), person="root", audit=FileAuditSink(site.settings.paths.audit))
    damaged = can(site, "ann")
    subprocess.run(["rm", "-rf", str(site.settings.paths.registry / PROJECT)], check=True)
    subprocess.run(["gpasswd", "-a", site.users["ann"], f"irb-{PROJECT.lower()}"], check=True, capture_output=True)
    reconciler.carry_out(reconciler.look(), person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert (damaged, can(site, "ann")) == ([], [])
    assert run_as(site.users["ann"], "ls", str(site.settings.paths.projects / "CCDSTR-2")).returncode == 0


def test_somebody_without_an_account_is_refused_whole(site, apply):
    """Named; nothing is applied, no group made."""
    with pytest.raises(CcdsError, match="found ccdstnobody, whom the directory doesn't know"):
        apply({"ann": "engineer"}, roster=on_roster(ccdstann="engineer", ccdstnobody="fellow"))

    assert registry_of(site.settings).ids() == ()
    assert not (site.settings.paths.projects / PROJECT).exists()


def test_somebody_whose_account_is_gone_stops_nobody_else(site, apply):
    """The next look leaves them out and goes on."""
    apply({"ann": "engineer", "cy": "engineer"})
    registry = registry_of(replace_user(site, "cy", "ccdstgone"))
    reconciler = Reconciler(site.settings)
    plan = reconciler.look()

    reconciler.carry_out(plan, person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert registry.get(PROJECT).entry_of("ccdstgone")
    assert can(site, "ann") == EVERYTHING
    assert can(site, "cy") == []


def replace_user(site: UnixSite, name: str, gone: str):
    """Writes another name into the registry's application by hand, as if that account had been there when it was applied."""
    path = site.settings.paths.registry / PROJECT / "irb.yaml"
    path.write_text(path.read_text().replace(site.users[name], gone))
    return site.settings


def test_somebody_else_s_directory_is_refused_whole(site, apply):
    """Nothing is applied."""
    folder = site.settings.paths.projects / PROJECT
    folder.mkdir(parents=True)
    os.chown(folder, *[int(one) for one in _ids(site.users["eve"])])

    with pytest.raises(CcdsError, match=f"to be root's directory; found one that belongs to {site.users['eve']}"):
        apply({"ann": "engineer"})

    assert registry_of(site.settings).ids() == ()


def _ids(user: str) -> list[str]:
    return [
        subprocess.run(["id", flag, user], capture_output=True, text=True, check=True).stdout for flag in ("-u", "-g")
    ]


def test_only_root_reconciles(site, apply):
    """Whoever else tries is told, and nothing changes."""
    apply({"ann": "engineer"})
    file = site.folder / "irb.yaml"
    file.write_text(project_application(site, {"ann": "engineer", "eve": "engineer"}).to_yaml())

    code = f"import sys; from ccds_kernel.cli import main; sys.exit(main(['irb', 'apply', {str(file)!r}]))"
    done = python_as(site.users["service"], code, env=site.env)

    assert done.returncode == 1
    assert done.stderr.startswith("ccds: expected an administrator of this site; found ccdstservice")
    assert can(site, "eve") == []


def test_a_dry_run_says_what_would_change(site, apply):
    """Group by group and folder by folder; nothing is touched."""
    apply({"ann": "engineer"})
    before = _tree(site)

    lines = plan_application(
        project_application(site, {"ann": "fellow", "eve": "scientist"}), person="root", settings=site.settings
    )

    base, ann, eve = f"irb-{PROJECT.lower()}", site.users["ann"], site.users["eve"]
    assert lines == [
        f"application {PROJECT}: amends the one in the registry",
        f"  roster: {ann} engineer → fellow",
        f"  roster: +{eve} (scientist)",
        f"group {base}: +{eve}",
        f"group {base}-images: +{eve} -{ann}",
        f"group {base}-images-w: +{eve} -{ann}",
        f"group {base}-reports: +{eve}",
        f"folder {site.settings.paths.projects / PROJECT / 'work' / eve}: make",
    ]
    assert _tree(site) == before


def test_ending_an_application_ends_access(site, apply):
    """By `ccds irb expire`; what lies there stays."""
    apply({"ann": "engineer"})

    expire_application(PROJECT, person="root", settings=site.settings)

    assert can(site, "ann") == []
    assert (site.settings.paths.projects / PROJECT / "nifti").is_dir()


@pytest.mark.parametrize("new", [False, True], ids=["an amendment", "a new project"])
def test_killed_anywhere_nobody_has_more_than_before_or_after(site, apply, record_property, new):
    """`ccds irb apply` killed -9 at random points: at once and after the next run everybody may what one of the two says.

    The points lie anywhere between the moment at which it begins to change things and its end.
    """
    rosters = [{"ann": "engineer", "bob": "fellow"}, {"ann": "fellow", "eve": "scientist", "cy": "engineer"}]
    rights = [{name: set() for name in PEOPLE} for _ in rosters]
    for number in (1, 0):
        apply(rosters[number])
        rights[number] = {name: set(can(site, name)) for name in PEOPLE}
    most = {name: rights[0][name] | rights[1][name] for name in PEOPLE}
    chance = random.Random(4)  # noqa: S311 - when to kill, no secret
    file = site.folder / "irb.yaml"
    cut_short, excess, longest = 0, [], 0.0

    for kill in range(-1, KILLS):  # the first one runs to its end, and says how long that takes
        roster = rosters[(kill + 1) % 2]
        if new:
            remove_project(site)
        file.write_text(project_application(site, roster, title=f"Amendment {kill}").to_yaml())
        process = subprocess.Popen(
            [sys.executable, "-m", "ccds_kernel.cli", "irb", "apply", str(file)],
            env=os.environ | site.env,
            stdout=subprocess.DEVNULL,
        )
        until(lambda process=process: process.poll() is not None or _holds_lock(process.pid), "its begin")
        begin = time.monotonic()
        if kill < 0:
            assert process.wait() == 0
            longest = time.monotonic() - begin
            continue
        time.sleep(chance.uniform(0, longest))  # the random point itself; nothing is waited for
        process.kill()
        cut_short += process.wait() != 0
        excess += [(kill, name) for name in PEOPLE if not set(can(site, name)) <= most[name]]
        apply_application(
            IrbApplication.model_validate(yaml.safe_load(file.read_text())), person="root", settings=site.settings
        )
        wanted = rights[(kill + 1) % 2]
        excess += [(kill, name, "after") for name in PEOPLE if set(can(site, name)) != wanted[name]]

    for name, figure in (("kills", KILLS), ("cut short", cut_short), ("excess", len(excess))):
        record_property(name, figure)
    assert excess == []
    assert cut_short >= KILLS // 4


def remove_project(site: UnixSite) -> None:
    """Takes the project out, as if it had never been."""
    for name in ("registry", "projects"):
        subprocess.run(["rm", "-rf", str(site.folder / name / PROJECT)], check=True)
    remove_groups(f"irb-{PROJECT.lower()}")


def _holds_lock(pid: int) -> bool:
    """Whether the process has the lock of reconciles open, before which it changes nothing."""
    try:
        return any(one.path.endswith(".reconcile.lock") for one in psutil.Process(pid).open_files())
    except psutil.Error:
        return False


def test_the_whole_site_is_looked_at(site, apply):
    """A group of ours that no application has is emptied."""
    apply({"ann": "engineer"})
    subprocess.run(["groupadd", "-U", site.users["eve"], "irb-ccdstr-left"], check=True)
    reconciler = Reconciler(site.settings)

    reconciler.carry_out(reconciler.look(), person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert subprocess.run(
        ["getent", "group", "irb-ccdstr-left"], capture_output=True, text=True, check=True
    ).stdout.endswith(":\n")
