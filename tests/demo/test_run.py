"""The demo as people run it: again, interrupted, killed, in the wrong place."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.demo.hospital import PROJECT, SMALL, Hospital
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.registry import Registry
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import calendar_day, projects_of
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import load_settings
from support.demo import APP, LAB, Demo, free_port, processes_of, running_demo
from support.unix import need_root
from support.waiting import until

pytestmark = pytest.mark.hub
COMMAND = (sys.executable, "-P", "-m", "ccds_kernel.cli", "demo", "--small")


def demo_once(folder: Path, *more: str, port: int | None = None) -> subprocess.CompletedProcess[str]:
    """Runs `ccds demo` until it ends by itself."""
    words = [*COMMAND, "--folder", str(folder), "--port", str(port or free_port()), *more]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)


def labelled(folder: Path) -> LabelingRepository:
    """The demo project's labelling, as fay has it."""
    project = open_project(PROJECT, Action.OPEN_LABELING, person="fay", settings=load_settings(folder / "ccds.toml"))
    return LabelingRepository(project)


def assert_complete(folder: Path) -> None:
    """Everything that a demo has is there, once."""
    assert len(labelled(folder).reports()) == SMALL.reports
    series = list((folder / "projects" / PROJECT / "dicom").glob("*/1"))
    assert len(series) == SMALL.series
    assert all(any(one.iterdir()) for one in series)
    assert len(list((folder / "projects" / PROJECT / "nifti").glob("*/*.nii.gz"))) == SMALL.series


def processes(folder: Path) -> list[str]:
    """What runs for this demo."""
    return [" ".join(process.cmdline())[:120] for process in processes_of(folder)]


@pytest.mark.timeout(600)
def test_ctrl_c_ends_everything_and_a_second_start_keeps_what_people_did(tmp_path: Path) -> None:
    """With two sessions and a batch job running no process is left; phrases and passwords are those of before."""
    folder = tmp_path / "site"
    with running_demo(folder, "--small") as demo:
        demo.start(demo.login("sam"), "sam", LAB, {"gpus": 1})
        demo.start(demo.login("fay"), "fay", APP)
        log = folder / "batch.log"
        demo.scheduler.submit(JobSpec(name="batch", command=("sleep", "600"), cwd=folder, log=log, owner="sam"))
        until(log.exists, "the job to run")
        labelled(folder).insert_phrase(Phrase("no acute haemorrhage", "negative"), 0)
        passwords, during = demo.passwords, processes(folder)
    after_first = processes(folder)

    second = demo_once(folder, "--check")

    assert len(during) >= 8
    assert after_first == []
    assert demo.process.returncode == 0
    assert second.returncode == 0, second.stderr
    assert all(word in second.stdout for word in passwords.values())
    assert [stored.phrase.text for stored in labelled(folder).phrases()] == ["no acute haemorrhage"]
    assert_complete(folder)
    assert processes(folder) == []


def test_a_hub_that_dies_is_started_again(tmp_path: Path) -> None:
    """So is the proxy; the session that runs is there again, on the same server, and the demo says what happened."""
    folder = tmp_path / "site"
    with running_demo(folder, "--small") as demo:
        sam = demo.login("sam")
        url = demo.start(sam, "sam", LAB)
        sam.get(f"{url}lab", timeout=30)
        before = [one.pid for one in processes_of(folder, "jupyterhub.singleuser")]
        for service in ("jupyterhub_config.py", "configurable-http-proxy", "ccds_hub.audit_daemon"):
            (died,) = processes_of(folder, service)
            died.kill()
            until(lambda service=service, died=died: _another(folder, service, died.pid), service, seconds=30)
            until(lambda: _works(demo, sam, url), "the session to be reached again", seconds=60)
        after = [one.pid for one in processes_of(folder, "jupyterhub.singleuser")]
    said = folder.with_name("site.txt").read_text()

    assert before == after
    assert "The hub has ended; starting it again." in said
    assert "The proxy has ended; starting it again." in said
    assert "The audit daemon has ended; starting it again." in said


def _another(folder: Path, service: str, pid: int) -> bool:
    return any(one.pid != pid for one in processes_of(folder, service))


def _works(demo: Demo, client: requests.Session, url: str) -> bool:
    try:
        page = client.get(f"{url}lab", timeout=10, allow_redirects=False)
        return page.status_code == 200 and demo.is_ready(client, "sam", LAB)
    except requests.RequestException:
        return False


