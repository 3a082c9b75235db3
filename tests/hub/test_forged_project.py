"""A session is for the project in its name: nothing that comes with a request says otherwise."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import load_settings
from support.demo import LAB, Demo, processes_of
from support.site import application, on_roster

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]
SESSION = f"{LAB}-7"
FORGED = [
    {"project": "SECRET-8"}, {"CCDS_PROJECT": "SECRET-8"}, {"server_name": "secret-8-lab"}, {"environment": "CCDS_PROJECT=S"},
    {"gpus": "0", "project": "SECRET-8"}, {"project": ["HEADCT-2026", "SECRET-8"]}, {"cwd": "/"}, {"user": "ann"},
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def other_project(demo: Demo) -> Iterator[None]:
    """A project with ann on it, and nobody of the demo."""
    settings = load_settings(demo.folder / "ccds.toml")
    (administrator,) = settings.hub.administrators
    other = application(id="SECRET-8", title="Hushed effusions", roster=on_roster(ann="scientist"))
    apply_application(other, person=administrator, settings=settings)
    return


@pytest.mark.parametrize("forged", FORGED, ids="+".join)
def test_no_field_names_another_project(demo: Demo, client: Clients, forged: dict[str, object]) -> None:
    """In the form and in the API's body: refused with one line. In a link it is nothing. Nothing starts."""
    sam = client("sam")
    form = sam.get(f"{demo.url}/hub/spawn/sam/{SESSION}", timeout=20)
    action = unescape(re.search(r'id="spawn_form"[^>]*action="([^"]+)"', form.text)[1])

    link = sam.get(
        f"{demo.url}/hub/spawn/sam/{SESSION}",
        params={f"opt-{key}": value for key, value in forged.items()},
        timeout=20,
    )
    answers = [
        sam.post(f"{demo.url}{action}", data=forged, timeout=20),
        sam.post(demo.api("sam", SESSION), json={"user_options": forged}, timeout=20),
    ]

    assert [answer.status_code for answer in (link, *answers)] == [200, 400, 400]
    assert f"<b>{SESSION}</b>" in link.text
    assert all("expected the options gpus, hours" in unescape(answer.text) for answer in answers)
    assert not demo.is_ready(sam, "sam", SESSION)


def test_what_stands_in_the_address_is_not_looked_at(demo: Demo, client: Clients) -> None:
    """`?project=` in an address, a body beside the options, a header: the session is for its own project."""
    sam = client("sam")

    form = sam.get(f"{demo.url}/hub/spawn/sam/{SESSION}?project=SECRET-8&next=/user/ann/secret-8-lab", timeout=20)
    sam.post(
        f"{demo.api('sam', SESSION)}?project=SECRET-8&CCDS_PROJECT=SECRET-8",
        json={"user_options": {"gpus": 0}, "project": "SECRET-8", "environment": {"CCDS_PROJECT": "SECRET-8"}},
        headers={"CCDS-Project": "SECRET-8"},
        timeout=60,
    )
    demo.start(sam, "sam", SESSION, {"gpus": 0}) if not demo.is_ready(sam, "sam", SESSION) else None
    (server,) = processes_of(demo.folder, f"CCDS_SESSION={SESSION}", "jupyterhub.singleuser")
    environment = server.environ()
    demo.stop(sam, "sam", SESSION)

    assert "Hushed" not in form.text
    assert environment["CCDS_PROJECT"] == "HEADCT-2026"
    assert not any("SECRET-8" in value for value in environment.values())


@pytest.mark.parametrize("session", ["secret-8-lab", "secret-8-lab-2", "secret-8-app"])
def test_another_project_s_session_is_refused_and_written_down(demo: Demo, client: Clients, session: str) -> None:
    """A name of another project is an attack, or a mistake: 403, nothing of that project is told, and each is an event."""
    log = FileAuditSink(demo.folder / "audit")
    before = len(list(log.entries("SECRET-8")))

    answers = [
        client("sam").get(f"{demo.url}/hub/spawn/sam/{session}", timeout=20),
        client("sam").get(f"{demo.url}/hub/spawn/sam/{session}?opt-gpus=0", timeout=20),
        client("sam").post(demo.api("sam", session), json={}, timeout=20),
    ]

    denied = [(one["event"], one["person"]) for one in list(log.entries("SECRET-8"))[before:]]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert not any("Hushed" in answer.text for answer in answers)
    assert set(denied) == {("AccessDenied", "sam")}
    assert len(denied) >= len(answers)


@pytest.mark.parametrize(
    "session", ["SECRET-8-lab", "secret-8-lab/", "..%2fann%2fsecret-8-lab", "secret-8-lab%00", "secret-8-lab-"]
)
def test_a_name_in_disguise_is_no_session(demo: Demo, client: Clients, session: str) -> None:
    """It opens nothing and tells nothing."""
    answer = client("sam").get(f"{demo.url}/hub/spawn/sam/{session}", timeout=20)

    assert answer.status_code in {400, 403, 404}
    assert "Hushed" not in answer.text


def test_a_session_of_another_person_is_refused(demo: Demo, client: Clients) -> None:
    """Also with one's own name elsewhere in the request."""
    sam = client("sam")

    answers = [
        sam.get(f"{demo.url}/hub/spawn/ann/secret-8-lab?user=sam", timeout=20),
        sam.post(demo.api("ann", "secret-8-lab"), json={"user": "sam"}, timeout=20),
        sam.get(f"{demo.url}/user/ann/secret-8-lab/?user=sam", timeout=20),
    ]

    assert {answer.status_code for answer in answers} <= {403, 404}
