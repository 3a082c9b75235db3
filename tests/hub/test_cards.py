"""What the home page and the form ask of the hub, who may ask it, and what pages of others can start."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import requests

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster import HowEnded, Records
from support.demo import APP, LAB, Demo
from support.hub import HubSite
from support.waiting import until

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def hub(hub_site: HubSite) -> Demo:
    """A hub with four GPU slots."""
    return hub_site.start()


@pytest.fixture(scope="module")
def sam(hub: Demo) -> requests.Session:
    """A scientist."""
    return hub.login("sam")


@pytest.fixture(scope="module")
def fay(hub: Demo) -> requests.Session:
    """A fellow."""
    return hub.login("fay")


@pytest.fixture
def full(hub: Demo) -> Iterator[None]:
    """Tom's node, so that three GPUs are left."""
    tom = hub.login("tom")
    hub.start(tom, "tom", LAB, {"gpus": 1})
    yield
    hub.stop(tom, "tom", LAB)


def asked(client: requests.Session, hub: Demo, path: str, **query: object) -> requests.Response:
    """The answer of one of the pages' routes."""
    return client.get(f"{hub.url}/hub/api/ccds/{path}", params=query, timeout=20)


def cards(client: requests.Session, hub: Demo, person: str) -> str:
    """The person's cards, as text with its tags."""
    answer = asked(client, hub, f"people/{person}/cards")
    assert answer.status_code == 200
    return unescape(answer.json()["html"])


def _hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def form(client: requests.Session, hub: Demo, person: str, session: str, query: str = "") -> str:
    """The page that starts a session."""
    answer = client.get(f"{hub.url}/hub/spawn/{person}/{session}{query}", timeout=20)
    assert answer.status_code == 200
    return unescape(answer.text)


@pytest.mark.usefixtures("full")
def test_a_waiting_session_has_its_card_until_it_is_cancelled(hub: Demo, sam: requests.Session) -> None:
    """Place, reason and estimate; afterwards how it ended, and the same choices for a new one."""
    sam.post(hub.api("sam", LAB), json={"user_options": {"gpus": 4, "hours": 2}}, timeout=30)

    shown = until(lambda: (page := cards(sam, hub, "sam")) and 'data-state="waiting"' in page and page, "it to wait")
    home = unescape(sam.get(f"{hub.url}/hub/home", timeout=20).text)
    sam.delete(hub.api("sam", LAB), timeout=60)
    over = until(lambda: (page := cards(sam, hub, "sam")) and 'data-state="ended"' in page and page, "it to have ended")

    assert "JupyterLab · Effusions" in shown
    assert 'data-state="waiting"' in home
    assert all(f"<li>{pill}</li>" in shown for pill in ("first node", "16 cores", "4 GPUs"))
    assert "Waiting for 4 GPUs: 1 of 4 in use." in shown
    assert re.search(r"<dt>Start expected</dt><dd>\d\d:\d\d", shown)
    assert ">Cancel</button>" in shown
    assert "It was cancelled before it was up." in over
    assert "<li>16 cores</li><li>4 GPUs</li>" in re.sub(r">\s+<", "><", over)
    assert f'href="/hub/spawn/sam/{LAB}?gpus=4&gpu_model=&hours=2&image="' in over
    assert 'value="4" checked' in form(sam, hub, "sam", LAB)  # the last choice
    assert '<option value="2" selected>' in form(sam, hub, "sam", LAB)


