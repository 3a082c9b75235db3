"""A session's person gives it more hours; nobody else does, and no more than the site lets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import requests

from ccds_kernel.batch.states import JobStatus
from support.demo import APP, LAB, Demo
from support.hub import HubSite, site_with_hub

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site that gives 10 hours at most."""
    with site_with_hub(tmp_path_factory.mktemp("hub") / "site", more="[sessions]\nlongest_hours = 10") as site:
        yield site


@pytest.fixture(scope="module")
def hub(site: HubSite) -> Demo:
    """Its hub."""
    return site.start()


@pytest.fixture(scope="module")
def sam(hub: Demo) -> requests.Session:
    """Sam, whose client is logged in."""
    return hub.login("sam")


@pytest.fixture(scope="module")
def lab(hub: Demo, sam: requests.Session) -> Iterator[str]:
    """The route by which sam's session of one hour is extended."""
    hub.start(sam, "sam", LAB, {"gpus": 1, "hours": 1})
    yield f"{hub.url}/hub/api/ccds/sessions/sam/{LAB}/extend"
    hub.stop(sam, "sam", LAB)


def job_of(hub: Demo) -> JobStatus:
    """Sam's session's live job."""
    (job,) = hub.jobs("sam", LAB)
    return job


def test_its_person_extends_it_up_to_the_sites_most(hub: Demo, sam: requests.Session, lab: str) -> None:
    """The scheduler knows of it, the answer says the new end; what goes beyond is refused in one line, however it is sent."""
    before = job_of(hub)

    answer = sam.post(lab, json={"minutes": 120}, timeout=30)
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda _: sam.post(lab, json={"minutes": 300}, timeout=30), range(4)))
    after = job_of(hub)

    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["ends"]) == before.wall_ends + timedelta(minutes=120)
    assert sorted(one.status_code for one in at_once) == [200, 400, 400, 400]
    assert after.wall_ends == before.wall_ends + timedelta(minutes=420)
    refused = next(one for one in at_once if one.status_code == 400).json()["message"]
    assert refused.startswith("expected at most 10 hours in all, which leaves 120 minutes; found 300 minutes more; ")


def test_nobody_else_extends_it(hub: Demo, sam: requests.Session, lab: str) -> None:
    """Neither another person, nor an administrator, nor the session's own token, nor a foreign page with sam's cookies."""
    administrator = next(name for name in hub.passwords if name not in {"fay", "sam", "tom", "lee"})
    before = job_of(hub).wall_ends
    page = requests.Session()
    page.cookies.update(sam.cookies)
    own = {"Authorization": f"token {hub.token(LAB)}"}

    answers = [
        hub.login("tom").post(lab, json={"minutes": 60}, timeout=30),
        hub.login(administrator).post(lab, json={"minutes": 60}, timeout=30),
        requests.post(lab, json={"minutes": 60}, headers=own, timeout=30),
        page.post(lab, json={"minutes": 60}, timeout=30),
        requests.post(lab, json={"minutes": 60}, timeout=30),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 403, 403, 403]
    assert job_of(hub).wall_ends == before


@pytest.mark.parametrize(
    "body", ["", "[]", "60", '{"minutes": "60"}', '{"minutes": -1}', '{"minutes": 1e9}', "{", "\xff"]
)
def test_junk_extends_nothing(hub: Demo, sam: requests.Session, lab: str, body: str) -> None:
    """One line, and the session is as it was."""
    before = job_of(hub).wall_ends

    answer = sam.post(lab, data=body.encode("latin-1"), timeout=30)

    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert job_of(hub).wall_ends == before


def test_only_a_session_that_runs_is_extended(hub: Demo, sam: requests.Session) -> None:
    """There is no other."""
    answer = sam.post(f"{hub.url}/hub/api/ccds/sessions/sam/{LAB}-2/extend", json={"minutes": 60}, timeout=30)

    assert answer.status_code == 404


def test_an_app_session_is_not_extended(hub: Demo) -> None:
    """It ends when nobody looks at it any more; nothing offers to extend it, and nobody can."""
    fay = hub.login("fay")
    hub.start(fay, "fay", APP)

    answer = fay.post(f"{hub.url}/hub/api/ccds/sessions/fay/{APP}/extend", json={"minutes": 60}, timeout=30)
    hub.stop(fay, "fay", APP)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("expected a lab session on the cluster")