@pytest.mark.timeout(600)
def test_a_demo_that_was_killed_is_cleaned_up_by_the_next(tmp_path: Path) -> None:
    """Kill -9 leaves hub, proxy and sessions; the next start on the same port ends them and works."""
    folder = tmp_path / "site"
    with running_demo(folder, "--small") as demo:
        demo.start(demo.login("sam"), "sam", LAB)
        demo.process.kill()
        demo.process.wait()
        left = processes(folder)

    again = demo_once(folder, "--check", port=int(demo.url.rsplit(":", 1)[1]))

    assert len(left) >= 4
    assert again.returncode == 0, again.stderr
    assert processes(folder) == []


@pytest.mark.timeout(600)
def test_a_start_that_was_killed_again_and_again_is_finished(tmp_path: Path) -> None:
    """Killed -9 each time at the moment at which one more thing appears: the last start completes what is there."""
    folder = tmp_path / "site"
    words = [*COMMAND, "--folder", str(folder), "--port", str(free_port())]
    moments = (
        "ccds.toml",
        "projects/*/project.db",
        "projects/*/dicom/*",
        "projects/*/dicom/*/1",
        "projects/*/nifti/*/*.nii.gz",
        "clinical/*/*/clinical.db",
        "published/*/*",
    )
    for moment in moments:
        start = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        until(lambda moment=moment: list(folder.glob(moment)), moment, seconds=180)
        start.kill()
        start.wait()

    last = demo_once(folder, "--check")

    assert last.returncode == 0, last.stderr
    assert_complete(folder)
    assert processes(folder) == []


def one_line(done: subprocess.CompletedProcess[str], *expected: str) -> None:
    """It ended with exit status 1 and one line on standard error."""
    assert done.returncode == 1
    assert done.stderr.startswith("ccds: expected ")
    assert done.stderr.count("\n") == 1
    assert all(words in done.stderr for words in expected), done.stderr


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """One line that names another; nothing is started."""
    folder = tmp_path / "site"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = demo_once(folder, port=port)

    one_line(done, f"port {port} of 127.0.0.1 to be free", f"make demo PORT={port + 10}")
    assert processes(folder) == []


@pytest.mark.parametrize("port", [-1, 99999, 65536])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    """One line, and no folder is made."""
    one_line(demo_once(tmp_path / "site", port=port), "a port from 1 to 65535")

    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("name", ["thesis.txt", "ccds.toml", ".hidden"])
def test_a_folder_with_other_files(tmp_path: Path, name: str) -> None:
    """Also a real site's, which has a ccds.toml: one line, and every byte stays."""
    (tmp_path / name).write_text("mine")

    one_line(demo_once(tmp_path), "an empty folder or an earlier demo's", "--folder")

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine"}


def test_a_file_in_the_folder_s_place(tmp_path: Path) -> None:
    """One line."""
    (tmp_path / "site").write_text("mine")

    one_line(demo_once(tmp_path / "site"), "to make the folder")

    assert (tmp_path / "site").read_text() == "mine"


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    """An empty folder that somebody made is the demo's from now on."""
    folder = tmp_path / "site"
    folder.mkdir(mode=0o755)
    first = subprocess.Popen([*COMMAND, "--folder", str(folder), "--port", str(free_port())], stdout=subprocess.DEVNULL)

    until((folder / "ccds.toml").exists, "the settings", seconds=60)
    first.send_signal(signal.SIGINT)
    first.wait(60)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert first.returncode in {0, 130}
    assert processes(folder) == []


@pytest.mark.parametrize("called", ["DOMAIN\\Anna", "Ann Lee", "fay", "anna"])
def test_whoever_runs_it_may_be_called_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str) -> None:
    """A name of the operating system that the workbench doesn't know, or that one of the demo's people has, stops nothing."""
    need_root()  # who may call themselves anything, by what sudo leaves in the environment
    monkeypatch.setenv("SUDO_USER", called)
    hospital = Hospital(tmp_path / "site")
    hospital.claim()
    settings = hospital.configure(8000, 8001, 8002, 8003)

    next(hospital.fill(settings))
    ((offered, actions),) = projects_of("fay", Registry(settings.paths.registry).applications(), calendar_day())

    assert settings.hub.administrators[0] in {"operator", called}
    assert offered.id == PROJECT
    assert Action.OPEN_LABELING in actions
