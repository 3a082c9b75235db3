"""Sessions on the stand-in for LSF: what the hub makes of its answers, also of those that are none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from support.demo import LAB, Demo
from support.hub import HubSite, site_with_hub
from support.lsf.stand_in import Host, StandIn, queues, running_lsf
from support.waiting import until

pytestmark = pytest.mark.hub

HOSTS = (Host("localhost", slots=64, memory_mb=1_000_000, gpus=2), Host("127.0.0.1", slots=64, memory_mb=1_000_000))
"""Names by which a session is reached."""


@dataclass
class Site:
    """A hub whose sessions are jobs of the stand-in, which has one node with two GPUs."""

    lsf: StandIn
    hub_site: HubSite
    demo: Demo
    scheduler: Scheduler

    def jobs(self) -> list[JobStatus]:
        """The live jobs of sam's session."""
        return [job for job in self.scheduler.mine() if job.name == job_name("session", "sam", LAB)]

    def model(self, client: requests.Session) -> dict[str, object]:
        """What the hub says of sam's session."""
        return client.get(self.demo.api("sam", LAB), timeout=30).json()

    def ask(self, client: requests.Session) -> requests.Response:
        """Sam asks for it."""
        return client.post(self.demo.api("sam", LAB), json={"user_options": {"gpus": 1}}, timeout=60)

    def fill(self) -> JobId:
        """Somebody else's first node takes both GPUs."""
        spec = JobSpec(
            name="somebody-else",
            command=("sleep", "600"),
            cwd=self.hub_site.folder,
            log=self.hub_site.folder / "somebody-else.txt",
            owner="tom",
            gpus=2,
            priority_class=PriorityClass.FIRST,
        )
        job = self.scheduler.submit(spec)
        until(lambda: self.scheduler.status([job])[job].state is JobState.RUNNING, "a full node", 40)
        return job


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hub, which asks twice a second."""
    with running_lsf(tmp_path_factory.mktemp("lsf") / "lsf", HOSTS, queues(HOSTS), terminate_interval_s=5.0) as lsf:
        lines = ['engine = "lsf"', "tick_seconds = 0.5", "[lsf]", f'bin = "{lsf.bin}"']
        with site_with_hub(tmp_path_factory.mktemp("hub") / "site", more="\n".join(lines)) as hub_site:
            scheduler = scheduler_of(hub_site.settings)
            yield Site(lsf, hub_site, hub_site.start(), scheduler)
            lsf.misbehave()
            for job in scheduler.mine():
                scheduler.cancel(job.id)
            until(lambda: scheduler.mine() == [], "all jobs to have ended", 40)


@pytest.fixture
def sam(site: Site) -> Iterator[requests.Session]:
    """Sam, logged in; at the end no session of his is left, and LSF behaves."""
    client = site.demo.login("sam")
    yield client
    site.lsf.misbehave()
    if client.get(site.demo.api("sam", LAB), timeout=20).status_code == 200:
        site.demo.stop(client, "sam", LAB)


def test_a_session_is_a_job_of_lsf(site: Site, sam: requests.Session) -> None:
    """In the queue of first nodes, with its GPU; its page opens, and stopping it ends the job."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1})
    page = sam.get(f"{url}lab", timeout=30)
    (job,) = site.jobs()
    site.demo.stop(sam, "sam", LAB)

    assert page.status_code == 200
    assert (job.state, job.priority_class, job.gpus_granted) == (JobState.RUNNING, PriorityClass.FIRST, ("0",))
    until(lambda: site.jobs() == [], "the job to have ended", 40)


def test_no_misbehaviour_ends_a_session(site: Site, sam: requests.Session) -> None:
    """A lost host, a suspended job, no connection, half an answer, a program that hangs: it is there all the while."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1})
    (job,) = site.jobs()
    kept = []

    for how in (
        {"stat": {job.id: "UNKWN"}},
        {"stat": {job.id: "ZOMBI"}},
        {"stat": {job.id: "USUSP"}},
        {"refuses_all": "Failed in an LSF library call: Communication time out"},
        {"truncates": 200},
        {"hides": [job.id]},
        {"hangs": "bjobs"},
    ):
        site.lsf.misbehave(**how)
        again = site.ask(sam)  # the hub polls before it answers this
        page = sam.get(f"{url}lab", timeout=30)
        kept.append((again.json().get("message"), page.status_code))
    site.lsf.misbehave()

    assert set(kept) == {(f"sam:{LAB} is already running", 200)}
    assert [one.id for one in site.jobs()] == [job.id]


def test_one_that_waits_outlives_the_hub(site: Site, sam: requests.Session) -> None:
    """Killed and started anew, the hub has the same job wait again, and opens it when there is room."""
    full = site.fill()
    site.ask(sam)
    (job,) = until(site.jobs, "the job")
    site.hub_site.kill()
    site.demo = site.hub_site.start()
    until(lambda: site.model(sam)["pending"] == "spawn", "the start to go on", 30)
    site.scheduler.cancel(full)
    until(lambda: site.model(sam)["ready"], "the session to be up", 90)

    assert [(one.id, one.state) for one in site.jobs()] == [(job.id, JobState.RUNNING)]


def test_what_lsf_refuses_is_told_in_its_own_words(site: Site, sam: requests.Session) -> None:
    """An esub that lets nobody through."""
    site.lsf.misbehave(rejects="Your project has no hours left")

    site.ask(sam)
    told = until(lambda: failure(sam, site), "the refusal", 40)

    assert "Your project has no hours left" in told
    assert site.jobs() == []


def failure(client: requests.Session, site: Site) -> str:
    """What the page of a session says that was refused; empty while it starts."""
    with client.get(f"{site.demo.api('sam', LAB)}/progress", stream=True, timeout=60) as events:
        for line in events.iter_lines(decode_unicode=True):
            if line.startswith("data:") and "failed" in line:
                return json.loads(line[len("data:") :])["message"]
    return ""
