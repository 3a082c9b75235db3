"""A whole site with real Unix users: code runs as its person, in one project, and no longer than the roster says."""

import pwd
import subprocess
from collections.abc import Iterator

import psutil
import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import expire_application
from support.kernel import run_code
from support.unix_hub import UnixHub, unix_hub
from support.waiting import until

pytestmark = pytest.mark.hub

PROJECT, OTHER = "CCDSTR-1", "CCDSTR-2"
LAB, APP = "ccdstr-1-lab", "ccdstr-1-app"


@pytest.fixture(scope="module")
def hub() -> Iterator[UnixHub]:
    """A hub; ann is a scientist of two projects, bob a fellow of the first one."""
    with unix_hub("ann", "bob", "eve") as running:
        running.apply(PROJECT, {"ann": "scientist", "bob": "fellow"})
        running.apply(OTHER, {"ann": "scientist", "eve": "engineer"})
        yield running


@pytest.fixture(scope="module")
def ann(hub: UnixHub) -> requests.Session:
    """Ann, logged in."""
    return hub.demo.login(hub.person("ann"))


@pytest.fixture(scope="module")
def lab(hub: UnixHub, ann: requests.Session) -> Iterator[str]:
    """The address of ann's lab session."""
    yield hub.demo.start(ann, hub.person("ann"), LAB, {"gpus": 1})
    hub.demo.stop(ann, hub.person("ann"), LAB)


@pytest.fixture(scope="module")
def kernel(hub: UnixHub, lab: str) -> str:
    """A `ccds` kernel in it."""
    return new_kernel(hub, lab)


def new_kernel(hub: UnixHub, lab: str) -> str:
    """The id of one more."""
    answer = requests.post(f"{lab}api/kernels", json={"name": "ccds"}, headers=token_of(hub, LAB), timeout=60)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def token_of(hub: UnixHub, session: str) -> dict[str, str]:
    """What opens the session."""
    return {"Authorization": f"token {hub.demo.token(session)}"}


def run(hub: UnixHub, lab: str, kernel: str, code: str) -> str:
    """What `code` prints in the kernel, or the error that it ends in."""
    return run_code(lab, kernel, token_of(hub, LAB), code).strip()


def events(hub: UnixHub, project: str = PROJECT) -> list[tuple[str, str]]:
    """What a chain of the log says: who, and what."""
    return [(one["person"], one["event"]) for one in FileAuditSink(hub.site.settings.paths.audit).entries(project)]


def test_code_runs_as_its_person_in_its_one_project(hub: UnixHub, lab: str, kernel: str) -> None:
    """With the groups of that project only, though the person is on two rosters; the project opens, and the log says so."""
    said = run(
        hub, lab, kernel,
        "import grp, os, pwd\n"
        "print(pwd.getpwuid(os.getuid()).pw_name)\n"
        "print(*sorted(grp.getgrgid(one).gr_name for one in os.getgroups()))\n"
        "print(project.id, project.person, os.listdir(project.folder / 'nifti'))\n"
        "(project.folder / 'nifti' / 'made').write_text('x')\n"
        "from ccds_kernel.labeling.repository import LabelingRepository\n"
        "print(LabelingRepository(project).reports())",
    ).splitlines()  # fmt: skip

    user = hub.person("ann")
    groups = {f"irb-{PROJECT.lower()}{end}" for end in ("", "-images", "-images-w", "-rows", "-reports")}
    assert said[0] == user
    assert groups <= set(said[1].split()) <= groups | {user}
    assert said[2] == f"{PROJECT} {user} []"
    assert (user, "ProjectOpened") in events(hub)
    assert FileAuditSink(hub.site.settings.paths.audit).verify(PROJECT)[0] >= 3


