"""From a session to its job."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.errors import CcdsError
from ccds_kernel.session.name import SessionKind, SessionName
from ccds_spawners.job import session_job
from ccds_spawners.options import LabOptions, OptionError

HOME = Path("/projects/HEADCT-2026/work/sam")
FOLDER = Path("/state/servers/sam/headct-2026-lab-2")
ENV = {"JUPYTERHUB_API_TOKEN": "t0ken", "CCDS_PROJECT": "HEADCT-2026"}


def test_the_job_of_a_lab_session() -> None:
    """Its GPUs, hours and class are what was asked for; the token is in the environment only."""
    name = SessionName("headct-2026", SessionKind.LAB, 2)

    job = session_job(
        name, LabOptions(gpus=2, hours=12), PriorityClass.SECOND, person="sam", home=HOME, folder=FOLDER, env=ENV
    )

    assert job == JobSpec(
        name=job_name("session", "sam", "headct-2026-lab-2"),
        command=(sys.executable, "-P", "-m", "ccds_kernel.session.launch", "lab"),
        cwd=HOME,
        log=FOLDER / "headct-2026-lab-2.log",
        owner="sam",
        env=ENV,
        cpus=1,
        memory_mb=4096,
        gpus=2,
        wall_minutes=720.0,
        priority_class=PriorityClass.SECOND,
    )
    assert "t0ken" not in repr(job)


def test_the_job_of_an_app_session() -> None:
    """No GPU and the class of apps, whatever is asked for."""
    name = SessionName("headct-2026", SessionKind.APP)

    job = session_job(
        name, LabOptions(gpus=4, hours=72), PriorityClass.FIRST, person="fay", home=HOME, folder=FOLDER, env=ENV
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
            SessionName.parse(name), LabOptions(), PriorityClass.FIRST, person=person, home=HOME, folder=FOLDER, env={}
        ).name
        for person, name in (one, other)
    }

    assert len(names) == 2


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ({}, LabOptions(gpus=1, hours=8)),
        ({"gpus": ["0"], "hours": ["72"]}, LabOptions(gpus=0, hours=72)),
        ({"gpus": 4, "hours": "1"}, LabOptions(gpus=4, hours=1)),
        ({"hours": "0000008"}, LabOptions(gpus=1, hours=8)),
    ],
)
def test_options_as_forms_links_and_the_api_send_them(given_: dict[str, object], read: LabOptions) -> None:
    """Lists of one text, texts, numbers; what isn't there has its default."""
    assert LabOptions.from_mapping(given_) == read


@pytest.mark.parametrize(
    "junk",
    [
        {"gpus": 5}, {"gpus": -1}, {"hours": 0}, {"hours": 73}, {"gpus": "9" * 39}, {"gpus": "9" * 5000},
        {"gpus": 10**5000}, {"gpus": True}, {"gpus": 1.0}, {"gpus": None}, {"gpus": "1 "}, {"gpus": "\u0661"}, {"gpus": ""},
        {"gpus": ["1", "2"]}, {"gpus": []}, {"gpus": [["1"]]}, {"gpus": {"a": 1}}, {"hours": "8\n"}, {"image": "x"},
        {"gpus": "1", "env": {"LD_PRELOAD": "x"}}, {1: 1}, {None: 1, "x": 2}, [1], "gpus", None, 7,
    ],
)  # fmt: skip
def test_junk_is_refused_in_a_short_line(junk: object) -> None:
    """It is an OptionError, which says what was expected and quotes little."""
    with pytest.raises(OptionError) as refused:
        LabOptions.from_mapping(junk)

    assert len(str(refused.value)) < 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)
KEYS = st.sampled_from(["gpus", "hours"]) | st.text(max_size=9) | st.integers() | st.none()


@given(ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=3))
def test_anything_at_all_is_read_or_refused(values: object) -> None:
    """Never another exception, and what is read is in range."""
    try:
        options = LabOptions.from_mapping(values)
    except CcdsError:
        return

    assert 0 <= options.gpus <= 4
    assert 1 <= options.hours <= 72
