"""The airlock on the home page and in a project's app session."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import requests

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import load_settings
from support.demo import Demo
from support.site import application, on_roster
from support.waiting import until

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]
APP = "air-9-app"


@pytest.fixture(scope="module", autouse=True)
def project(demo: Demo) -> Iterator[None]:
    """A project with an airlock, in which fay labels and sam reviews; withdrawn in the end, for others' home pages."""
    settings = load_settings(demo.folder / "ccds.toml")
    (administrator,) = settings.hub.administrators

    def apply(**changed: object) -> None:
        roster = on_roster(fay="fellow", sam="scientist")
        values = {"id": "AIR-9", "egress": "airlock", "roster": roster} | changed
        apply_application(application(**values), person=administrator, settings=settings)

    apply()
    yield
    apply(withdrawn="2020-02-02")


def links(demo: Demo, client: requests.Session) -> dict[str, str]:
    """Title → address of the project's tiles on the home page."""
    page = client.get(f"{demo.url}/hub/home", timeout=20).text
    tiles = re.findall(r'<article class="ccds-tile">\s*<h3>([\w ]+).*?href="([^"]+)"', page, re.DOTALL)
    return {title.strip(): unescape(address) for title, address in tiles if APP in address}


def test_the_tile_opens_the_airlock_beside_the_labelling_app(demo: Demo, client: Clients) -> None:
    """One session, two pages: each tile leads to its own, also before the session runs."""
    fay = client("fay")
    offered = links(demo, fay)

    fay.get(f"{demo.url}{offered['Airlock']}", headers={"Referer": f"{demo.url}/hub/home"}, timeout=60)
    until(lambda: demo.is_ready(fay, "fay", APP), "the session to be ready", seconds=60)
    page = fay.get(f"{demo.url}{offered['Airlock']}", timeout=60)
    other = fay.get(f"{demo.url}{offered['Label reports']}", timeout=60)
    demo.stop(fay, "fay", APP)

    assert (page.status_code, page.url) == (200, f"{demo.url}/user/fay/{APP}/voila/render/airlock.ipynb")
    assert "CCDS Workbench" in page.text
    assert (other.status_code, other.url.partition("?")[0]) == (
        200,
        f"{demo.url}/user/fay/{APP}/voila/render/labeling.ipynb",
    )


def test_a_scientist_s_app_session_has_the_airlock_and_no_labelling(demo: Demo, client: Clients) -> None:
    """Beside cohorts of reports, which is what this project has."""
    sam = client("sam")
    offered = links(demo, sam)
    url = demo.start(sam, "sam", APP)

    page = sam.get(f"{demo.url}{offered['Airlock']}", timeout=60)
    labelling = sam.get(f"{url}voila/render/labeling.ipynb", timeout=60)
    demo.stop(sam, "sam", APP)

    assert list(offered) == ["Cohort", "Airlock"]
    assert (page.status_code, page.url) == (200, f"{url}voila/render/airlock.ipynb")
    assert labelling.status_code == 403
