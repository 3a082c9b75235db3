"""Refused downloads become events: the first at once, the rest of a minute as one."""

import pytest

from ccds_kernel.audit.events.access import DownloadRefused
from ccds_kernel.session.gate import permitted
from ccds_kernel.session.lab_routes import ROUTES, download_shape
from ccds_kernel.session.refused_downloads import SECONDS, RefusedDownloads


class Minute:
    """A clock that the test turns: what is to be called later, and what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.waiting = []
        self.refused = RefusedDownloads("ann", "P-1", self.write, self.later)

    def write(self, event: DownloadRefused) -> None:
        """Takes an event."""
        assert (event.person, event.project) == ("ann", "P-1")
        self.told.append((event.route, event.times))

    def later(self, seconds: float, call) -> None:
        """Takes a call for later."""
        assert seconds == SECONDS
        self.waiting.append(call)

    def over(self) -> None:
        """Makes the calls."""
        calls, self.waiting = self.waiting, []
        for call in calls:
            call()


def test_the_first_is_told_at_once_and_the_rest_when_the_minute_is_over() -> None:
    """Each kind of route for itself; a quiet minute tells nothing."""
    minute = Minute()

    for route in ("files", "files", "nbconvert", "files"):
        minute.refused.note(route)
    at_once = list(minute.told)
    minute.over()
    minute.over()
    minute.refused.note("files")

    assert at_once == [("files", 1), ("nbconvert", 1)]
    assert minute.told[2:] == [("files", 2), ("files", 1)]


def test_ten_thousand_are_two_events_and_none_is_lost() -> None:
    """Also where the session ends before the minute does."""
    minute = Minute()

    for _ in range(10_000):
        minute.refused.note("files")
    minute.refused.flush()
    minute.over()

    assert minute.told == [("files", 1), ("files", 9_999)]


@pytest.mark.parametrize(
    ("path", "query", "shape"),
    [
        ("/files/a", {}, "files"), ("/%66iles/a", {}, "files"), ("/%2566iles/a", {}, "files"), ("/lab/../files/a", {}, "files"),
        ("/lab/%2e%2e/files/a", {}, "files"), ("//files//a", {}, "files"), ("/files", {}, "files"), ("/view/a", {}, "view"),
        ("/nbconvert/html/a.ipynb", {}, "nbconvert"), ("/api/nbconvert", {}, None), ("/voila/render/a.ipynb", {}, "voila"),
        ("/proxy/80/", {}, "proxy"), ("/kernelspecs/x/y", {}, "kernelspec-file"), ("/lab/extensions/x/y", {}, "extension-file"),
        ("/lab/api/licenses", {}, "licences"), ("/api/contents/a", {"download": [b"1"]}, "contents"),
        ("/lab", {"download": [b"1"]}, "download-argument"), ("/lab/../../x", {}, "climb"), ("/lsp/status", {}, None),
        ("/api/shutdown", {}, None), ("/", {}, None), ("", {}, None),
    ],
)  # fmt: skip
def test_what_a_request_was_for(path: str, query: dict[str, list[bytes]], shape: str | None) -> None:
    """However it is written; what the page itself asks in vain, what stops something, is no download."""
    assert download_shape(path, query) == shape


BASE = "/user/sam/x-lab/"
KERNEL = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "lab", "reset"), ("GET", "lab/tree/a%20folder/b.ipynb", ""), ("GET", "static/lab/main.1.js", "v"),
        ("GET", "api/contents", "content hash 1795643562023"), ("GET", "api/contents/%C3%A4.py", "type format content 1795"),
        ("PUT", "api/contents/a.ipynb", "1795643562023"), ("POST", "api/contents/a.ipynb/checkpoints", ""),
        ("GET", f"api/kernels/{KERNEL}/channels", "session_id"), ("POST", f"api/kernels/{KERNEL}/interrupt", ""),
        ("GET", "lab/api/settings/@jupyterlab/notebook-extension:tracker", ""), ("PUT", "lab/api/workspaces/default", "17"),
        ("GET", "terminals/websocket/1", ""), ("GET", "kernelspecs/ccds/logo-svg.svg", ""), ("GET", "ccds/notice", ""),
    ],
)  # fmt: skip
def test_daily_work_is_let_through(method: str, path: str, query: str) -> None:
    """With the time that the page adds as an argument."""
    assert permitted(ROUTES, BASE, method, BASE + path, query.split())
