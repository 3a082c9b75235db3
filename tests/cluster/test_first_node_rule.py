"""The first-node rule as people see it: two of them in a browser, four GPUs of a real Slurm, and batch work on all of these.

Everybody gets their first node at once, at the expense of batch work; each further one comes after everybody's first. While
they wait the hub dies, Slurm dies, a job is suspended and another moved by hand: nothing is lost, and the cards say so.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobState
from support.browser import chromium, hosts_asked, log_in
from support.demo import LAB, PROJECT, Demo
from support.lab import new_notebook, run_until_it_prints
from support.slurm import Cluster, running_slurm
from support.slurm_hub import TICK_S, TWO_NODES, SlurmHub, hub_on_slurm
from support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.hub, pytest.mark.timeout(400)]

SECOND, THIRD = f"{LAB}-2", f"{LAB}-3"
UP_MS = 90_000

COUNTING = """
import itertools, time
for number in itertools.count():
    print(number, end=" ", flush=True)
    time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium whose waits are as long as those of a busy machine."""
    expect.set_options(timeout=30_000)
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes with two GPUs each."""
    with running_slurm(*TWO_NODES) as running:
        yield running


@pytest.fixture(scope="module")
def slurm(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmHub]:
    """Its site."""
    with hub_on_slurm(cluster, tmp_path_factory.mktemp("rule") / "site") as made:
        yield made


@pytest.fixture(scope="module")
def hub(slurm: SlurmHub) -> Demo:
    """Its hub; a test that kills it starts it again, at the same address."""
    return slurm.site.start()


@pytest.fixture
def sam(hub: Demo, slurm: SlurmHub) -> Iterator[requests.Session]:
    """Sam, logged in; at the end nobody has or waits for anything."""
    client = hub.login("sam")
    yield client
    for session in (THIRD, SECOND, LAB):
        if client.get(hub.api("sam", session), timeout=20).status_code == 200:
            hub.stop(client, "sam", session)
    slurm.cluster.cancel_all()


@pytest.fixture
def home(browser: Browser, hub: Demo) -> Iterator[Page]:
    """Sam's home page, which nobody reloads; in the end no foreign host was asked and no script failed."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        hosts, wrong = hosts_asked(page), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        log_in(page, hub.url, "sam", "right")
        page.evaluate("window.notReloaded = true")
        yield page
        assert page.evaluate("window.notReloaded")
        assert (len(hosts), wrong) == (1, [])


def card(page: Page, session: str) -> Locator:
    """The card of a session that lives."""
    return page.locator(f'.ccds-session[data-session="{session}"]:not([data-state="ended"])')


def is_shown(page: Page, session: str, state: str) -> Locator:
    """Waits until a session's card is in that state; that card."""
    shown = card(page, session)
    expect(shown).to_have_attribute("data-state", state, timeout=UP_MS)
    return shown


def ask(hub: Demo, client: requests.Session, person: str, session: str, gpus: int) -> None:
    """A person asks for a node."""
    options = {"user_options": {"gpus": gpus, "hours": 2}}
    assert client.post(hub.api(person, session), json=options, timeout=60).status_code == 202


def waiting_job(slurm: SlurmHub, person: str, session: str) -> str:
    """The job of a session, once it waits."""
    found = until(lambda: slurm.job(person, session), "the session's job")
    assert found.state is JobState.PENDING
    return found.id


@pytest.mark.usefixtures("sam")
def test_a_first_node_takes_its_gpus_from_batch_work(home: Page, slurm: SlurmHub, hub: Demo) -> None:
    """As many as were asked for, from work that is put back into the queue; the rest of it runs on."""
    batch = [slurm.work(f"batch-{number}", gpus=1) for number in range(4)]
    until(lambda: {job.state for job in slurm.statuses(batch)} == {JobState.RUNNING}, "batch work on every GPU", 40)

    with home.context.new_page() as form:
        form.goto(f"{hub.url}/hub/spawn/sam/{LAB}?gpus=2&hours=2")
        expect(form.get_by_role("status")).to_contain_text("This will be your first node")
        clicked = time.monotonic()
        form.get_by_role("button", name="Start").click(no_wait_after=True)
        job = until(lambda: (job := slurm.job("sam", LAB)) and job.state is JobState.RUNNING and job, "his node", 30)
        print(f"\nfirst node: seen to run {time.monotonic() - clicked:.1f} s after the click")  # noqa: T201 - for `pytest -s`
        form.wait_for_url(f"{hub.url}/user/sam/{LAB}/lab**", timeout=UP_MS)
        print(f"JupyterLab: opened {time.monotonic() - clicked:.1f} s after the click")  # noqa: T201 - likewise
    after = slurm.statuses(batch)

    expect(is_shown(home, LAB, "running")).to_contain_text("first node")
    assert (slurm.partition(job.id), len(job.gpus_granted)) == ("interactive", 2)
    assert Counter((one.state, one.requeues) for one in after) == {(JobState.PENDING, 1): 2, (JobState.RUNNING, 0): 2}


