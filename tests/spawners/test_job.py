"""From a session to its job."""

import sys
from pathlib import Path

import pytest

from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.session.name import SessionKind, SessionName
from ccds_spawners.job import session_job
from ccds_spawners.options import LabOptions
from ccds_spawners.share import Share

HOME = Path("/projects/HEADCT-2026/work/sam")
FOLDER = Path("/state/servers/sam/headct-2026-lab-2")
ENV = {"JUPYTERHUB_API_TOKEN": "t0ken", "CCDS_PROJECT": "HEADCT-2026"}


def test_the_job_of_a_lab_session() -> None:
    """Its GPUs, share, hours and class are what was asked for; the token is in the environment only."""
    name = SessionName("headct-2026", SessionKind.LAB, 2)

    job = session_job(
        name,
        LabOptions(gpus=2, hours=12),
        Share(8, 32768),
        PriorityClass.SECOND,
        person="sam",
        home=HOME,
        folder=FOLDER,
        env=ENV,
    )

    assert job == JobSpec(
        name=job_name("session", "sam", "headct-2026-lab-2"),
        command=(sys.executable, "-P", "-m", "ccds_kernel.session.launch", "lab"),
        cwd=HOME,
        log=FOLDER / "headct-2026-lab-2.log",
        owner="sam",
        env=ENV,
        cpus=8,
        memory_mb=32768,
        gpus=2,
        wall_minutes=720.0,
        priority_class=PriorityClass.SECOND,
    )
    assert "t0ken" not in repr(job)


def test_the_job_of_an_app_session() -> None:
    """No GPU, a share of its own and the class of apps, whatever is asked for."""
    name = SessionName("headct-2026", SessionKind.APP)

    job = session_job(
        name,
        LabOptions(gpus=4, hours=72),
        Share(16, 65536),
        PriorityClass.FIRST,
        person="fay",
        home=HOME,
        folder=FOLDER,
        env=ENV,
    )

    assert job == JobSpec(
        name=job_name("session", "fay", "headct-2026-app"),
        command=(sys.executable, "-P", "-m", "ccds_kernel.session.launch", "app"),
        cwd=HOME,
        log=FOLDER / "headct-2026-app.log",
        owner="fay",
        env=ENV,
        cpus=1,
        memory_mb=1024,
        gpus=0,
        wall_minutes=720.0,
        priority_class=PriorityClass.APP,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("sam", "a-lab"), ("sam", "a-lab-2")),
        (("sam", "a-lab"), ("lee", "a-lab")),
        (("sam-a", "b-lab"), ("sam", "a-b-lab")),
    ],
)
def test_two_sessions_never_share_a_job(one: tuple[str, str], other: tuple[str, str]) -> None:
    """A job is adopted by its name: no other person's or session's may have it."""
    names = {
        session_job(
            SessionName.parse(name),
            LabOptions(),
            Share(4, 16384),
            PriorityClass.FIRST,
            person=person,
            home=HOME,
            folder=FOLDER,
            env={},
        ).name
        for person, name in (one, other)
    }

    assert len(names) == 2
