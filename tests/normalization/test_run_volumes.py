"""A recipe over a project's volumes: which of them, which are done, and what becomes of those that are gone."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.cohort.tables import report
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_volumes import run_volumes
from ccds_kernel.normalization.runs import NormalizationRuns
from ccds_kernel.settings import load_settings
from ccds_kernel.workflow.lease import LeaseHeldError, held
from ccds_kernel.workflow.local_engine import LocalEngine
from ccds_kernel.workflow.progress import RunState
from support.normalizing import PROJECT, digests, normalizing_site, project_folder, study_key, write_recipe, write_study
from support.opening import OpenAs, opening
from support.workflow import KeptEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[KeptEngine]:
    """One worker for all tests."""
    with LocalEngine(1).open(1 << 20) as workers:
        yield KeptEngine(workers)


@pytest.fixture
def config(tmp_path) -> Path:
    """A site with three studies."""
    config = normalizing_site(tmp_path)
    for number in range(3):
        write_study(project_folder(config), number)
    return config


@pytest.fixture
def open_as(config) -> Iterator[OpenAs]:
    """The project, opened by a person."""
    with opening(PROJECT, load_settings(config), Action.WRITE_IMAGES) as open_it:
        yield open_it


@pytest.fixture
def recipe(tmp_path) -> Recipe:
    """Resample, window, z-score."""
    return write_recipe(tmp_path)[1]


def _key(number: int) -> str:
    return f"{study_key(number)}/series-a"


def test_nothing_is_left_of_a_volume_that_memory_doesn_t_suffice_for_any_more(open_as, recipe, engine, config):
    """It was replaced by one too large: that is in quarantine with the step that takes so much, and what was made before, too."""
    project = open_as("eve")
    run_volumes(project, recipe, engine, studies=[study_key(0)])
    write_study(project_folder(config), 0, seed=1)

    progress = run_volumes(project, recipe, KeptEngine(engine.workers, most=1 << 20), studies=[study_key(0)])

    run = NormalizationRuns(project).get(recipe.digest())
    (record,) = run.failures()
    assert (progress.state, progress.failed, progress.quarantined) == (RunState.ENDED, 1, 1)
    assert (record.key, record.failure.step) == (_key(0), "1 resample")
    assert digests(run.folder.into) == {}
    assert len(list((project.folder / "quarantine" / study_key(0)).glob("normalized-*.nii.gz"))) == 1


def test_studies_by_key_then_the_rest(open_as, recipe, engine):
    """Whoever names studies gets these; a later run does what is left."""
    project = open_as("eve")

    one = run_volumes(project, recipe, engine, studies=[study_key(1), "unknown"])
    rest = run_volumes(project, recipe, engine)

    assert (one.total, one.done) == (1, 1)
    assert (rest.total, rest.done_before, rest.done) == (3, 1, 2)


def test_what_is_made_of_a_volume_that_is_gone_is_set_aside(open_as, config, recipe, engine):
    """It was set aside, or its study taken back: nobody trains on what was made of it."""
    project, folder = open_as("eve"), project_folder(config)
    run_volumes(project, recipe, engine)
    (folder / "nifti" / study_key(0) / "series-a.nii.gz").unlink()

    progress = run_volumes(project, recipe, engine)

    runs = NormalizationRuns(project)
    assert (progress.total, progress.done_before) == (2, 2)
    assert digests(runs.folder(recipe).into).keys() == {_key(1), _key(2)}
    assert runs.folder(recipe).manifest.get(_key(0)) is None
    assert len(list((folder / "quarantine" / study_key(0)).glob("normalized-*.nii.gz"))) == 1


def test_a_run_that_is_refused_touches_nothing_of_the_one_at_work(open_as, config, recipe, engine):
    """Neither what was made of volumes that are gone, nor what a worker is about to write, is its affair."""
    project, into = open_as("eve"), NormalizationRuns(open_as("eve")).folder(recipe).into
    run_volumes(project, recipe, engine)
    (project_folder(config) / "nifti" / study_key(0) / "series-a.nii.gz").unlink()
    half_done = into / study_key(1) / ".ccds-converting-1"
    half_done.mkdir()
    os.utime(half_done, (0, 0))

    with held(into / ".run", "ann"), pytest.raises(LeaseHeldError):
        run_volumes(project, recipe, engine)

    assert half_done.exists()
    assert digests(into).keys() == {_key(0), _key(1), _key(2)}


def test_a_cohort_s_volumes(open_as, recipe):
    """Those of studies whose reports are in it, for who may read reports."""
    with open_as("kim").store.writing() as connection:
        for number, code in enumerate(("CTHEAD", "CTHEAD", "CXR1")):
            row = {"accession": f"A-{number}", "study_key": study_key(number), "exam_code": code}
            connection.execute(insert(report).values(**row, study_date=date(2019, 6, 1)))
    criteria = Criteria(frozenset({"CTHEAD"}), date(2019, 1, 1), date(2019, 12, 31))
    CohortRepository(open_as("fay", Action.LOAD_REPORTS)).keep("heads", criteria)
    runs = NormalizationRuns(open_as("kim"))

    items = runs.items(recipe, cohort="heads")
    both = runs.items(recipe, cohort="heads", studies=[study_key(1), study_key(2)])

    assert {item.key for item in items} == {_key(0), _key(1)}
    assert [item.key for item in both] == [_key(1)]


def test_a_project_without_volumes_says_how_to_get_some(open_as, config, recipe, engine):
    """Before anything is written."""
    for number in range(3):
        (project_folder(config) / "nifti" / study_key(number) / "series-a.nii.gz").unlink()

    with pytest.raises(CcdsError, match="found none; make some: 'ccds imaging volumes"):
        run_volumes(open_as("eve"), recipe, engine)

    assert not (project_folder(config) / "normalized").exists()


def test_two_recipes_of_one_name_are_told_apart(open_as, recipe, engine):
    """By their hashes; the name alone isn't enough then."""
    project = open_as("eve")
    other = Recipe(recipe.name, recipe.steps[:1])
    for one in (recipe, other):
        run_volumes(project, one, engine, studies=[study_key(0)])
    runs = NormalizationRuns(project)

    found = runs.get(other.digest()[:10])

    assert found.recipe == other
    assert [run.digest for run in runs.all()] == [other.digest(), recipe.digest()]
    with pytest.raises(CcdsError, match="several of that name"):
        runs.get(recipe.name)


def test_only_a_run_at_work_is_asked_to_stop(open_as, recipe, engine):
    """Else the wish would meet the next one."""
    project = open_as("eve")
    run_volumes(project, recipe, engine, studies=[study_key(0)])

    with pytest.raises(CcdsError, match="has ended"):
        NormalizationRuns(project).stop(recipe.name)


def test_a_run_is_stopped_by_its_name(open_as, recipe, engine):
    """By somebody else of the project, say; the next run does the rest."""
    project = open_as("eve")

    stopped = run_volumes(
        project,
        recipe,
        engine,
        tell=lambda now: now.state is RunState.RUNNING and NormalizationRuns(project).stop(recipe.name),
    )
    rest = run_volumes(project, recipe, engine)

    assert stopped.state is RunState.STOPPED
    assert (rest.state, rest.done + rest.done_before) == (RunState.ENDED, 3)
