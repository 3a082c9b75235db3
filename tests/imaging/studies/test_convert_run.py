"""`ccds imaging volumes --engine local`: the conversions of several studies at once, whatever dies meanwhile."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from ccds_kernel.cli import main
from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.convert_run import convert_studies, run_folder
from ccds_kernel.imaging.studies.one_at_a_time import making
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import VolumeRuns
from ccds_kernel.imaging.volume import digest
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.workflow.lease import held
from ccds_kernel.workflow.local_engine import LocalEngine
from ccds_kernel.workflow.progress import Progress, RunState
from ccds_kernel.workflow.run_folder import RunFolder
from support.dicom import Stack, write_stack
from support.image_studies import RULES
from support.killing import everybody, gone, kill, parts
from support.site import ADMINISTRATOR, act_as, application, on_roster, session_of
from support.waiting import until

PROJECT = "HEAD-1"
KEYS = [letter * 16 for letter in "abcdef"]
LEANS = KEYS[2]


@pytest.fixture
def config(tmp_path, settings) -> Path:
    """The site's ccds.toml."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    text = "\n".join(["[paths]", *lines, "[hub]", f'administrators = ["{ADMINISTRATOR}"]'])
    path = tmp_path / "ccds.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def project(open_as):
    """Eve's, with rules and six studies, of which one leans."""
    project = open_as("eve")
    ImageStudies(project).keep_rules(RULES)
    for key in KEYS:
        stack = Stack(slices=6)
        write_stack(project.folder / "dicom" / key, stack, _leaning(stack) if key == LEANS else lambda *_: None)
    with project.store.writing() as connection:
        rows = [{"accession": f"A-{key}", "study_key": key, "exam_code": "CTHEAD"} for key in KEYS]
        connection.execute(insert(report), rows)
    return project


