"""Sessions on a real Slurm: they wait, are suspended, lose their scheduler and their hub, and go on."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
import requests

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import JobState, JobStatus
from support.demo import LAB, Demo
from support.hub import HubSite, site_with_hub
from support.slurm import TWO_BY_TWO, Cluster, running_slurm
from support.waiting import until

pytestmark = pytest.mark.hub

FURTHER = f"{LAB}-2"


@dataclass
class Site:
    """A hub whose sessions are jobs of a real Slurm with two nodes of two GPUs."""

    cluster: Cluster
    hub_site: HubSite
    demo: Demo
    scheduler: Scheduler

    def restart(self) -> None:
        """Starts the hub anew."""
        self.demo = self.hub_site.start()

    def lose_both(self) -> None:
        """Slurm dies, and the hub before it knew the job of sam's start; the new hub tries in vain to take that up."""
        log, in_vain = self.hub_site.folder / "hub.log", f"sam:{LAB} isn't taken up: the hub answers 503"
        self.cluster.kill_controller()
        self.hub_site.kill()
        with closing(sqlite3.connect(self.hub_site.folder / "state" / "hub.sqlite")) as db, db:
            died_before = json.dumps({"job_id": "", "up": False, "port": 0})
            db.execute("UPDATE spawners SET state = ? WHERE name = ?", (died_before, LAB))
        before = log.read_text().count(in_vain)
        self.restart()
        until(lambda: log.read_text().count(in_vain) > before, "a try in vain", 60)

    def jobs(self, session: str = LAB) -> list[JobStatus]:
        """The live jobs of sam's session."""
        name = job_name("session", "sam", session)
        return [job for job in self.scheduler.mine() if job.name == name]

    def model(self, client: requests.Session, session: str = LAB) -> dict[str, object]:
        """What the hub says of sam's session."""
        return client.get(self.demo.api("sam", session), timeout=30).json()

    def ask(self, client: requests.Session, session: str = LAB, **options: object) -> requests.Response:
        """Sam asks for a session."""
        return client.post(self.demo.api("sam", session), json={"user_options": {"gpus": 1, **options}}, timeout=60)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Every GPU is somebody else's first node."""
        jobs = [
            self.scheduler.submit(
                JobSpec(
                    name=f"somebody-else-{number}",
                    command=("sleep", "600"),
                    cwd=self.hub_site.folder,
                    log=self.hub_site.folder / "somebody-else.txt",
                    owner="tom",
                    gpus=2,
                    priority_class=PriorityClass.FIRST,
                )
            )
            for number in range(2)
        ]
        until(lambda: {self.scheduler.status(jobs)[job].state for job in jobs} == {JobState.RUNNING}, "full nodes", 40)
        try:
            yield
        finally:
            for job in jobs:
                self.scheduler.cancel(job)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes with two GPUs each, and a host for apps."""
    with running_slurm(*TWO_BY_TWO) as running:
        yield running


@pytest.fixture(scope="module")
def site(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its hub, which asks Slurm twice a second."""
    lines = ['engine = "slurm"', "tick_seconds = 0.5", "[slurm]", f'conf = "{cluster.folder}/slurm.conf"']
    with site_with_hub(tmp_path_factory.mktemp("hub") / "site", more="\n".join(lines)) as hub_site:
        try:
            yield Site(cluster, hub_site, hub_site.start(), scheduler_of(hub_site.settings))
        finally:
            cluster.cancel_all()


@pytest.fixture
def sam(site: Site) -> Iterator[requests.Session]:
    """Sam, logged in; at the end no session of his is left."""
    client = site.demo.login("sam")
    yield client
    for session in (LAB, FURTHER):
        if client.get(site.demo.api("sam", session), timeout=20).status_code == 200:
            site.demo.stop(client, "sam", session)


def words_of_waiting(client: requests.Session, site: Site, word: str) -> str:
    """The first message of a starting session's page that has `word` in it."""
    with client.get(f"{site.demo.api('sam', LAB)}/progress", stream=True, timeout=60) as events:
        for line in events.iter_lines(decode_unicode=True):
            if line.startswith("data:") and word in line:
                return json.loads(line[len("data:") :])["message"]
    return ""


