"""A training ends within one look of the hub's reconciler once its person may not train any more."""

import sys

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch import JobSpec, JobState
from ccds_kernel.irb.applying import apply_application, expire_application
from ccds_kernel.training.naming import training_job
from support.demo import PROJECT
from support.hub import PEOPLE, site_with_hub
from support.site import application, on_roster
from support.waiting import until

pytestmark = pytest.mark.hub


def test_a_training_ends_with_the_application(tmp_path) -> None:
    """Its job is cancelled, and the project's log says who was refused what."""
    with site_with_hub(tmp_path / "site", more="[irb]\nreconcile_seconds = 1") as site:
        (administrator,) = site.settings.hub.administrators
        applied = application(id=PROJECT, data=["images"], roster=on_roster(**PEOPLE))
        apply_application(applied, person=administrator, settings=site.settings)
        scheduler = site.start().scheduler
        job = scheduler.submit(
            JobSpec(
                name=training_job(PROJECT, "20261125-120000-abcdef", 1),
                command=(sys.executable, "-c", "import signal; signal.pause()"),
                cwd=tmp_path,
                log=tmp_path / "log.txt",
                owner="sam",
                memory_mb=100,
                wall_minutes=10,
            )
        )
        until(lambda: scheduler.status([job])[job].state is JobState.RUNNING, "the training to run")

        expire_application(PROJECT, person=administrator, settings=site.settings)
        until(lambda: scheduler.status([job])[job].state is JobState.CANCELLED, "its end")

        entries = list(FileAuditSink(site.settings.paths.audit).entries(PROJECT))
        denied = [(one["person"], one["detail"]["action"]) for one in entries if one["event"] == "AccessDenied"]
        assert ("sam", "train a model") in denied