@pytest.fixture
def run(monkeypatch, config, capsys) -> Callable[..., tuple[int, str, str]]:
    """Converts as eve; the exit status and what was printed."""
    monkeypatch.setenv("CCDS_CONFIG", str(config))
    act_as(monkeypatch, "eve", PROJECT)

    def command(*words: str) -> tuple[int, str, str]:
        status = main(["imaging", "volumes", "--project", PROJECT, *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def _leaning(stack: Stack) -> Callable[[Any, int], None]:
    def lean(data, index) -> None:
        x, y, z = stack.position(index)
        data.ImagePositionPatient = [x, y + index * 0.7, z]

    return lean


def _started(config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ccds_kernel.cli", "imaging", "volumes", "--project", PROJECT]
    return subprocess.Popen(
        [*command, "--engine", "local", "--workers", "2"],
        env=os.environ | {"CCDS_CONFIG": str(config), "PYTHONWARNINGS": "error"} | session_of("eve", PROJECT, config),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _digests(project) -> dict[str, str]:
    return {path.name: digest(path) for key in KEYS for path in (project.folder / "nifti" / key).glob("*.nii.gz")}


def _verdicts(text: str) -> list[dict[str, object]]:
    return [{name: value for name, value in one.items() if name != "at"} for one in json.loads(text)]


def test_workers_come_to_the_same_as_one_process(run, project) -> None:
    """Verdicts, in order, and voxels; the study in quarantine stops nobody, and afterwards nothing waits."""
    status, text, complaint = run("--engine", "local", "--workers", "2", "--json")
    made = _digests(project)
    left = VolumeRuns(project).waiting()
    _, nothing, _ = run("--engine", "local")
    shutil.rmtree(project.folder / "nifti")

    _, alone, _ = run("--again", "--json")

    assert (status, complaint, left) == (0, "", [])
    assert [one["study_key"] for one in _verdicts(text)] == KEYS
    assert {one["study_key"] for one in _verdicts(text) if one["status"] == "quarantined"} == {LEANS}
    assert _verdicts(text) == _verdicts(alone)
    assert made == _digests(project)
    assert len(made) == len(KEYS) - 1
    assert nothing.startswith("none of 6 studies waits")


def test_a_study_without_a_verdict_is_told_and_waits_still(run, project) -> None:
    """The others have theirs; the exit status is 1, and the same command goes on when that is mended."""
    (project.folder / "nifti").mkdir(exist_ok=True)
    (project.folder / "nifti" / KEYS[0]).write_text("in the way", encoding="utf-8")
    status, made, complaint = run("--engine", "local", "--workers", "2")
    left = VolumeRuns(project).waiting()
    (project.folder / "nifti" / KEYS[0]).unlink()

    mended = run()

    assert (status, left) == (1, [KEYS[0]])
    assert made.endswith(
        "5 studies: 5 series converted, 1 of them in quarantine, 0 without a chosen series; 0 studies didn't wait\n"
    )
    first, last = complaint.splitlines()
    assert first.startswith(f"ccds: {KEYS[0]}: expected ")
    assert "found 1 that failed without one; mend that; the same command goes on" in last
    assert (mended[0], mended[2]) == (0, "")
    assert "\n1 study: 1 series converted, 0 of them in quarantine" in mended[1]


def test_a_killed_worker_is_replaced_and_a_killed_run_goes_on(run, config, project) -> None:
    """Each study has one verdict and the volume that one process makes; nothing half done is left."""

    def done() -> int:
        return len(KEYS) - len(VolumeRuns(project).waiting())

    with _started(config) as first:
        for victim, after in (("worker", 1), ("client", 2)):
            until(lambda: done() >= after, f"{after} verdicts", 120)  # noqa: B023 - is called here
            until(lambda: parts(first)["worker"], "a worker", 60)
            processes = everybody(first)
            until(lambda: kill(first, victim), f"a {victim}", 60)  # noqa: B023 - is called here
        gone(processes)
        first.communicate()
    before = VolumeRuns(project).waiting()

    status, _, complaint = run("--engine", "local", "--workers", "2")

    made = _digests(project)
    assert 0 < len(before) < len(KEYS)
    assert (status, complaint) == (0, "")
    assert VolumeRuns(project).waiting() == []
    assert RunFolder(project.folder / "nifti").progress().state is RunState.ENDED
    assert not list((project.folder / "nifti").glob(".ccds-converting-*"))
    shutil.rmtree(project.folder / "nifti")
    run("--again")
    assert made == _digests(project)


def test_whose_right_ends_meanwhile_keeps_no_further_verdict(project, settings) -> None:
    """The run ends with what the door says; what is kept stays, in that person's name, and the rest waits."""
    last, *others = KEYS  # as they are handed out: the last one first
    labeler = application(id=PROJECT, exam_codes=["CTHEAD"], roster=on_roster(eve="labeler"))

    with ExitStack() as at_the_last:
        at_the_last.enter_context(making(project.folder / "nifti", last))

        def end_it(progress: Progress) -> None:
            if progress.done == len(others):
                apply_application(labeler, person=ADMINISTRATOR, settings=settings)
                at_the_last.close()

        with pytest.raises(ProjectAccessDenied):
            convert_studies(project, KEYS, LocalEngine(1), end_it)

    with project.store.reading() as connection:
        kept = {one.study_key for one in rows.judgements(connection)}
    assert kept == set(others)
    assert run_folder(project).progress().state is RunState.BROKEN


def test_two_runs_never_work_at_once(run, project) -> None:
    """The second is told whose the first is, and converts nothing."""
    with held(RunFolder(project.folder / "nifti").folder, "kim"):
        status, said, complaint = run("--engine", "local")

    assert (status, said, _digests(project)) == (1, "", {})
    assert complaint.startswith(
        "ccds: expected no other run that converts this project's studies by workers; found a run of kim"
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--workers", "2"), "expected --engine with --workers"),
        (("--engine", "local", "--workers", "0"), "expected 1 to 256 workers"),
        (("--engine", "local", "--study", "../nobody"), "expected a study of HEAD-1"),
        (("--engine", "cluster", "--study", "../nobody"), "expected a study of HEAD-1"),
        (("--engine", "cluster", "--workers", "0"), "expected 1 to 256 workers"),
        (("--engine", "local", "--follow"), "expected --engine cluster with --follow"),
        (
            ("--engine", "clustr"),
            "expected --engine to be one of local, cluster; found 'clustr'; did you mean 'cluster'?",
        ),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_makes_no_sense_is_refused(run, words, found) -> None:
    """In one line, before anything is converted."""
    status, said, complaint = run(*words)

    assert (status, said) == (1, "")
    assert complaint.startswith(f"ccds: {found}")
    assert complaint.count("\n") == 1