def failure(client: requests.Session, site: Site, session: str) -> str:
    """What the page of a session says that was refused; empty while it starts."""
    with client.get(f"{site.demo.api('sam', session)}/progress", stream=True, timeout=60) as events:
        for line in events.iter_lines(decode_unicode=True):
            if line.startswith("data:") and "Spawn failed" in line:
                return json.loads(line[len("data:") :])["message"]
    return ""


def test_a_session_is_a_job_of_slurm(site: Site, sam: requests.Session) -> None:
    """In the partition of first nodes, with the GPU and the hours that were asked for; it is reached where Slurm says."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1, "hours": 3})
    page = sam.get(f"{url}lab", timeout=30)
    (job,) = site.jobs()

    assert page.status_code == 200
    assert (job.state, job.priority_class, len(job.gpus_granted)) == (JobState.RUNNING, PriorityClass.FIRST, 1)
    assert (job.wall_ends - job.started).total_seconds() == pytest.approx(3 * 3600)


def test_one_that_waits_outlives_the_hub(site: Site, sam: requests.Session) -> None:
    """It says why it waits; killed and started anew, the hub has the same job wait again, and opens it when there is room."""
    with site.full():
        site.ask(sam)
        told = words_of_waiting(sam, site, "the scheduler's words: ")
        (job,) = site.jobs()
        site.hub_site.kill()
        site.restart()
        until(lambda: site.model(sam)["pending"] == "spawn", "the start to go on", 30)
        (waiting,) = site.jobs()
    until(lambda: site.model(sam)["ready"], "the session to be up", 90)
    (running,) = site.jobs()
    page = sam.get(f"{site.demo.url}/user/sam/{LAB}/lab", timeout=30)

    assert "place 1 in the queue" in told
    assert "the scheduler's words: Resources" in told or "the scheduler's words: Priority" in told
    assert (waiting.id, waiting.state) == (job.id, JobState.PENDING)
    assert running.id == job.id
    assert page.status_code == 200


def test_a_slurm_that_is_away_too_is_waited_for(site: Site, sam: requests.Session) -> None:
    """Whether the session has a job can't be known: none is made, nothing is given up, and the job is found in the end."""
    with site.full():
        site.ask(sam)
        (job,) = until(site.jobs, "the job")
        site.lose_both()
        log = site.hub_site.folder / "hub.log"
        site.cluster.start_controller()
        until(lambda: site.model(sam)["pending"] == "spawn", "the start to go on", 60)
        until(lambda: f"taking up job {job.id}" in log.read_text(), "the job to be found", 60)
        after = site.jobs()
        site.demo.stop(sam, "sam", LAB)

    assert [one.id for one in after] == [job.id]


def test_one_that_waits_to_be_taken_up_can_be_called_off(site: Site, sam: requests.Session) -> None:
    """Neither hub nor Slurm was there: the stop is kept, over another death of the hub, and the job ends once Slurm is back."""
    with site.full():
        site.ask(sam)
        until(site.jobs, "the job")
        site.lose_both()
        until(lambda: sam.delete(site.demo.api("sam", LAB), timeout=60).status_code == 202, "the stop to be taken", 30)
        shown = sam.get(f"{site.demo.url}/hub/api/ccds/people/sam/cards", timeout=20).json()["html"]
        site.hub_site.kill()
        site.restart()
        site.cluster.start_controller()
        until(lambda: site.jobs() == [], "the job to end", 60)
        until(lambda: site.model(sam)["pending"] is None, "the start to be over", 60)

    assert 'data-state="stopping"' in shown
    assert not site.model(sam)["ready"]


def test_one_that_waits_can_be_called_off(site: Site, sam: requests.Session) -> None:
    """Its job is gone from the queue."""
    with site.full():
        site.ask(sam)
        until(site.jobs, "the job")
        site.demo.stop(sam, "sam", LAB)

        assert site.jobs() == []


