"""The home page of each role."""

import re
from collections.abc import Callable

import pytest
import requests

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import load_settings
from support.demo import APP, LAB, Demo
from support.site import application, on_roster

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]


def leads_to(person: str, app: str) -> str:
    """Where a tile leads that opens another page of the app session than its first."""
    return f"/{person}/{APP}?next=/user/{person}/{APP}/voila/render/{app}.ipynb"


@pytest.fixture(scope="module")
def other_project(demo: Demo) -> str:
    """A project that nobody of the demo is on; its id."""
    settings = load_settings(demo.folder / "ccds.toml")
    (administrator,) = settings.hub.administrators
    other = application(id="SECRET-9", title="Hushed effusions", roster=on_roster(ann="scientist"))
    apply_application(other, person=administrator, settings=settings)
    return other.id


@pytest.mark.parametrize(
    ("person", "tiles"),
    [
        ("fay", [f"/fay/{APP}", leads_to("fay", "cohort"), leads_to("fay", "imaging")]),
        ("lou", [f"/lou/{APP}"]),
        ("sam", [f"/sam/{APP}", leads_to("sam", "imaging"), f"/sam/{LAB}"]),
        ("lee", ["/lee/reports", "/lee/reports?next=/user/lee/reports/voila/render/cluster.ipynb"]),
    ],
)
@pytest.mark.usefixtures("other_project")
def test_a_role_has_its_tiles_and_no_others(demo: Demo, client: Clients, person: str, tiles: list[str]) -> None:
    """Fellow, labeler and scientist have apps, the scientist a lab; leadership reads what is published, nothing in a project."""
    page = client(person).get(f"{demo.url}/hub/home", timeout=20).text

    starts = re.findall(r'<article class="ccds-tile">.*?href="/hub/spawn([^"]+)"', page, re.DOTALL)

    assert starts == tiles
    assert ("HEADCT-2026" in page) == (person != "lee")
    assert "SECRET-9" not in page
    assert "Hushed" not in page
    assert "Start My Server" not in page


def test_a_project_of_others_can_not_be_entered(demo: Demo, client: Clients, other_project: str) -> None:
    """Its name in an address opens nothing and tells nothing of its title."""
    answer = client("sam").get(f"{demo.url}/hub/spawn/sam/{other_project.lower()}-lab", timeout=20)

    assert answer.status_code == 403
    assert "Hushed" not in answer.text


@pytest.mark.parametrize(("person", "title"), [("fay", "Label reports"), ("lou", "Confirm labels")])
def test_the_labelling_app_is_called_by_what_it_is_to_somebody(
    demo: Demo, client: Clients, person: str, title: str
) -> None:
    """One app, which shows a labeler the studies that they are to confirm and nothing else."""
    page = client(person).get(f"{demo.url}/hub/home", timeout=20).text

    titles = set(re.findall(r"<h3>([^<]+)</h3>", page))  # a session that another test left has a card of its own
    assert titles & {"Label reports", "Confirm labels"} == {title}


@pytest.mark.parametrize("person", ["fay", "lou", "sam", "lee"])
def test_nobody_of_the_demo_administers_the_hub(demo: Demo, client: Clients, person: str) -> None:
    """No admin page, nobody else's account, no list of users."""
    answers = [
        client(person).get(f"{demo.url}/hub/{page}", timeout=20) for page in ("admin", "api/users", "api/services")
    ]
    others = [
        client(person).get(f"{demo.url}/hub/api/users/{one}", timeout=20)
        for one in ("fay", "lou", "sam", "lee")
        if one != person
    ]

    assert answers[0].status_code in {403, 404}
    assert all(other.status_code in {403, 404} for other in others)
    assert all(f'"{one}"' not in answer.text for answer in answers for one in {"fay", "lou", "sam", "lee"} - {person})
