"""The session of leadership: it serves what is published, and nothing else."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from support.demo import APP, LAB, Demo, processes_of

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]
REPORTS = "reports"
KERNEL = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(scope="module")
def reports(demo: Demo, client: Clients) -> Iterator[str]:
    """The address of lee's session; her client is logged in there."""
    url = demo.start(client("lee"), "lee", REPORTS)
    client("lee").get(url, timeout=60)
    yield url
    demo.stop(client("lee"), "lee", REPORTS)


def test_it_opens_with_its_app(client: Clients, reports: str) -> None:
    """The page of the monitoring app, without the notebook's code."""
    answer = client("lee").get(reports, timeout=60)

    assert answer.status_code == 200
    assert answer.url.startswith(f"{reports}voila/render/monitoring.ipynb")
    assert "monitoring_app" not in answer.text


def test_it_serves_the_report_on_the_cluster_too(client: Clients, reports: str) -> None:
    """To lee, without the notebook's code; nobody else gets the page."""
    address = f"{reports}voila/render/cluster.ipynb"

    answer = client("lee").get(address, timeout=60)
    others = [client(person).get(address, timeout=20).status_code for person in ("fay", "sam")]

    assert answer.status_code == 200
    assert answer.url.startswith(address)
    assert "cluster_app" not in answer.text
    assert others == [403, 403]


def test_it_belongs_to_no_project(demo: Demo, reports: str) -> None:
    """No project in its environment, no GPU; it runs in a folder of its own that is closed to others."""
    assert reports
    (server,) = processes_of(demo.folder, f"CCDS_SESSION={REPORTS}", "jupyterhub.singleuser")

    environment, home = server.environ(), demo.folder / "state" / "sessions" / "lee"

    assert "CCDS_PROJECT" not in environment
    assert environment.get("CUDA_VISIBLE_DEVICES", "") in {"", "-1", "NoDevFiles"}
    assert server.cwd() == str(home)
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(
            ("GET", path)
            for path in (
                "lab", "tree", "lab/tree/monitoring.ipynb", "notebooks/monitoring.ipynb", "edit/monitoring.ipynb",
                "voila/render/labeling.ipynb", "voila/render/other.ipynb", "voila/tree/", "voila/files/monitoring.ipynb",
                "files/monitoring.ipynb", "api/contents/", "api/contents/monitoring.ipynb?content=1", "api/kernels",
                "api/sessions", "api/terminals", "api/kernelspecs", "api/me", "api/status", "metrics", "login",
                "nbconvert/script/monitoring.ipynb?download=true", "lab/api/settings", f"api/kernels/{KERNEL}",
            )
        ),
        ("POST", "api/kernels"), ("POST", "api/sessions"), ("POST", "api/terminals"), ("PUT", "api/contents/evil.ipynb"),
        ("DELETE", "api/contents/monitoring.ipynb"), ("POST", "api/shutdown"), ("POST", "voila/render/monitoring.ipynb"),
        ("POST", f"api/kernels/{KERNEL}/restart"),
    ],
)  # fmt: skip
def test_every_other_route_is_refused(client: Clients, reports: str, method: str, path: str) -> None:
    """Her own cookie, her own session: 403, and 404 for a kernel that isn't there."""
    answer = client("lee").request(method, f"{reports}{path}", json={}, timeout=20, allow_redirects=False)

    assert answer.status_code == (404 if (method, path) == ("GET", f"api/kernels/{KERNEL}") else 403)


@pytest.mark.parametrize("session", [LAB, APP, f"{LAB}-2", "other-lab"])
def test_leadership_has_no_session_of_a_project(demo: Demo, client: Clients, session: str) -> None:
    """Not by a page, not by the API."""
    page = client("lee").get(f"{demo.url}/hub/spawn/lee/{session}", timeout=20)
    api = client("lee").post(demo.api("lee", session), json={}, timeout=20)

    assert (page.status_code, api.status_code) == (403, 403)


@pytest.mark.parametrize("person", ["fay", "sam"])
def test_who_is_not_of_leadership_has_none(demo: Demo, client: Clients, person: str) -> None:
    """Nor enters lee's; the refusal is one line and an event of the site's audit log."""
    log = FileAuditSink(demo.folder / "audit")
    before = len(list(log.entries()))

    page = client(person).get(f"{demo.url}/hub/spawn/{person}/{REPORTS}", timeout=20)
    api = client(person).post(demo.api(person, REPORTS), json={}, timeout=20)
    other = client(person).get(f"{demo.url}/user/lee/{REPORTS}/", timeout=20)
    denied = [(one["event"], one["person"], one["detail"]["action"]) for one in list(log.entries())[before:]]

    assert (page.status_code, api.status_code, other.status_code) == (403, 403, 403)
    assert re.search(rf"expected somebody of this site.{{1,6}}s leadership; found {person}; ", page.text)
    assert denied == [("AccessDenied", person, "open the reports")] * 2