def test_a_suspended_session_is_kept(site: Site, sam: requests.Session) -> None:
    """`scontrol suspend` takes its node from it; the hub, which asks, keeps it, and it goes on when it is resumed."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1})
    (job,) = site.jobs()

    site.cluster.suspend(job.id)
    until(lambda: site.jobs()[0].state is JobState.SUSPENDED, "it to be suspended")
    again = site.ask(sam)  # the hub polls before it answers this
    meanwhile = site.model(sam)
    site.cluster.resume(job.id)
    page = until(lambda: _page(sam, url), "its page")

    assert (again.status_code, again.json()["message"]) == (400, f"sam:{LAB} is already running")
    assert meanwhile["ready"]
    assert page.status_code == 200
    assert [one.id for one in site.jobs()] == [job.id]


def _page(client: requests.Session, url: str) -> requests.Response | None:
    answer = client.get(f"{url}lab", timeout=30)
    return answer if answer.status_code == 200 else None


def test_sessions_outlive_slurmctld(site: Site, sam: requests.Session) -> None:
    """Killed: what runs runs on, what is new is told to come later; started anew, it knows the job, which can be stopped."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1})
    (job,) = site.jobs()

    site.cluster.kill_controller()
    again = site.ask(sam)
    site.ask(sam, FURTHER)
    told = until(lambda: failure(sam, site, FURTHER), "the other to be told to come later", 40)
    page = sam.get(f"{url}lab", timeout=30)
    site.cluster.start_controller()
    until(lambda: [one.state for one in site.jobs()] == [JobState.RUNNING], "the job to be known again", 60)
    after = site.jobs()
    site.demo.stop(sam, "sam", LAB)

    assert (again.status_code, again.json()["message"]) == (400, f"sam:{LAB} is already running")
    assert "expected an answer" in told
    assert page.status_code == 200
    assert [one.id for one in after] == [job.id]
    assert site.jobs() == []


def test_a_slurm_that_hangs_ends_nothing(site: Site, sam: requests.Session) -> None:
    """Its silence is waited for and no longer; the session is there all the while."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1})
    (job,) = site.jobs()

    with site.cluster.hanging_controller():
        again = site.ask(sam)
        page = sam.get(f"{url}lab", timeout=30)

    assert (again.status_code, again.json()["message"]) == (400, f"sam:{LAB} is already running")
    assert page.status_code == 200
    assert [one.id for one in site.jobs()] == [job.id]


def test_what_slurm_refuses_is_told_in_its_own_words(site: Site, sam: requests.Session) -> None:
    """A partition whose limit is lower than the site's settings say."""
    site.cluster.run("scontrol", "update", "PartitionName=interactive", "MaxTime=60")
    try:
        refused = site.ask(sam, hours=5)
    finally:
        site.cluster.run("scontrol", "update", "PartitionName=interactive", "MaxTime=UNLIMITED")

    assert refused.status_code == 400
    assert "Requested time limit is invalid" in refused.json()["message"]
    assert site.jobs() == []


def test_its_people_are_told_of_its_end_and_put_it_off(site: Site, sam: requests.Session) -> None:
    """Of hours that an administrator has cut short, too; Slurm takes the extension, and the notice goes."""
    url = site.demo.start(sam, "sam", LAB, {"gpus": 1, "hours": 1})
    sam.get(f"{url}lab", timeout=30)
    (job,) = site.jobs()

    site.cluster.run("scontrol", "update", f"JobId={job.id}", "TimeLimit=20")
    told = until(lambda: notice(sam, url), "the notice", 40)
    (before,) = site.jobs()
    answer = sam.post(f"{site.demo.url}/hub/api/ccds/sessions/sam/{LAB}/extend", json={"minutes": 60}, timeout=30)
    (after,) = site.jobs()
    until(lambda: not notice(sam, url), "the notice to go", 40)

    assert "in less than 30 minutes" in told
    assert answer.status_code == 200, answer.text
    assert (after.wall_ends - before.wall_ends).total_seconds() == pytest.approx(3600)


def notice(client: requests.Session, url: str) -> str:
    """What the session's pages show."""
    return client.get(f"{url}ccds/notice", timeout=30).json()["text"]
