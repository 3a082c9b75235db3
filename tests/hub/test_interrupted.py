"""The hub is killed -9 while sessions start: it takes their starts up again, with the jobs that are there."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import UTC, datetime

import pytest
import requests

from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobState, JobStatus
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.cluster.records import Records
from ccds_kernel.irb.applying import apply_application
from support.demo import LAB, PROJECT, Demo, processes_of
from support.hub import PEOPLE, HubSite
from support.site import application, on_roster
from support.waiting import until

pytestmark = pytest.mark.hub

EPOCH = datetime.fromtimestamp(0, UTC)


@pytest.fixture
def hub(hub_site: HubSite) -> Demo:
    """The site's hub, running."""
    return hub_site.running()


@contextmanager
def asked(hub: Demo, client: requests.Session, session: str = LAB) -> Iterator[None]:
    """Sam asks for a session of one GPU; at the end the answer has come, or the hub has died under it."""

    def post() -> None:
        with suppress(requests.RequestException):
            client.post(hub.api("sam", session), json={"user_options": {"gpus": 1, "hours": 3}}, timeout=60)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(post)
        yield
        asking.result(70)


@contextmanager
def full(hub: Demo) -> Iterator[None]:
    """Every GPU is somebody else's."""
    (node,) = hub.scheduler.capacity()
    other = JobSpec(
        name="somebody-else",
        command=("sleep", "600"),
        cwd=hub.folder,
        log=hub.folder / "somebody-else.txt",
        owner="tom",
        gpus=node.gpus,
        priority_class=PriorityClass.FIRST,
    )
    job = hub.scheduler.submit(other)
    until(lambda: hub.scheduler.status([job])[job].state is JobState.RUNNING, "the GPUs to be taken")
    try:
        yield
    finally:
        hub.scheduler.cancel(job)
        until(lambda: hub.scheduler.status([job])[job].state.ended, "the GPUs to be free")


def noted(hub: Demo, **changed: object) -> dict[str, object]:
    """What the dead hub's database says of sam's session, with `changed` in it from now on."""
    with closing(sqlite3.connect(hub.folder / "state" / "hub.sqlite")) as db, db:
        (state,) = db.execute("SELECT state FROM spawners WHERE name = ?", (LAB,)).fetchone()
        known = json.loads(state) | changed
        db.execute("UPDATE spawners SET state = ? WHERE name = ?", (json.dumps(known), LAB))
    return known


def record_of(hub: Demo, job: JobStatus) -> SessionRecord:
    """What is recorded of the session that had this job: one run."""
    (found,) = [one for one in Records(hub.folder / "state").of_person("sam", EPOCH) if one.job == job.id]
    return found


@pytest.mark.parametrize("wrote_it_down", [True, False], ids=["job noted", "died before it noted the job"])
def test_a_start_that_waits_keeps_its_place(hub_site: HubSite, hub: Demo, wrote_it_down: bool) -> None:
    """After kill -9 the session waits again, with the same job and what was chosen, and comes up once there is room."""
    sam = hub.login("sam")
    with full(hub):
        with asked(hub, sam):
            (job,) = until(lambda: hub.jobs("sam", LAB), "the job")
            until(lambda: sam.get(hub.api("sam", LAB), timeout=20).json().get("pending") == "spawn", "the start")
            hub_site.kill()
        if not wrote_it_down:
            noted(hub, job_id="")

        again = hub_site.start()
        until(lambda: sam.get(again.api("sam", LAB), timeout=20).json()["pending"] == "spawn", "the start to go on")
        waiting = again.jobs("sam", LAB)
        told = _words_of_waiting(sam, again)
    until(lambda: again.is_ready(sam, "sam", LAB), "the session to be up", seconds=60)
    page = sam.get(f"{again.url}/user/sam/{LAB}/lab", timeout=30)
    running = again.jobs("sam", LAB)
    again.stop(sam, "sam", LAB)

    assert [one.id for one in waiting] == [one.id for one in running] == [job.id]
    assert waiting[0].state is JobState.PENDING
    assert "1 GPU" in told
    assert "start expected" in told
    assert page.status_code == 200
    assert again.jobs("sam", LAB) == []
    record = record_of(again, job)
    assert (record.how, record.gpus, record.hours) == (HowEnded.STOPPED, 1, 3.0)
    assert record.started is not None
    assert record.started >= record.submitted


def _words_of_waiting(client: requests.Session, hub: Demo) -> str:
    """What the page of a starting session is told once the scheduler has said why it waits."""
    with client.get(f"{hub.api('sam', LAB)}/progress", stream=True, timeout=30) as events:
        for line in events.iter_lines(decode_unicode=True):
            if line.startswith("data:") and "queue" in line:
                return json.loads(line[len("data:") :])["message"]
    return ""