def test_a_second_node_waits_for_others_first_ones_and_is_promoted(
    home: Page, sam: requests.Session, slurm: SlurmHub, hub: Demo
) -> None:
    """Tom asks after it and has his node before it; it is sam's first one when the other has ended, and starts.

    While they wait, the hub and Slurm are killed: every job is the same job afterwards, in the same place.
    """
    tom = hub.login("tom")
    ask(hub, sam, "sam", LAB, gpus=2)
    is_shown(home, LAB, "running")
    elsewhere = slurm.work("elsewhere", gpus=2, priority_class=PriorityClass.FIRST)
    until(lambda: slurm.statuses([elsewhere])[0].state is JobState.RUNNING, "no GPU to be free", 40)
    ask(hub, sam, "sam", SECOND, gpus=2)
    second = waiting_job(slurm, "sam", SECOND)
    ask(hub, tom, "tom", LAB, gpus=2)
    waiting_job(slurm, "tom", LAB)
    before = jobs(slurm)
    waits = is_shown(home, SECOND, "waiting")
    expect(waits).to_contain_text("further node: low priority")
    expect(waits).to_contain_text("1 person is waiting for their first node before your second.")
    expect(waits.locator("dl > div", has_text="Place in the queue").locator("dd")).to_have_text("2")

    slurm.site.kill()
    expect(home.locator("main[data-silent]")).to_be_visible()
    slurm.site.start()
    expect(home.locator("main:not([data-silent])")).to_be_visible(timeout=UP_MS)
    expect(is_shown(home, SECOND, "waiting")).to_contain_text("1 person is waiting")
    after_hub = jobs(slurm)

    slurm.cluster.kill_controller()
    expect(card(home, LAB)).to_contain_text(
        re.compile(r"Last known: running at \d\d:\d\d; the session is left as it is")
    )
    expect(card(home, SECOND)).to_contain_text(re.compile(r"Last known: waiting at \d\d:\d\d"))
    slurm.cluster.start_controller()
    expect(card(home, SECOND)).not_to_contain_text("Last known", timeout=UP_MS)
    expect(is_shown(home, SECOND, "waiting")).to_contain_text("1 person is waiting")
    after_slurm = jobs(slurm)

    slurm.scheduler.cancel(elsewhere)
    until(lambda: (job := slurm.job("tom", LAB)) and job.state is JobState.RUNNING, "tom's node", 60)
    behind = is_shown(home, SECOND, "waiting")
    expect(behind).not_to_contain_text("person is waiting")
    expect(behind).to_contain_text("further node: low priority")
    is_shown(home, LAB, "running").get_by_role("button", name=re.compile("^Stop")).click()
    home.get_by_role("button", name="Stop it").click()
    promoted = is_shown(home, SECOND, "running")
    expect(promoted).to_contain_text("first node", timeout=UP_MS)
    after = jobs(slurm)
    hub.stop(tom, "tom", LAB)

    waiting = {("sam", LAB): JobState.RUNNING, ("sam", SECOND): JobState.PENDING, ("tom", LAB): JobState.PENDING}
    assert {whose: state for whose, (_, state) in before.items()} == waiting
    assert before == after_hub == after_slurm
    assert after == {
        ("sam", SECOND): (second, JobState.RUNNING),
        ("tom", LAB): (before["tom", LAB][0], JobState.RUNNING),
    }


