"""A session that nobody uses ends, and its people are told before."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.cluster.records import Records
from ccds_kernel.session.name import SessionName
from ccds_kernel.session.notice import NAME
from ccds_kernel.session.use_report import USE_PATH
from ccds_spawners.home import session_folder
from support.demo import LAB, PROJECT, Demo, processes_of
from support.hub import HubSite, site_with_hub
from support.waiting import until

pytestmark = pytest.mark.hub

SHORT = "[sessions]\nidle_minutes = 0.6\ngpu_idle_minutes = 0\nidle_notice_minutes = 0.2"
USED = {"unused_s": 0, "busy": False, "gpu": None}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site that ends a session after 36 s without use, and says so 12 s before."""
    with site_with_hub(tmp_path_factory.mktemp("idle") / "site", more=SHORT) as made:
        yield made


@pytest.fixture(scope="module")
def hub(site: HubSite) -> Demo:
    """Its hub, running."""
    return site.start()


def notice(site: HubSite) -> str:
    """What the people in sam's session are told."""
    file = session_folder(SessionName.parse(LAB), "sam", site.settings) / NAME
    return str(json.loads(file.read_text(encoding="utf-8"))["text"]) if file.exists() else ""


def report(hub: Demo, token: str, body: object) -> requests.Response:
    """A report to the hub."""
    headers = {"Authorization": f"token {token}"}
    return requests.post(f"{hub.url}/hub/api{USE_PATH}", json=body, headers=headers, timeout=20)


def test_an_idle_session_is_told_then_ended_and_use_keeps_it(hub: Demo, site: HubSite) -> None:
    """Saving a file takes the notice back; left alone, the session ends as an idle one, in the records and in the audit log.

    Whoever posts without a login keeps nothing.
    """
    sam = hub.login("sam")
    url = hub.start(sam, "sam", LAB)
    token = hub.token(LAB)
    begun = datetime.now(UTC) - timedelta(minutes=1)
    headers = {"Authorization": f"token {token}"}
    file = {"type": "file", "format": "text", "content": "x = 1\n"}

    def told_to_strangers() -> str:
        requests.post(f"{url}api/kernels", timeout=20)
        return notice(site)

    told = until(told_to_strangers, "the notice", seconds=60)
    saved = requests.put(f"{url}api/contents/kept.py", json=file, headers=headers, timeout=20)
    assert saved.status_code == 201
    until(lambda: not notice(site), "the notice to be taken back", seconds=30)
    kept = hub.is_ready(sam, "sam", LAB)
    until(lambda: not hub.is_ready(sam, "sam", LAB), "the idle session's end", seconds=90)
    until(lambda: not processes_of(hub.folder, "jupyterhub.singleuser"), "its server's end")
    (record,) = Records(site.settings.paths.state).of_person("sam", begun)
    (ended,) = [
        one for one in FileAuditSink(site.settings.paths.audit).entries(PROJECT) if one["event"] == "SessionEnded"
    ]
    late = report(hub, token, USED)

    assert told.startswith("This session ends at ")
    assert "nobody has used it since" in told
    assert kept
    assert record.how is HowEnded.IDLE
    assert record.idle_s > 20
    assert "nobody used it" in ended["detail"]["reason"]
    assert late.status_code == 403


def test_only_a_session_that_is_up_reports_its_use(hub: Demo) -> None:
    """Not a person by their login, not a stranger; and no nonsense."""
    tom = hub.login("tom")
    hub.start(tom, "tom", LAB)
    token = hub.token(LAB)

    answers = [
        report(hub, token, USED).status_code,
        report(hub, token, {"unused_s": -1, "busy": False}).status_code,
        report(hub, "0" * 32, USED).status_code,
        tom.post(f"{hub.url}/hub/api{USE_PATH}", json=USED, timeout=20).status_code,
    ]
    hub.stop(tom, "tom", LAB)

    assert answers == [204, 400, 403, 403]
