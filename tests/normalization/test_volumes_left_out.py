"""Volumes of a project's conversions without a verdict that accepts them: neither normalized nor shown; one line says so."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.cli import main
from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Verdict
from ccds_kernel.imaging.studies.taking import Takes
from ccds_kernel.imaging.verdict import Reason, Status
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.run_items import items_of
from ccds_kernel.normalization.runs_left import studies_left
from ccds_kernel.normalization.volume_folder import VolumeFolder
from ccds_kernel.normalization.volume_folder_judged import judged_volumes
from ccds_kernel.settings import load_settings
from ccds_widgets.normalization.app import open_preview
from support.image_studies import RULES
from support.normalizing import PROJECT, normalizing_site, project_folder, study_key, write_recipe, write_study
from support.opening import opening
from support.site import act_as

ACCEPTED, QUARANTINED, UNJUDGED, OWN = (study_key(number) for number in range(4))
LINE = (
    f"2 volumes that no verdict accepts are left out: 'ccds imaging volumes --project {PROJECT}' makes what "
    "isn't judged yet, with --again all anew"
)


@pytest.fixture
def config(tmp_path) -> Path:
    """A site with four studies; of the last one there are no files, and its volume is somebody's own."""
    config = normalizing_site(tmp_path)
    for number in range(4):
        write_study(project_folder(config), number)
    for key in (ACCEPTED, QUARANTINED, UNJUDGED):
        (project_folder(config) / "dicom" / key).mkdir(parents=True)
    return config


@pytest.fixture
def project(config) -> Iterator[Project]:
    """Eve's, with rules; one study's volume was accepted, one study's is in quarantine, one's verdict was never kept."""
    with opening(PROJECT, load_settings(config), Action.WRITE_IMAGES) as open_it:
        project = open_it("eve")
        ImageStudies(project).keep_rules(RULES)
        facts = SeriesFacts("series-a", 1, "CT", "axial", 1.0, "", contrast=False, images=16, scanner="S")
        with project.store.writing() as connection:
            rows.replace_verdicts(connection, ACCEPTED, [Verdict(facts, Status.ACCEPTED, None, 16)], "eve")
            gap = Verdict(facts, Status.QUARANTINED, Reason("missing-slices", "a slice is missing"), 16)
            rows.replace_verdicts(connection, QUARANTINED, [gap], "eve")
        yield project


@pytest.fixture
def at_work(config, project, monkeypatch) -> None:
    """Eve is, with commands."""
    monkeypatch.setenv("CCDS_CONFIG", str(config))
    act_as(monkeypatch, "eve", project.id)


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("verb", ["run", "fit"])
def test_commands_leave_them_out_and_say_so(tmp_path, capsys, verb) -> None:
    """In one line, also where a program reads the rest."""
    text = "name: fitted\nsteps:\n  - nyul: {mask: none, percentiles: [1, 25, 50, 75, 99], range: [0, 100]}\noutput: float32\n"
    recipe, _ = write_recipe(tmp_path, text) if verb == "fit" else write_recipe(tmp_path)
    more = ["--out", str(tmp_path / "fitted.yaml")] if verb == "fit" else ["--workers", "1"]

    status = main(["normalization", verb, "--project", PROJECT, "--recipe", str(recipe), "--json", *more])

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (status, told["volumes" if verb == "fit" else "done"]) == (0, 2)
    assert said.err.splitlines().count(f"ccds: warning: {LINE}") == 1


def test_nothing_of_them_is_left_to_be_done(project, tmp_path) -> None:
    """A nightly DAG hands out none of their studies."""
    _, recipe = write_recipe(tmp_path)

    left = studies_left(project, recipe)

    assert left == sorted([ACCEPTED, OWN])


def test_the_preview_shows_the_others_and_the_line(project) -> None:
    """Nobody tunes a recipe on what may be in quarantine tomorrow."""
    (project.folder / "work" / "eve").mkdir(parents=True, exist_ok=True)

    shown = open_preview(project).start()

    assert {one["id"].split("/")[0] for one in shown["volumes"]} == {ACCEPTED, OWN}
    assert shown["left_out"] == LINE


def test_a_project_without_them_says_nothing(config) -> None:
    """Volumes that somebody made by hand, in a project whose database knows of no conversion, are all taken."""
    with opening(PROJECT, load_settings(config), Action.READ_IMAGES) as open_it:
        volumes = judged_volumes(open_it("eve"))

        taken, left_out = volumes.entries(), volumes.left_out()

    assert ({entry.study for entry in taken}, left_out) == ({ACCEPTED, QUARANTINED, UNJUDGED, OWN}, ())


def test_those_of_some_studies_are_told_by_name(project) -> None:
    """For whoever works where the project's database can't be asked, such as a job; a study that isn't there has none."""
    volumes = judged_volumes(project)

    left_out = volumes.left_out([OWN, QUARANTINED, "z" * 16])

    assert left_out == (f"{QUARANTINED}/series-a",)


def test_going_through_all_studies_asks_once_what_is_taken(config, tmp_path) -> None:
    """However many studies there are: it is a question to the database."""
    asked: list[str] = []

    def takes() -> Takes:
        asked.append("asked")
        return lambda study, _: study != UNJUDGED

    _, recipe = write_recipe(tmp_path)

    items = list(items_of(VolumeFolder(project_folder(config) / "nifti", takes), recipe))

    assert ({item.key.split("/")[0] for item in items}, len(asked)) == ({ACCEPTED, QUARANTINED, OWN}, 1)