def test_a_session_that_comes_up_while_the_hub_is_away(hub_site: HubSite, hub: Demo) -> None:
    """Its launcher asks until somebody listens, and is heard once its start was taken up; its token opens it, and is its own."""
    sam = hub.login("sam")
    with asked(hub, sam):
        until(lambda: processes_of(hub.folder, "jupyterhub.singleuser"), "its server")
        (job,) = hub.jobs("sam", LAB)
        hub_site.kill()

    again = hub_site.start()
    until(lambda: again.is_ready(sam, "sam", LAB), "the session to be up", seconds=60)
    token = again.token(LAB)
    own = requests.get(
        f"{again.url}/user/sam/{LAB}/api/status", headers={"Authorization": f"token {token}"}, timeout=20
    )
    after = again.jobs("sam", LAB)
    again.stop(sam, "sam", LAB)
    gone = requests.get(f"{again.url}/hub/api/user", headers={"Authorization": f"token {token}"}, timeout=20)

    assert [one.id for one in after] == [job.id]
    assert own.status_code == 200
    assert gone.status_code == 403
    with closing(sqlite3.connect(hub.folder / "state" / "hub.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM api_tokens WHERE note LIKE 'Takes up%'").fetchone() == (0,)


def test_a_port_that_was_reported_is_not_asked_for_again(hub_site: HubSite, hub: Demo) -> None:
    """The hub died after it took the port and before the session was up: it knows the port, and the session comes up."""
    sam = hub.login("sam")
    hub.start(sam, "sam", LAB, {"gpus": 1})
    (job,) = hub.jobs("sam", LAB)
    hub_site.kill()
    state = noted(hub, up=False)

    again = hub_site.start()
    until(lambda: again.is_ready(sam, "sam", LAB), "the session to be up", seconds=60)
    after = again.jobs("sam", LAB)
    again.stop(sam, "sam", LAB)

    assert state["port"]
    assert [one.id for one in after] == [job.id]


def test_a_start_that_was_called_off_is_not_taken_up(hub_site: HubSite, hub: Demo) -> None:
    """Cancelled while it waited: its job has ended, and a hub that starts anew begins nothing."""
    sam = hub.login("sam")
    with full(hub):
        with asked(hub, sam):
            (job,) = until(lambda: hub.jobs("sam", LAB), "the job")
        hub.stop(sam, "sam", LAB)
        left = hub.jobs("sam", LAB)
        hub_site.kill()
        again = hub_site.start()
        state = sam.get(again.api("sam", LAB), timeout=20).json()

    assert left == []
    assert (state["pending"], state["ready"]) == (None, False)
    assert record_of(again, job).how is HowEnded.CANCELLED


def test_who_may_not_have_it_any_more_keeps_no_place(hub_site: HubSite, hub: Demo) -> None:
    """Off the roster while the hub was away: the start is refused when it is taken up, and its job is gone from the queue."""
    sam = hub.login("sam")
    with full(hub):
        with asked(hub, sam):
            (job,) = until(lambda: hub.jobs("sam", LAB), "the job")
            hub_site.kill()
        amend(hub_site, tom="scientist")
        again = hub_site.start()
        until(lambda: again.jobs("sam", LAB) == [], "the job to be gone", seconds=60)
    amend(hub_site, **PEOPLE)

    until(lambda: sam.get(again.api("sam", LAB), timeout=20).json()["pending"] is None, "the refusal to be over")
    assert record_of(again, job).how in {HowEnded.REVOKED, HowEnded.CANCELLED}


@pytest.mark.parametrize("up", [False, True], ids=["while it waited", "while it ran"])
def test_an_end_that_was_asked_for_is_gone_on_with(hub_site: HubSite, hub: Demo, up: bool) -> None:
    """The scheduler was away when it was asked for, and the hub died before it was back: the job ends, and isn't taken up."""
    sam = hub.login("sam")
    with full(hub) if not up else nullcontext():
        with asked(hub, sam):
            (job,) = until(lambda: hub.jobs("sam", LAB), "the job")
        if up:
            until(lambda: hub.is_ready(sam, "sam", LAB), "the session to be up", seconds=60)
        with hub.silent_scheduler():
            sam.delete(hub.api("sam", LAB), timeout=60)
            until(lambda: sam.get(hub.api("sam", LAB), timeout=20).json()["pending"] == "stop", "the stop to begin")
            hub_site.kill()

        again = hub_site.start()
        until(lambda: again.jobs("sam", LAB) == [], "the job to end", seconds=60)
    until(lambda: record_of(again, job).how, "its end to be recorded", seconds=30)

    assert record_of(again, job).how is (HowEnded.STOPPED if up else HowEnded.CANCELLED)


def test_an_end_while_the_hub_was_away_is_recorded_as_when_it_was(hub_site: HubSite, hub: Demo) -> None:
    """Not as long as the hub was away: that is nobody's time on a node."""
    sam = hub.login("sam")
    hub.start(sam, "sam", LAB, {"gpus": 1})
    (job,) = hub.jobs("sam", LAB)
    hub_site.kill()
    hub.scheduler.cancel(job.id)
    until(lambda: hub.scheduler.status([job.id])[job.id].state.ended, "the job to end", seconds=30)
    ended = hub.scheduler.status([job.id])[job.id].ended

    again = hub_site.start()
    until(lambda: record_of(again, job).ended, "its end to be recorded", seconds=30)

    assert record_of(again, job).ended == ended


def amend(hub_site: HubSite, **people: str) -> None:
    """The project has these people from now on."""
    amended = application(id=PROJECT, roster=on_roster(**people))
    apply_application(amended, person=hub_site.settings.hub.administrators[0], settings=hub_site.settings)