ATTACKS = {
    "its own directory": "os.rename(project.folder, str(project.folder) + '2'); print('GOT')",
    "its own database": "os.rename(project.folder / 'project.db', project.folder / 'old.db'); print('GOT')",
    "its own database's place": "os.remove(project.folder / 'project.db'); print('GOT')",
    "another project's folder": "print('GOT', os.listdir(other))",
    "by dots": "print('GOT', os.listdir(project.folder / '..' / '{other}' / 'nifti'))",
    "by a link": "os.path.lexists('way') or os.symlink(other, 'way'); print('GOT', open('way/nifti/secret').read())",
    "by a hard link": "os.link(other + '/nifti/secret', 'hard'); print('GOT', open('hard').read())",
    "its database": "import sqlite3; print('GOT', sqlite3.connect(other + '/project.db').execute('pragma user_version'))",
    "the audit log": "open('{audit}/{project}.jsonl', 'r+').truncate(0); print('GOT')",
    "the application": "open('{registry}/{project}/irb.yaml', 'w').write('x'); print('GOT')",
    "another application": "print('GOT', open('{registry}/{other}/irb.yaml').read())",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_way_leads_into_another_project_or_the_site_s_folders(hub: UnixHub, lab: str, attack: str) -> None:
    """From a notebook of somebody who is on both rosters; each try, in a kernel of its own, is an event of their project."""
    kernel = new_kernel(hub, lab)
    paths = hub.site.settings.paths
    secret = paths.projects / OTHER / "nifti" / "secret"
    secret.write_text("PATIENT")
    before = len([one for one in events(hub) if one[1] == "AccessDenied"])
    code = attack.replace("{other}", OTHER).replace("{project}", PROJECT)
    code = code.replace("{audit}", str(paths.audit)).replace("{registry}", str(paths.registry))

    said = run(hub, lab, kernel, f"import os\nother = {str(paths.projects / OTHER)!r}\n{code}")

    assert "Error" in said, said
    assert not any(line.startswith("GOT") for line in said.splitlines())
    assert len([one for one in events(hub) if one[1] == "AccessDenied"]) > before


FORGERIES = {
    "another name": "os.environ['JUPYTERHUB_USER'] = '{eve}'",
    "no token": "os.environ.pop('CCDS_AUDIT_TOKEN'); os.environ['JUPYTERHUB_USER'] = '{eve}'",
    "another login name": "os.environ.update(LOGNAME='{eve}', USER='{eve}', SUDO_USER='{eve}', SUDO_UID='0')",
    "another project": "os.environ['CCDS_PROJECT'] = '{other}'",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_the_environment_makes_nobody_somebody_else(hub: UnixHub, lab: str, kernel: str, forgery: str) -> None:
    """Whatever a notebook writes there, the other project stays shut, and nothing is done in another name."""
    code = forgery.replace("{eve}", hub.person("eve")).replace("{other}", OTHER)

    opening = (
        "from ccds_kernel.irb.project import open_project; from ccds_kernel.irb.roles import Action; "
        f"print(open_project({OTHER!r}, Action.OPEN_LAB).person)"
    )
    said = run(
        hub, lab, kernel,
        "import subprocess, sys, os\n"
        f"kept = dict(os.environ)\n{code}\n"
        f"done = subprocess.run([sys.executable, '-P', '-c', {opening!r}], capture_output=True, text=True)\n"
        "os.environ.clear(); os.environ.update(kept)\n"
        "print(done.returncode, done.stdout, done.stderr[-300:])",
    )  # fmt: skip

    assert said.startswith("1 ")
    assert hub.person("eve") not in {person for person, _ in events(hub)}
    assert ("ProjectOpened", hub.person("ann")) not in [(event, person) for person, event in events(hub, OTHER)]


def test_a_fellow_s_app_runs_as_the_fellow(hub: UnixHub) -> None:
    """Its page is served, by a kernel of theirs."""
    user = hub.person("bob")
    client = hub.demo.login(user)
    url = hub.demo.start(client, user, APP)
    client.get(url, timeout=60)

    page = client.get(f"{url}voila/render/labeling.ipynb", timeout=90)
    uid = pwd.getpwnam(user).pw_uid
    kernels = [
        one for one in psutil.process_iter(["uids", "cmdline"]) if one.info["uids"] and one.info["uids"].real == uid
    ]
    hub.demo.stop(client, user, APP)

    assert page.status_code == 200
    assert any("kernel" in " ".join(one.info["cmdline"] or ()) for one in kernels)


@pytest.mark.usefixtures("lab")
def test_access_ends_everywhere_when_an_application_ends(hub: UnixHub, ann: requests.Session) -> None:
    """Groups, hub and session within a look or two; a new session is refused; the data stays."""
    user, group = hub.person("ann"), f"irb-{PROJECT.lower()}"
    administrator = hub.demo.login("root")

    def in_hub() -> list[str]:
        people = administrator.get(f"{hub.demo.url}/hub/api/users", timeout=20).json()
        return next(one["groups"] for one in people if one["name"] == user)

    until(lambda: group in in_hub(), "ann in the hub's group")

    expire_application(PROJECT, person="root", settings=hub.site.settings)
    members = subprocess.run(["getent", "group", group], capture_output=True, text=True, check=True).stdout
    until(lambda: group not in in_hub(), "ann out of the hub's group")
    until(lambda: not hub.demo.is_ready(ann, user, LAB), "the session's end", seconds=60)
    again = ann.post(hub.demo.api(user, LAB), json={}, timeout=30)

    assert members.strip().endswith(":")
    assert again.status_code == 403
    assert "withdrawn" in again.json()["message"]
    assert (hub.site.settings.paths.projects / PROJECT / "nifti" / "made").exists()
    assert (user, "SessionEnded") in events(hub)


def test_the_reconciler_puts_back_what_was_widened_by_hand(hub: UnixHub) -> None:
    """Through sudo, as root, though the hub runs as the service account."""
    group, user = f"irb-{OTHER.lower()}-images", hub.person("bob")
    subprocess.run(["gpasswd", "-a", user, group], check=True, capture_output=True)

    def members() -> str:
        return subprocess.run(["getent", "group", group], capture_output=True, text=True, check=True).stdout

    until(lambda: user not in members(), "bob out of the group again", seconds=30)
    assert hub.person("eve") in members()
