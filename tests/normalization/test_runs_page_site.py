"""The run page on a real project: the command that it starts, what that writes, and what a page that comes later sees."""

import os
from contextlib import closing

import psutil
import pytest

from ccds_kernel.batch import JobSpec, PriorityClass
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from ccds_kernel.settings import load_settings
from ccds_kernel.workflow.job_names import read_job
from ccds_widgets.normalization.runs.app import normalization_run, open_runs
from ccds_widgets.normalization.runs.view import RunsWidget
from support.own_site import own_site
from support.site import ADMINISTRATOR, application, on_roster
from support.waiting import until

BEGIN = {"kind": "begin", "where": "local"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Six studies, of which one is no image, and a saved recipe."""
    site = own_site(tmp_path / "site", studies=6)
    monkeypatch.setenv("CCDS_CONFIG", str(site.config))
    volumes = sorted((site.folder / "nifti").glob("*/*.nii.gz"))
    volumes[2].write_bytes(b"no image")
    home(site).mkdir(parents=True, exist_ok=True)
    RecipeFolder(home(site) / "recipes").save(site.recipe)
    return site


@pytest.fixture
def model(site):
    """The page of the one who may."""
    with_project = site.project
    yield open_runs(with_project)
    with_project.close()


def home(site):
    """The person's own folder."""
    return site.folder / "work" / unix_user()


def file_of(model):
    """The saved recipe's file."""
    (recipe,) = model.start()["recipes"]
    return recipe["file"]


@pytest.fixture
def full_scheduler(site):
    """The site's, all cores of which a session has."""
    scheduler = scheduler_of(load_settings(site.config))
    folder = site.config.parent
    scheduler.submit(
        JobSpec(
            name="session", command=("sleep", "600"), cwd=folder, log=folder / "session.log", owner="ann", cpus=4,
            memory_mb=10, priority_class=PriorityClass.FIRST,
        )
    )  # fmt: skip
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


def commands():
    """The commands that were started here, until the page has taken note of their end: else Python complains of them later."""
    return [child for child in psutil.Process().children() if _is_command(child)]


def _is_command(child):
    """What is ending has no command line any more."""
    try:
        return not (words := child.cmdline()) or "normalization" in words
    except psutil.ZombieProcess:
        return True
    except psutil.NoSuchProcess:
        return False


def only_run(model):
    """The one run, as it is now."""
    (run,) = model.answer({"kind": "look"})["runs"]
    return run


def ended(model):
    """The one run, once it lives no more."""

    def look():
        run = only_run(model)
        return None if run["live"] or commands() else run

    return until(look, "the run's end", seconds=90)


def test_a_run_is_begun_followed_and_seen_by_whoever_comes_later(model, site):
    """By its files: another page, as of a kernel that starts anew, sees the same; nothing is done twice.

    The command leads a session of its own, so that what ends the kernel doesn't end it.
    """
    model.answer(BEGIN | {"file": file_of(model)})
    (process,) = until(commands, "the command")

    leads = os.getsid(process.pid) == process.pid
    run = ended(model)
    with closing(site.project) as project:
        later = open_runs(project).start()
    model.answer({"kind": "go_on", "run": run["digest"], "where": "local", "again": True})
    again = ended(model)

    assert leads
    assert (run["state"], run["done"], run["quarantined"]) == ("ended", 5, 1)
    assert later["runs"] == [run]
    assert [one["reason"] for one in later["failed"]] == ["read: a NIfTI-1 image (.nii or .nii.gz) to read"]
    assert len(site.digests()) == 5
    assert (again["done_before"], again["done"], again["quarantined"]) == (5, 0, 1)


def test_a_run_whose_job_the_scheduler_ended_is_told_and_gone_on_with(model, full_scheduler):
    """It waited with the scheduler, and somebody took its job back: the page doesn't wait for ever."""
    model.answer(BEGIN | {"file": file_of(model), "where": "cluster"})
    until(lambda: only_run(model)["state"] == "waiting" and not commands(), "the run to wait")
    (job,) = [one.id for one in full_scheduler.mine() if read_job(one.name)]

    full_scheduler.cancel(job)
    cut_short = until(lambda: (run := only_run(model))["state"] == "interrupted" and run, "what the page says of it")
    model.answer({"kind": "go_on", "run": cut_short["digest"], "where": "cluster", "again": False})
    again = until(lambda: (run := only_run(model))["state"] == "waiting" and not commands() and run, "its next turn")

    assert (cut_short["live"], cut_short["may_go_on"]) == (False, True)
    assert "cancelled" in cut_short["why"]
    assert again["live"]


def test_a_command_that_can_t_begin_says_why(model, site):
    """In its own words; no run is left that looks alive."""
    file = file_of(model)
    for path in (site.folder / "nifti").glob("*/*.nii.gz"):
        path.unlink()
    model.answer(BEGIN | {"file": file})

    run = ended(model)

    assert run["state"] == "broken"
    assert run["why"].startswith("Expected volumes of HEAD-1; found none; make some")
    assert list(site.folder.glob("normalized/*/.run/lease.json")) == []


def test_a_recipe_that_isn_t_there_is_refused(model):
    """Also by a path that leads out of the folder."""
    model.start()

    with pytest.raises(CcdsError, match="a recipe of your folder recipes"):
        model.answer(BEGIN | {"file": "../../other.yaml"})


def test_who_loses_the_right_sees_and_begins_nothing(model, site):
    """Each request asks again."""
    file = file_of(model)
    approved = application(id="HEAD-1", data=["reports"], roster=on_roster(**{unix_user(): "engineer"}))
    apply_application(approved, person=ADMINISTRATOR, settings=site.project.settings)

    for content in ({"kind": "look"}, BEGIN | {"file": file}):
        with pytest.raises(ProjectAccessDenied):
            model.answer(content)


def test_the_widget_opens_nothing_until_a_page_is_there(site):
    """A kernel may run the notebook long before anybody comes."""
    with closing(site.project) as project:
        widget = normalization_run(project, "recipes/small-heads.yaml")

        shown = widget.answer({"kind": "ready"})

    assert isinstance(widget, RunsWidget)
    assert shown["recipe"] == "small-heads.yaml"
    assert shown["volumes"] == 6
