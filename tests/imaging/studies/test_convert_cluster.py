"""`ccds imaging volumes --engine cluster`: the conversions by jobs of a real Slurm, with verdicts on a real PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from ccds_kernel.audit.events.imaging import VolumesMade
from ccds_kernel.audit.site import audit_log
from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.studies.one_at_a_time import making
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.volume import digest
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings, load_settings
from support.dicom import Stack, write_stack
from support.image_studies import RULES
from support.locks import waiting_for
from support.postgresql import Server, in_session, session_environment
from support.site import ADMINISTRATOR, application, on_roster, write_settings
from support.slurm import Cluster, running_slurm
from support.waiting import until

PROJECT = "HEAD-1"
KEYS = [letter * 16 for letter in "abcdef"]
LEANS = KEYS[2]
ENDS_S = 120.0


@dataclass(frozen=True)
class Site:
    """A site with six studies, of which one leans; whoever runs the tests is its engineer."""

    config: Path
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return load_settings(self.config)

    @property
    def folder(self) -> Path:
        """The project's."""
        return self.settings.paths.projects / PROJECT

    def begin(self, *words: str, verb: str = "volumes") -> subprocess.Popen[str]:
        """Starts `ccds imaging VERB` for the project."""
        return subprocess.Popen(
            [sys.executable, "-m", "ccds_kernel.cli", "imaging", verb, "--project", PROJECT, *words],
            env={"PATH": "/usr/bin:/bin", "CCDS_CONFIG": str(self.config), **self.environment},
            cwd=self.config.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ccds(self, *words: str, verb: str = "volumes") -> tuple[int, str, str]:
        """Runs it; the exit status and what was printed."""
        with self.begin(*words, verb=verb) as running:
            said, complaint = running.communicate(timeout=300)
        return running.returncode, said, complaint

    def digests(self) -> dict[str, str]:
        """Of every volume that is there."""
        return {path.parent.name: digest(path) for path in self.folder.glob("nifti/*/*.nii.gz")}

    def told(self) -> Counter[str]:
        """How many events there are of volumes made, by study."""
        kind = VolumesMade.__name__
        lines = audit_log(self.settings).entries(PROJECT)
        return Counter(line["detail"]["study_key"] for line in lines if line["event"] == kind)


def apply(settings: Settings, role: str = "engineer") -> None:
    """Puts whoever runs the tests onto the roster in that role."""
    roster = on_roster(**{unix_user(): role})
    approved = application(id=PROJECT, exam_codes=["CTHEAD"], data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=settings)


def fill(project: Project) -> None:
    """Rules, and the studies' files and exam codes."""
    ImageStudies(project).keep_rules(RULES)
    for key in KEYS:
        stack = Stack(slices=6)

        def lean(data: Any, index: int, stack: Stack = stack) -> None:
            x, y, z = stack.position(index)
            data.ImagePositionPatient = [x, y + index * 0.7, z]

        write_stack(project.folder / "dicom" / key, stack, lean if key == LEANS else lambda *_: None)
    with project.store.writing() as connection:
        rows = [{"accession": f"A-{key}", "study_key": key, "exam_code": "CTHEAD"} for key in KEYS]
        connection.execute(insert(report), rows)


def made(folder: Path, database: dict[str, Any], *lines: str) -> Site:
    """Such a site in `folder`, with these lines more in its ccds.toml."""
    config = write_settings(folder)
    said = [f"{name} = {json.dumps(value)}" for name, value in database.items()]
    with config.open("a", encoding="utf-8") as file:
        file.write("\n".join(["[database]", *said, *lines, ""]))
    settings = load_settings(config)
    apply(settings)
    with (
        in_session(settings, PROJECT, unix_user()),
        closing(open_project(PROJECT, Action.WRITE_IMAGES, settings=settings)) as project,
    ):
        fill(project)
    return Site(config, session_environment(settings, PROJECT, unix_user()))


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    """A node with four cores."""
    with running_slurm() as running:
        yield running


@pytest.fixture
def site(slurm: Cluster, postgresql: Server, tmp_path: Path) -> Iterator[Site]:
    """Its jobs are Slurm's, its rows PostgreSQL's."""
    (tmp_path / "site" / "state").mkdir(parents=True)
    database = postgresql.take_in(tmp_path / "site" / "state")
    lines = ("[scheduler]", 'engine = "slurm"', "[slurm]", f'conf = "{slurm.folder}/slurm.conf"')
    yield made(tmp_path / "site", database, *lines)
    slurm.cancel_all()
    postgresql.forget("head-1")


def without_times(text: str) -> list[dict[str, object]]:
    """The verdicts that `--json` printed."""
    return [{name: value for name, value in one.items() if name != "at"} for one in json.loads(text)]


def test_workers_that_are_jobs_come_to_what_this_machine_does(site: Site, slurm: Cluster) -> None:
    """One that has a study is killed: each has one verdict, one event, and the voxels that one machine makes; no job is left."""
    nifti = site.folder / "nifti"
    with site.begin("--engine", "cluster", "--workers", "2", "--follow", "--json") as running:
        with making(nifti, KEYS[0]):
            lock = nifti / f".making-{KEYS[0]}"
            [at_it] = until(lambda: waiting_for(lock), "a worker that has the study", ENDS_S)
            os.kill(at_it, signal.SIGKILL)
            until(lambda: set(waiting_for(lock)) - {at_it}, "another one that has it", ENDS_S)
        said, complaint = running.communicate(timeout=300)
    volumes, events = site.digests(), site.told()
    shown = json.loads(site.ccds("--json", verb="conversion")[1])
    nothing = site.ccds("--engine", "cluster")

    local = site.ccds("--again", "--engine", "local", "--workers", "2", "--json")

    assert running.returncode == 0, complaint
    assert [one["study_key"] for one in json.loads(said)] == KEYS
    assert {one["study_key"] for one in json.loads(said) if one["status"] == "quarantined"} == {LEANS}
    assert without_times(said) == without_times(local[1])
    assert volumes == site.digests()
    assert len(volumes) == len(KEYS) - 1
    assert events == dict.fromkeys(KEYS, 1)
    assert (shown["run"]["state"], shown["run"]["engine"], shown["run"]["done"]) == ("ended", "cluster", len(KEYS))
    assert nothing[1].startswith("none of 6 studies waits")
    assert slurm.run("squeue", "--noheader", "--states=PENDING,RUNNING") == ""


def test_whose_right_ended_before_the_job_began_makes_nothing(site: Site, slurm: Cluster) -> None:
    """The controller comes to the project's door as that person, and is turned away; what waits still waits."""
    slurm.run("scontrol", "update", "PartitionName=batch", "State=DOWN")
    handed = site.ccds("--engine", "cluster", "--json")
    apply(site.settings, "fellow")

    slurm.run("scontrol", "update", "PartitionName=batch", "State=UP")
    until(lambda: slurm.run("squeue", "--noheader", "--states=PENDING,RUNNING") == "", "the job to end", ENDS_S)

    run = json.loads(site.ccds("--json", verb="conversion")[1])["run"]
    assert handed[0] == 0, handed[2]
    assert run["state"] == "broken"
    assert run["why"].startswith("expected a role that may write images; found")
    assert (site.digests(), site.told()) == ({}, {})


def test_a_partition_that_slurm_doesn_t_have_is_one_line(site: Site) -> None:
    """The site's settings name it for batch work: nothing is begun, and the run doesn't wait for ever."""
    with site.config.open("a", encoding="utf-8") as file:
        file.write('batch = "nowhere"\n')

    status, said, complaint = site.ccds("--engine", "cluster")

    assert (status, said) == (1, "")
    assert complaint.startswith("ccds: expected ")
    assert complaint.count("\n") == 1
    assert json.loads(site.ccds("--json", verb="conversion")[1])["run"]["state"] == "broken"


def test_a_database_of_one_host_is_refused(tmp_path: Path) -> None:
    """Jobs run on other hosts, of which none may write a SQLite file; no scheduler is asked."""
    site = made(tmp_path, {}, "[scheduler]", 'engine = "slurm"')

    status, said, complaint = site.ccds("--engine", "cluster")

    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert complaint.startswith("ccds: expected a database that every host reaches, as PostgreSQL is; found SQLite")
    assert "--engine local" in complaint
