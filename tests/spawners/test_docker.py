"""Whose lab sessions run on a machine of their own, and what their containers are given; tests beside it have the daemons."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from traitlets.config import Config

from ccds_kernel.batch.docker.machine import Account, account_of
from ccds_kernel.batch.scheduler import SchedulerUnavailableError
from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.helped import is_helped
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings, load_settings
from ccds_spawners.cluster import ClusterSpawner
from ccds_spawners.container import in_container, lay_out_account
from ccds_spawners.docker import _has_machine
from ccds_spawners.fleet import Fleet
from ccds_spawners.job import session_job
from ccds_spawners.options import LabOptions
from ccds_spawners.share import Share
from support.site import site_settings, write_settings

IMAGE = f"registry.hospital.org/ccds/session@sha256:{'0a' * 32}"
SCRATCH = "/tmp/jupyter"  # noqa: S108 - inside the container
SOCKET = {"docker": "unix:///run/docker.sock", "cpus": 8, "memory_mb": 64000, "people": ["ann"]}
REMOTE = {
    "docker": "tcp://dgx2.hospital.org:2376",
    "tls": "/etc/ccds/dgx2",
    "cpus": 8,
    "memory_mb": 64000,
    "people": ["bob"],
}


def with_machines(folder: Path, *, groups: str = "local", image: str = IMAGE, **machines: dict) -> Settings:
    """A site with these machines."""
    values = site_settings(folder).model_dump(mode="json", exclude_unset=True)
    return Settings.model_validate(
        values | {"groups": {"directory": groups}, "static": {"image": image, "machines": machines}}
    )


def test_a_lab_session_becomes_a_container_of_its_project(tmp_path):
    """Compared whole: six mounts, of which only the project can be written; the image's Python; nothing of the hub's paths."""
    settings = with_machines(tmp_path, dgx1=SOCKET)
    project, folder = settings.paths.projects / "CHEST-1", tmp_path / "state/servers/ann/chest-1-lab"
    home = project / "work/ann"
    env = {"CCDS_PROJECT": "CHEST-1", "HOME": "/hub", "PATH": "/hub/bin", "CCDS_AUDIT_SPOOL": "/hub/spool", "LANG": "C"}
    name = SessionName.parse("chest-1-lab")
    spec = session_job(
        name, LabOptions(gpus=2), Share(8, 32768), PriorityClass.FIRST, person="ann", home=home, folder=folder, env=env
    )

    inside = in_container(spec, IMAGE, "10.0.0.11", Path("/etc/ccds/ccds.toml"), settings)

    assert inside.command == ("python", "-P", "-m", "ccds_kernel.session.launch", "lab")
    assert inside.container == Container(
        IMAGE,
        (
            Mount(str(project), str(project), read_only=False),
            Mount(f"{tmp_path}/registry/CHEST-1", f"{tmp_path}/registry/CHEST-1"),
            Mount(str(folder), str(folder)),
            Mount("/etc/ccds/ccds.toml", "/etc/ccds/ccds.toml"),
            Mount(f"{folder}/passwd", "/etc/passwd"),
            Mount(f"{folder}/group", "/etc/group"),
        ),
    )
    assert dict(inside.env) == {
        "CCDS_PROJECT": "CHEST-1",
        "LANG": "C",
        "HOME": str(home),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "CCDS_IMAGE": IMAGE,
        "CCDS_LAB_FOLDER": f"{home}/.ccds/lab",
        "CCDS_BIND_ADDRESS": "10.0.0.11",
        "JUPYTER_CONFIG_DIR": f"{SCRATCH}/config",
        "JUPYTER_DATA_DIR": f"{SCRATCH}/data",
        "JUPYTER_RUNTIME_DIR": f"{SCRATCH}/runtime",
    }
    assert (inside.name, inside.gpus, inside.cwd) == (spec.name, 2, home)


def test_a_container_knows_one_person(tmp_path):
    """And the groups of the project by number; who is the person on the host doesn't come that far there."""
    account = Account("ann", 2001, 2002, (30001,))

    lay_out_account(tmp_path, account, Path("/projects/CHEST-1/work/ann"))

    assert (tmp_path / "passwd").read_text(
        encoding="utf-8"
    ) == "ann:x:2001:2002::/projects/CHEST-1/work/ann:/bin/bash\n"
    assert (tmp_path / "group").read_text(encoding="utf-8") == "group-30001:x:30001:\nann:x:2002:\n"
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("person", "server", "has"),
    [
        ("ann", "chest-1-lab", True),
        ("ann", "chest-1-lab-2", True),
        ("ann", "chest-1-app", False),
        ("ann", "reports", False),
        ("ann", "", False),
        ("bob", "chest-1-lab", True),
        ("eve", "chest-1-lab", False),
    ],
)
def test_the_hub_chooses_by_person_and_kind(tmp_path, person, server, has):
    """Lab sessions of people with a machine; apps, and everybody else, are the scheduler's."""
    config = Config()
    config.CcdsDockerSpawner.fleet = Fleet(with_machines(tmp_path, dgx1=SOCKET, dgx2=REMOTE))

    found = _has_machine(config=config, user=SimpleNamespace(name=person), orm_spawner=stored(server))

    assert found is has


