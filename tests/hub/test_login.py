"""Who gets in, and what those who don't are told."""

import json
import re

import pytest
import requests

from ccds_kernel.irb.password_file import hashed
from support.demo import Demo

pytestmark = pytest.mark.hub


def attempt(demo: Demo, person: str, password: str) -> tuple[int, str]:
    """The status and what the login page says."""
    visitor = requests.Session()
    visitor.get(f"{demo.url}/hub/login", timeout=20)
    form = {"username": person, "password": password, "_xsrf": visitor.cookies["_xsrf"]}
    answer = visitor.post(f"{demo.url}/hub/login", data=form, allow_redirects=False, timeout=20)
    said = re.search(r'role="alert"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert "Traceback" not in answer.text
    return answer.status_code, said[1].strip() if said else ""


def test_everybody_who_may_not_gets_the_same_answer(demo: Demo) -> None:
    """An unknown person, a wrong password, nobody's name, and a right password of somebody who is on no roster."""
    kept = demo.folder / "state" / "passwords.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"max": hashed("right")}))
    answers = {
        attempt(demo, person, password)
        for person, password in (
            ("nobody", "x"), ("fay", "wrong"), ("fay", ""), ("", ""), ("max", "right"), ("max", "wrong"),
            ("fay' OR 1=1 --", "x"), ("../fay", "x"), ("f\u00e4y\u2028", "p\u00e4ss"), ("x" * 5000, "y" * 5000),
        )
    }  # fmt: skip

    assert len(answers) == 1
    ((status, said),) = answers
    assert status == 403
    assert said


def test_a_right_password_lets_in(demo: Demo) -> None:
    """To the home page."""
    status, _ = attempt(demo, "fay", demo.passwords["fay"])

    assert status == 302


@pytest.mark.parametrize("page", ["home", "spawn/fay/headct-2026-app", "admin", "token", "api/users/fay", "api/users"])
def test_a_stranger_sees_nothing(demo: Demo, page: str) -> None:
    """Every page sends to the login, the API says 403."""
    answer = requests.get(f"{demo.url}/hub/{page}", allow_redirects=False, timeout=20)

    assert answer.status_code in {302, 403}
    assert "HEADCT" not in answer.text