def test_a_suspended_session_goes_on_where_it_was(
    home: Page, browser: Browser, sam: requests.Session, slurm: SlurmHub, hub: Demo
) -> None:
    """`scontrol suspend` stops it and `resume` lets it go on; the card says so, and its kernel has missed no number.

    JupyterLab is open in a browser of its own: its requests to a server that stands take all connections to the hub's address.
    """
    url = hub.start(sam, "sam", LAB, {"gpus": 1, "hours": 2})
    job = slurm.job("sam", LAB)
    assert job
    with browser.new_context() as another, another.new_page() as lab:
        log_in(lab, hub.url, "sam", "right")
        editor = new_notebook(lab, url)
        output = lab.locator(".jp-OutputArea-output").first
        editor.fill(COUNTING)
        run_until_it_prints(editor, output)
        until(lambda: counted(output), "the cell to count")

        slurm.cluster.suspend(job.id)
        suspended = is_shown(home, LAB, "suspended")
        expect(suspended).to_contain_text("it goes on where it was")
        stood = counted(output)
        with home.expect_response(re.compile(r"/cards$")):
            pass
        stands = counted(output)
        slurm.cluster.resume(job.id)
        is_shown(home, LAB, "running")
        until(lambda: len(counted(output)) > len(stood) + 5, "the cell to count on", 60)
        numbers = counted(output)
    now = slurm.job("sam", LAB)

    assert stands == stood
    assert numbers == list(range(len(numbers)))
    assert now
    assert (now.id, now.state, now.requeues) == (job.id, JobState.RUNNING, 0)


def test_what_an_owner_moves_is_moved_back(home: Page, sam: requests.Session, slurm: SlurmHub, hub: Demo) -> None:
    """A further node that was put among first nodes, past the hub, and a first one among the further ones; it is written down."""
    tom = hub.login("tom")
    elsewhere = [slurm.work(f"elsewhere-{number}", gpus=2, priority_class=PriorityClass.FIRST) for number in range(2)]
    until(lambda: {job.state for job in slurm.statuses(elsewhere)} == {JobState.RUNNING}, "no GPU to be free", 40)
    asked = []
    for session in (LAB, SECOND, THIRD):
        ask(hub, sam, "sam", session, gpus=1)
        asked.append(waiting_job(slurm, "sam", session))
    first, second, third = asked
    ask(hub, tom, "tom", LAB, gpus=1)
    waiting_job(slurm, "tom", LAB)
    expect(is_shown(home, THIRD, "waiting")).to_contain_text(
        "1 person is waiting for their first node before your third."
    )
    expect(is_shown(home, LAB, "waiting")).not_to_contain_text("person is waiting")

    began = time.monotonic()
    slurm.cluster.run("scontrol", "update", f"JobId={second}", "Partition=interactive")
    until(lambda: slurm.partition(second) == "second", "the further node to be moved back", 30)
    print(f"moved back after {time.monotonic() - began:.1f} s, ticks of {TICK_S} s")  # noqa: T201 - for `pytest -s`
    slurm.cluster.run("scontrol", "update", f"JobId={first}", "Partition=second")
    until(lambda: slurm.partition(first) == "interactive", "the first node to be moved back", 30)
    moved = until(lambda: moves(slurm), "both to be written down")
    stand = {session: slurm.job("sam", session) for session in (LAB, SECOND, THIRD)}
    hub.stop(tom, "tom", LAB)

    assert moved == [(SECOND, "first", "second"), (LAB, "second", "first")]
    assert {session: job and (job.id, job.state) for session, job in stand.items()} == {
        LAB: (first, JobState.PENDING),
        SECOND: (second, JobState.PENDING),
        THIRD: (third, JobState.PENDING),
    }


def moves(slurm: SlurmHub) -> list[tuple[str, str, str]]:
    """What the audit log says of both nodes: session, from which class, into which; empty before it has both."""
    entries = FileAuditSink(slurm.site.settings.paths.audit).entries(PROJECT)
    found = [
        tuple(one["detail"][key] for key in ("session", "was", "to"))
        for one in entries
        if one["event"] == "NodeMovedBack"
    ]
    return found if len(found) == 2 else []


def counted(output: Locator) -> list[int]:
    """The numbers that a cell has printed, as its page shows them."""
    return [int(number) for number in re.findall(r"\d+", output.inner_text())]


def jobs(slurm: SlurmHub) -> dict[tuple[str, str], tuple[str, JobState]]:
    """Person and session → its live job, and how that stands."""
    asked = (("sam", LAB), ("sam", SECOND), ("tom", LAB))
    return {whose: (job.id, job.state) for whose in asked if (job := slurm.job(*whose))}