def stored(server: str, **state: str) -> SimpleNamespace:
    """What the hub's database has of a session."""
    return SimpleNamespace(name=server, state=state or None)


@pytest.mark.parametrize(
    ("person", "job", "has"),
    [
        ("ann", "41", False),
        ("ann", "dgx2/0a", True),
        ("eve", "dgx1/0a", True),
        ("eve", "41", False),
        ("ann", "dgx9/0a", False),
    ],
)
def test_a_session_that_lives_stays_where_it_is(tmp_path, person, job, has):
    """Whatever the site's table says since: its job is asked of the one that has it."""
    config = Config()
    config.CcdsDockerSpawner.fleet = Fleet(with_machines(tmp_path, dgx1=SOCKET, dgx2=REMOTE))
    session = stored("chest-1-lab", job_id=job)

    found = _has_machine(config=config, user=SimpleNamespace(name=person), orm_spawner=session)

    assert found is has


def test_a_job_of_a_machine_is_asked_of_that_machine(tmp_path):
    """By the name in its id; one of no machine of the site's, or of the scheduler's, of none."""
    fleet = Fleet(with_machines(tmp_path, dgx1=SOCKET, dgx2=REMOTE))

    assert fleet.holding("dgx2/0a") is fleet.of("bob")
    assert [fleet.holding(job) for job in ("dgx9/0a", "41", "")] == [None, None, None]


def test_a_job_on_a_machine_that_the_site_has_no_more_is_not_ended_by_not_being_known():
    """Its container may run: it is asked for again until an administrator has put the machine back."""
    spawner = ClusterSpawner()

    with pytest.raises(SchedulerUnavailableError, match=r"static\.machines\.dgx9"):
        asyncio.run(spawner._cancel(JobId("dgx9/0a")))


def test_people_of_one_machine_share_its_client_and_others_have_another(tmp_path):
    """One client, one watch, one look at what is free for each machine."""
    fleet = Fleet(with_machines(tmp_path, dgx1=SOCKET | {"people": ["ann", "cyd"]}, dgx2=REMOTE))

    assert fleet.of("ann") is fleet.of("cyd")
    assert fleet.of("ann") is not fleet.of("bob")
    assert fleet.of("eve") is None
    assert [fleet.of(person).machine.address for person in ("ann", "bob")] == ["127.0.0.1", "dgx2.hospital.org"]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"dgx1": SOCKET, "image": "ccds/session:latest"}, "String should match pattern"),
        ({"dgx1": SOCKET, "image": ""}, "machines need an image, by its digest"),
        ({"dgx1": SOCKET | {"docker": "tcp://dgx1:2375"}}, "docker over tcp needs tls"),
        ({"dgx1": SOCKET | {"docker": "ssh://root@dgx1"}}, "String should match pattern"),
        ({"dgx1": SOCKET, "dgx2": REMOTE | {"people": ["ann"]}}, "ann has two machines: name one"),
        ({"dgx1": SOCKET, "groups": "none"}, "static.machines need groups.directory"),
        ({"DGX 1": SOCKET}, "String should match pattern"),
    ],
)
def test_machines_that_make_no_sense_are_refused(tmp_path, changed, complaint):
    """An image that isn't pinned, a daemon that anybody on the network could use, a person with two machines."""
    with pytest.raises(ValidationError, match=complaint):
        with_machines(tmp_path, **changed)


@pytest.mark.parametrize("person", ["nobody-of-that-name", "root", "daemon"])
def test_nobody_else_than_a_person_gets_a_container(person):
    """No account of the system's, above all not root."""
    with pytest.raises(CcdsError, match="expected a person with a Unix user"):
        account_of(person, "CHEST-1")


def test_in_a_container_there_is_no_root_helper(tmp_path, monkeypatch):
    """Elsewhere it is used where the site says so."""
    config = write_settings(tmp_path)
    with config.open("a", encoding="utf-8") as added:
        added.write("[sessions]\nhelper = true\n")
    monkeypatch.setenv("CCDS_CONFIG", str(config))
    monkeypatch.setenv("CCDS_PROJECT", "CHEST-1")
    outside = is_helped()
    monkeypatch.setenv("CCDS_IMAGE", IMAGE)

    assert load_settings(config).sessions.helper
    assert (outside, is_helped()) == (True, False)
