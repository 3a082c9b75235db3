"""Trainings end with their person's right: queued or running, and nobody else's."""

import sys

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch import JobSpec, JobState
from ccds_kernel.batch.local.names import read_name, stored_name
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.registry import Registry
from ccds_kernel.training.naming import project_of, training_job
from ccds_kernel.training.revoked import end_revoked
from support.site import ADMINISTRATOR, application, on_roster, site_settings
from support.training import CORES
from support.waiting import until

RUN = "20261125-120000-abcdef"
ROSTER = {"sam": "scientist", "eli": "engineer"}


@pytest.fixture
def end(tmp_path, scheduler):
    """What a look of the hub's does; how many it ended, and every denial that the log has then."""
    settings = site_settings(tmp_path)
    audit = FileAuditSink(settings.paths.audit)

    def call() -> tuple[int, list[tuple[str, str]]]:
        ended = end_revoked(Registry(settings.paths.registry), scheduler, audit)
        entries = [one for one in audit.entries("HEAD-1") if one["event"] == "AccessDenied"]
        return ended, [(one["person"], one["detail"]["action"]) for one in entries]

    return call


@pytest.fixture
def amend(tmp_path):
    """Applies an amendment of HEAD-1."""

    def call(**changed) -> None:
        values = {"id": "HEAD-1", "data": ["images"], "roster": on_roster(**ROSTER)} | changed
        apply_application(application(**values), person=ADMINISTRATOR, settings=site_settings(tmp_path))

    return call


@pytest.fixture
def submit(tmp_path, scheduler):
    """Submits a job that runs until it is ended; it needs all cores, so that a second one waits."""

    def call(name: str, owner: str):
        command = (sys.executable, "-c", "import signal; signal.pause()")
        spec = JobSpec(
            name=name, command=command, cwd=tmp_path, log=tmp_path / f"{name}.log", owner=owner, cpus=CORES,
            memory_mb=100, wall_minutes=10, requeueable=True,
        )  # fmt: skip
        return scheduler.submit(spec)

    return call


@pytest.mark.parametrize(
    "amendment",
    [
        {"withdrawn": "2021-01-01"},
        {"expires": "2021-01-01"},
        {"roster": on_roster(eli="engineer")},
        {"roster": on_roster(sam="fellow", eli="engineer")},
        {"roster": on_roster("2001-01-01", sam="scientist")},
        {"data": ["reports"]},
    ],
    ids=["withdrawn", "expired", "off the roster", "another role", "training lapsed", "no images any more"],
)
@pytest.mark.usefixtures("project")
def test_a_training_ends_with_the_right_to_it(scheduler, submit, amend, end, amendment):
    """Also one that waits; with an event that says why."""
    jobs = [submit(training_job("HEAD-1", RUN, start), "sam") for start in (1, 2)]
    nothing = end()

    amend(**amendment)
    ended = end()
    until(lambda: all(one.state.ended for one in scheduler.status(jobs).values()), "both to end")

    assert (nothing, ended) == ((0, []), (2, [("sam", "train a model")] * 2))
    assert {one.state for one in scheduler.status(jobs).values()} == {JobState.CANCELLED}


@pytest.mark.usefixtures("project")
def test_what_others_run_goes_on(scheduler, submit, amend, end):
    """Somebody else's training, another project's, and what is no training; whatever it is called."""
    names = ["head-1-lab", f"training-HEAD-1-{RUN}-1-0123456789", training_job("HEAD-2", RUN, 1)]
    jobs = [submit(training_job("HEAD-1", RUN, 1), "eli"), *(submit(name, "sam") for name in names)]
    amend(roster=on_roster(eli="engineer"))

    ended = end()

    assert ended == (0, [])
    assert not any(one.state.ended for one in scheduler.status(jobs).values())


@pytest.mark.usefixtures("project")
def test_an_application_that_is_away_ends_nothing(tmp_path, scheduler, submit, end):
    """Only a no counts."""
    job = submit(training_job("HEAD-1", RUN, 1), "sam")
    (tmp_path / "registry" / "HEAD-1" / "irb.yaml").write_text("damaged")

    ended = end()

    assert ended == (0, [])
    assert not scheduler.status([job])[job].state.ended


@pytest.mark.parametrize("project_id", ["HEAD-1", "1", "A-20261125-120000-abcdef-1"])
def test_a_job_s_name_says_its_project(project_id):
    """Exactly, whatever else an id looks like."""
    assert project_of(training_job(project_id, RUN, 12)) == project_id
    assert project_of(f"{training_job(project_id, RUN, 12)}0") is None


@pytest.mark.usefixtures("project")
def test_whatever_a_person_handed_over_ends_with_their_right(scheduler, submit, amend, end):
    """Through the broker, which asks for the right to train: its job is of its project, by whatever name they call it."""
    job = submit(stored_name("sam", "HEAD-1", "anything"), "sam")
    amend(roster=on_roster(eli="engineer"))

    ended = end()

    assert ended == (1, [("sam", "train a model")])
    until(lambda: scheduler.status([job])[job].state is JobState.CANCELLED, "its end")


@pytest.mark.parametrize("name", ["x", "a+b@c", "y" * 128, training_job("HEAD-1", RUN, 1)])
def test_a_broker_s_name_says_its_project(name):
    """And whose it is, though a long name of theirs is cut to a hash; it is nobody's without the beginning."""
    stored = stored_name("an.n-1", "HEAD-1", name)

    assert (read_name(stored).person, read_name(stored).project) == ("an.n-1", "HEAD-1")
    assert project_of(stored) == "HEAD-1"
    assert len(stored) <= 128
    assert read_name(name) is None
