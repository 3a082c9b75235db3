"""What a browser is told that an app session's pages may load and reach."""

from collections.abc import Callable

import pytest
import requests

pytestmark = pytest.mark.hub

HERE = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}


def test_an_app_s_page_reaches_no_other_host(client: Callable[[str], requests.Session], app: str) -> None:
    """An image or a script that got into it carries nothing out."""
    answer = client("fay").get(f"{app}voila/render/labeling.ipynb", timeout=60)

    policy = {
        name: set(sources)
        for name, *sources in (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    }

    assert answer.status_code == 200
    assert policy["default-src"] == {"'self'"}
    assert policy["frame-ancestors"] == policy["object-src"] == {"'none'"}
    assert set().union(*policy.values()) <= HERE