def test_a_further_node_waits_for_other_people_s_first(hub: Demo, sam: requests.Session) -> None:
    """Its card says how many people come before it, and the form did before the click; it could start otherwise."""
    tom, further = hub.login("tom"), f"{LAB}-2"
    hub.start(sam, "sam", LAB, {"gpus": 1})
    tom.post(hub.api("tom", LAB), json={"user_options": {"gpus": 4}}, timeout=30)
    until(lambda: 'data-state="waiting"' in cards(tom, hub, "tom"), "tom's node to wait")
    line = "1 person is waiting for their first node before your second."

    before = until(lambda: (page := form(sam, hub, "sam", further)) and line in page and page, "the policy's next look")
    sam.post(hub.api("sam", further), json={"user_options": {"gpus": 1}}, timeout=30)
    shown = until(lambda: (page := cards(sam, hub, "sam")) and line in page and page, "the further node to wait")
    for client, person, session in ((tom, "tom", LAB), (sam, "sam", further), (sam, "sam", LAB)):
        hub.stop(client, person, session)

    assert "This will be your second node: low priority." in before
    assert "<li>further node: low priority</li>" in shown


@pytest.mark.usefixtures("full")
def test_the_form_says_what_a_choice_means(hub: Demo, sam: requests.Session) -> None:
    """Which node it will be and when it would start, for this choice; what makes no sense is named."""
    page = form(sam, hub, "sam", f"{LAB}-2", "?gpus=3&hours=4")

    small = asked(sam, hub, f"sessions/sam/{LAB}-2/outlook", gpus=1, hours=1)
    large = asked(sam, hub, f"sessions/sam/{LAB}-2/outlook", gpus=4, hours=1)
    wrong = asked(sam, hub, f"sessions/sam/{LAB}-2/outlook", gpus=9)

    assert 'value="3" checked' in page
    assert "data-share>3 GPUs, 12 cores, 48 GiB</p>" in page
    assert json.loads(re.search(r"data-shares='([^']+)'", page)[1])[""][:2] == [
        "no GPU, 1 core, 4 GiB", "1 GPU, 4 cores, 16 GiB",
    ]  # fmt: skip
    assert "This will be your first node" in page
    assert small.json()["words"].endswith("By the scheduler’s word it would start at once.")
    assert re.search(r"Estimated start: \d\d:\d\d", large.json()["words"])
    assert (wrong.status_code, wrong.json()["option"]) == (400, "gpus")


@pytest.mark.usefixtures("full")
def test_what_is_free_is_told(hub: Demo, sam: requests.Session) -> None:
    """By model; the local scheduler names none."""
    free = until(
        lambda: (models := asked(sam, hub, "people/sam/free").json()["models"]) and models[0]["free"] == 3 and models,
        "tom's GPU to be taken",
    )

    assert free == [{"name": "", "free": 3, "yielding": 0, "total": 4, "most": 4}]


@pytest.mark.parametrize(
    "path", ["people/tom/cards", "people/tom/free", f"sessions/tom/{LAB}/outlook", "people/nobody/cards"]
)
def test_nobody_asks_for_another_person(hub: Demo, sam: requests.Session, path: str) -> None:
    """Nor learns who there is."""
    assert asked(sam, hub, path).status_code in {403, 404}


def test_who_may_not_have_a_lab_is_told_nothing_of_it(hub: Demo, fay: requests.Session) -> None:
    """A fellow has no lab: there is no form, and no outlook."""
    fay.get(f"{hub.url}/hub/spawn/fay/{LAB}", timeout=20)

    assert asked(fay, hub, f"sessions/fay/{LAB}/outlook", gpus=1).status_code == 404


