"""A hub that keeps the policy: the oldest further node becomes the first one, a move by hand is moved back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch import JobState, PriorityClass
from ccds_kernel.batch.local.client import LocalScheduler
from support.demo import LAB, PROJECT, Demo
from support.hub import HubSite, site_with_hub
from support.waiting import until

pytestmark = pytest.mark.hub

FIRST, SECOND = PriorityClass.FIRST, PriorityClass.SECOND
LABS = [LAB, f"{LAB}-2", f"{LAB}-3"]
ALL_GPUS = {"gpus": 4}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site with four pretended GPUs."""
    with site_with_hub(tmp_path_factory.mktemp("policy") / "site") as made:
        yield made


@pytest.fixture(scope="module")
def hub(site: HubSite) -> Demo:
    """Its hub, running."""
    return site.start()


@pytest.fixture
def sam(hub: Demo) -> Iterator[requests.Session]:
    """Sam, with a node on all GPUs and two further ones that wait; none at the end."""
    client = hub.login("sam")
    hub.start(client, "sam", LABS[0], ALL_GPUS)
    for session in LABS[1:]:
        assert client.post(hub.api("sam", session), json=ALL_GPUS, timeout=30).status_code == 202
        until(lambda session=session: hub.job("sam", session), "its job")
    yield client
    for session in reversed(LABS):
        if client.get(hub.api("sam", session), timeout=20).status_code == 200:
            hub.stop(client, "sam", session)


def kind_of(hub: Demo, session: str) -> PriorityClass | None:
    """Its class, as the scheduler says."""
    job = hub.job("sam", session)
    return job.priority_class if job else None


def test_the_oldest_further_node_is_promoted_when_the_first_has_ended(hub: Demo, sam: requests.Session) -> None:
    """And starts; the other one stays a further node. Nobody moved anything by hand."""
    before = [kind_of(hub, session) for session in LABS]

    hub.stop(sam, "sam", LABS[0])
    until(lambda: kind_of(hub, LABS[1]) is FIRST, "the promotion")
    until(lambda: hub.is_ready(sam, "sam", LABS[1]), "the promoted node to be up", seconds=60)
    last = hub.job("sam", LABS[2])

    assert before == [FIRST, SECOND, SECOND]
    assert (last.state, last.priority_class) == (JobState.PENDING, SECOND)


@pytest.mark.usefixtures("sam")
def test_a_node_that_was_moved_by_hand_is_moved_back(hub: Demo, site: HubSite) -> None:
    """By another client of the scheduler, past the hub; the audit log has whose node it was."""
    other = LocalScheduler(Path(site.folder) / "state" / "scheduler")
    until(lambda: kind_of(hub, LABS[2]) is SECOND, "its class")

    other.set_priority(hub.job("sam", LABS[2]).id, FIRST)
    until(lambda: kind_of(hub, LABS[2]) is SECOND, "it to be moved back", seconds=10)
    events = until(lambda: moved_back(site), "the event")

    assert [kind_of(hub, session) for session in LABS] == [FIRST, SECOND, SECOND]
    assert [(one["person"], one["project"], one["detail"]) for one in events] == [
        ("sam", PROJECT, {"session": LABS[2], "was": "first", "to": "second", "times": 1})
    ]


def test_a_hub_that_starts_anew_goes_on_where_it_was(hub: Demo, site: HubSite, sam: requests.Session) -> None:
    """Killed while two nodes wait and the first one ends: they are put in order by the next life of the hub."""
    site.kill()
    hub.scheduler.cancel(hub.job("sam", LABS[0]).id)
    until(lambda: hub.job("sam", LABS[0]) is None, "its end")
    unchanged = [kind_of(hub, session) for session in LABS[1:]]

    site.start()
    until(lambda: kind_of(hub, LABS[1]) is FIRST, "the promotion", seconds=40)
    until(lambda: hub.is_ready(sam, "sam", LABS[1]), "the promoted node to be up", seconds=60)

    assert unchanged == [SECOND, SECOND]
    assert kind_of(hub, LABS[2]) is SECOND


def moved_back(site: HubSite) -> list[dict[str, object]]:
    """The audit log's events of that."""
    entries = FileAuditSink(site.settings.paths.audit).entries(PROJECT)
    return [one for one in entries if one["event"] == "NodeMovedBack"]
