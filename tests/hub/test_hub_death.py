"""The hub is killed -9, the scheduler falls silent, jobs end by themselves: sessions are told the truth about."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ccds_kernel.batch.spec import PriorityClass
from support.demo import LAB, Demo, processes_of
from support.hub import HubSite
from support.waiting import until

pytestmark = pytest.mark.hub


@pytest.fixture
def hub(hub_site: HubSite) -> Demo:
    """The site's hub, running."""
    return hub_site.running()


def servers(hub: Demo) -> set[tuple[int, float]]:
    """The servers of all sessions, told apart by pid and start."""
    return {(one.pid, one.create_time()) for one in processes_of(hub.folder, "jupyterhub.singleuser")}


def test_a_session_outlives_the_hub(hub_site: HubSite, hub: Demo) -> None:
    """The same server answers at the same address after the hub was killed and started, and it can still be stopped."""
    sam = hub.login("sam")
    url = hub.start(sam, "sam", LAB, {"gpus": 1})
    sam.get(f"{url}lab", timeout=30)
    before, job = servers(hub), hub.job("sam", LAB)

    hub_site.kill()
    again = hub_site.start()
    until(lambda: again.is_ready(sam, "sam", LAB), "the session to be there again", seconds=30)
    page = sam.get(f"{url}lab", timeout=30)
    after, same = servers(again), again.job("sam", LAB)
    again.stop(sam, "sam", LAB)

    assert page.status_code == 200
    assert len(before) == 1
    assert (after, same.id) == (before, job.id)
    assert servers(again) == set()
    assert again.job("sam", LAB) is None


def test_a_job_that_ended_is_noticed(hub: Demo) -> None:
    """By itself: the hub asks and shows no session any more."""
    sam = hub.login("sam")
    hub.start(sam, "sam", LAB)

    hub.scheduler.cancel(hub.job("sam", LAB).id)

    until(lambda: not hub.is_ready(sam, "sam", LAB), "the hub to notice", seconds=30)
    assert servers(hub) == set()


def test_a_silent_scheduler_ends_nothing(hub: Demo) -> None:
    """The hub says that the session runs; new starts are told to wait, also from the form; a stop waits for the end."""
    sam = hub.login("sam")
    url = hub.start(sam, "sam", LAB)
    sam.get(f"{url}lab", timeout=30)
    before = servers(hub)

    with hub.silent_scheduler():
        still = sam.post(hub.api("sam", LAB), json={}, timeout=30)  # the hub polls before it answers this
        other = sam.post(hub.api("sam", f"{LAB}-2"), json={}, timeout=30)
        form = sam.get(f"{hub.url}/hub/spawn/sam/{LAB}-2", timeout=30)
        page = sam.get(f"{url}lab", timeout=30)
        stop = sam.delete(hub.api("sam", LAB), timeout=60)
        meanwhile = servers(hub)
    until(lambda: not servers(hub), "the session to end", seconds=30)

    assert (still.status_code, still.json()["message"]) == (400, f"sam:{LAB} is already running")
    assert (other.status_code, form.status_code) == (503, 200)
    assert page.status_code == 200
    assert stop.status_code == 202
    assert meanwhile == before
    until(lambda: sam.get(hub.api("sam", LAB), timeout=20).json()["pending"] is None, "the stop to be over")


def test_of_two_sessions_that_start_at_once_one_is_the_first(hub: Demo) -> None:
    """Whichever the hub takes first; the other is a further node. Somebody else's is a first one too."""
    sessions = [("tom", LAB), ("tom", f"{LAB}-2"), ("sam", LAB)]
    clients = [hub.login(person) for person, _ in sessions]

    with ThreadPoolExecutor(3) as pool:
        list(
            pool.map(
                lambda one: one[0].post(hub.api(*one[1]), json={}, timeout=60), zip(clients, sessions, strict=True)
            )
        )
    for asking, (person, session) in zip(clients, sessions, strict=True):
        until(
            lambda asking=asking, person=person, session=session: hub.is_ready(asking, person, session),
            session,
            seconds=60,
        )
    classes = [hub.job(*one).priority_class for one in sessions]
    for asking, (person, session) in zip(clients, sessions, strict=True):
        hub.stop(asking, person, session)

    assert sorted(classes[:2]) == [PriorityClass.FIRST, PriorityClass.SECOND]
    assert classes[2] is PriorityClass.FIRST