def test_a_session_s_own_token_opens_none_of_it(hub: Demo, fay: requests.Session) -> None:
    """It lies on the node."""
    hub.start(fay, "fay", APP)
    token = hub.token(APP)

    answers = [
        requests.get(
            f"{hub.url}/hub/api/ccds/{path}", headers={"Authorization": f"token {token}"}, timeout=20
        ).status_code
        for path in ("people/fay/cards", "people/fay/free")
    ]
    hub.stop(fay, "fay", APP)

    assert set(answers) <= {403, 404}


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    {"Referer": "https://elsewhere.example/page"},
    {},  # plain HTTP, and a page that asks for "no-referrer"
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_link_of_others_starts_nothing(hub: Demo, fay: requests.Session, headers: dict[str, str]) -> None:
    """The person is asked first; whoever clicks the button there starts the session, with the token that the page has."""
    page = fay.get(f"{hub.url}/hub/spawn/fay/{APP}?opt-gpus=4", headers=headers, timeout=20)
    nothing = fay.get(hub.api("fay", APP), timeout=20)
    action = unescape(re.search(r'id="spawn_form"[^>]*action="([^"]+)"', page.text)[1])
    forged = fay.post(f"{hub.url}{action.split('?')[0]}", headers=headers | {"X-XSRFToken": ""}, timeout=20)

    assert page.status_code == 200
    assert f"Start {APP}?" in page.text
    assert nothing.status_code == 404 or not (nothing.json()["ready"] or nothing.json()["pending"])
    assert forged.status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Referer": "{}/hub/home"}], ids=str
)
def test_our_own_pages_and_bookmarks_start_an_app(hub: Demo, fay: requests.Session, headers: dict[str, str]) -> None:
    """One click from the home page; over plain HTTP too."""
    headers = {name: value.format(hub.url) for name, value in headers.items()}
    fay.get(f"{hub.url}/hub/spawn/fay/{APP}", headers=headers | {"Sec-Fetch-Mode": "navigate"}, timeout=20)

    until(lambda: hub.is_ready(fay, "fay", APP), "the app to be up", seconds=60)
    hub.stop(fay, "fay", APP)


def test_the_page_of_a_start_has_no_token_in_its_address(hub: Demo, sam: requests.Session) -> None:
    """It stays in the browser's history. Where to go then does stand in it."""
    page = form(sam, hub, "sam", LAB, "?gpus=0&next=/hub/home")
    action = re.search(r'id="spawn_form"[^>]*action="([^"]+)"', page)[1]

    sent = sam.post(f"{hub.url}{action}", data={"gpus": "0", "hours": "1"}, allow_redirects=False, timeout=20)
    hub.stop(sam, "sam", LAB)

    assert "_xsrf=" in action
    assert (sent.status_code, sent.headers["Location"]) == (302, f"/hub/spawn-pending/sam/{LAB}?next=%2Fhub%2Fhome")


@pytest.mark.parametrize("query", ["?gpus=0", "?opt-gpus=0&opt-hours=1", "?gpus=4&next=/hub/home"])
def test_no_link_starts_a_node(hub: Demo, sam: requests.Session, query: str) -> None:
    """Whatever stands in it, and from wherever: it fills the form."""
    page = form(sam, hub, "sam", f"{LAB}-3", query)

    answer = sam.get(hub.api("sam", f"{LAB}-3"), timeout=20)
    assert f'value="{4 if "4" in query else 0}" checked' in page
    assert answer.status_code == 404 or not (answer.json()["ready"] or answer.json()["pending"])


def test_what_ended_lately_is_shown_and_no_markup_of_it(hub: Demo, sam: requests.Session, hub_site: HubSite) -> None:
    """What a scheduler says of an end is text, whatever it looks like; what ended long ago isn't shown."""
    records = Records(hub_site.settings.paths.state)
    lately = [record for record in records.of_person("sam", _hours_ago(1)) if record.ended]
    for job, began, how, words in (
        ("b-1", 3, HowEnded.NOT_STARTED, "<img src=x onerror=alert(1)>"),
        ("b-2", 999, HowEnded.STOPPED, ""),
    ):
        records.note_submitted(
            JobId(job),
            person="sam",
            project="HEADCT-2026",
            session=LAB,
            priority_class=PriorityClass.FIRST,
            at=_hours_ago(began),
        )
        records.note_ended(JobId(job), how, at=_hours_ago(began - 1), said=words)

    raw = json.loads(asked(sam, hub, "people/sam/cards").text)["html"]

    assert raw.count('data-state="ended" aria-label') == len(lately) + 1
    assert "&lt;img src=x onerror=alert(1)&gt;" in raw
    assert "<img" not in raw
    assert "job b-2" not in raw
