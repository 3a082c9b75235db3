"""A hub that people speak HTTPS with: its certificate, its cookies, its headers, and the port that only sends on."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import requests

from ccds_hub.proxy import require_encryption
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings
from support.certificates import self_signed
from support.demo import LAB, Demo, free_port
from support.hub import HubSite, site_with_hub
from support.site import site_settings

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def https_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site with a certificate."""
    folder = tmp_path_factory.mktemp("https")
    certificate, key = self_signed(folder)
    lines = [f'certificate = "{certificate}"', f'key = "{key}"', f"redirect_port = {free_port()}"]
    with site_with_hub(folder / "site", "\n".join(lines)) as site:
        yield site


@pytest.fixture(scope="module")
def hub(https_site: HubSite) -> Demo:
    """Its hub, running."""
    return https_site.start()


def test_a_session_opens_over_https(hub: Demo) -> None:
    """Login, start, page and stop, each answer checked against the certificate."""
    sam = hub.login("sam")
    url = hub.start(sam, "sam", LAB)

    page = sam.get(f"{url}lab", timeout=60)
    hub.stop(sam, "sam", LAB)

    assert url.startswith("https://")
    assert page.status_code == 200
    assert {cookie.name for cookie in sam.cookies if not cookie.secure} == set()
    assert any(LAB in cookie.path for cookie in sam.cookies)


def test_its_cookies_go_over_https_only(hub: Demo) -> None:
    """Each of them `Secure` and `SameSite=Lax`; the one that says who is there is out of scripts' reach."""
    visitor = requests.Session()
    visitor.verify, visitor.trust_env = hub.verify, False
    visitor.get(f"{hub.url}/hub/login", timeout=20)
    form = {"username": "sam", "password": hub.passwords["sam"], "_xsrf": visitor.cookies["_xsrf"]}

    answer = visitor.post(f"{hub.url}/hub/login", data=form, allow_redirects=False, timeout=20)

    cookies = [SimpleCookie(line) for line in answer.raw.headers.getlist("Set-Cookie")]
    flags = {name: morsel for cookie in cookies for name, morsel in cookie.items() if morsel.value}
    assert "jupyterhub-hub-login" in flags
    assert all(morsel["secure"] and morsel["samesite"].lower() == "lax" for morsel in flags.values())
    assert flags["jupyterhub-hub-login"]["httponly"]


def test_a_browser_is_told_to_stay_with_https(hub: Demo) -> None:
    """For a year, on pages, errors and the API."""
    answers = [
        requests.get(f"{hub.url}/hub/{path}", verify=hub.verify, timeout=20) for path in ("login", "none", "api/")
    ]

    assert {answer.headers["Strict-Transport-Security"] for answer in answers} == {"max-age=31536000"}


def test_the_plain_port_only_sends_on(hub: Demo, https_site: HubSite) -> None:
    """To the same address over HTTPS; it takes no password."""
    hub_settings = https_site.settings.hub

    answer = requests.get(
        f"http://127.0.0.1:{hub_settings.redirect_port}/hub/login?next=x", allow_redirects=False, timeout=20
    )

    assert answer.status_code in {301, 302}
    assert answer.headers["Location"] == f"{hub.url}/hub/login?next=x"
    assert "password" not in answer.text


def with_hub(folder: Path, **hub: object) -> Settings:
    """A site's settings with these of the hub."""
    values = site_settings(folder).model_dump()
    return Settings.model_validate(values | {"hub": values["hub"] | hub})


@pytest.mark.parametrize("address", ["0.0.0.0", "10.0.0.5", "::", "hub.hospital.org"])  # noqa: S104 - is refused
def test_plain_http_over_a_network_is_refused(tmp_path: Path, address: str) -> None:
    """Passwords and reports would be read on the way; where another proxy speaks HTTPS, the site says so."""
    with pytest.raises(CcdsError, match=f"found hub.address {address} without a certificate"):
        require_encryption(with_hub(tmp_path, address=address))

    require_encryption(with_hub(tmp_path, address=address, behind_tls_proxy=True))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "127.0.0.9"])
def test_on_this_machine_plain_http_will_do(tmp_path: Path, address: str) -> None:
    """As in the demo."""
    require_encryption(with_hub(tmp_path, address=address))


def test_a_certificate_that_can_not_be_used_is_refused(tmp_path: Path) -> None:
    """At the start, not at the first login."""
    certificate, key = self_signed(tmp_path, days=(-9, -2))

    with pytest.raises(CcdsError, match="found one that is valid from"):
        require_encryption(with_hub(tmp_path, certificate=str(certificate), key=str(key)))
