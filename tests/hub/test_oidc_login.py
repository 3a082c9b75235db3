"""Logins by an OpenID Connect provider."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ccds_hub.login_limit import ADDRESS
from ccds_hub.oidc_login import NOBODY, person_of, read_secret
from ccds_kernel.errors import CcdsError
from support.demo import Demo
from support.hub import HubSite, site_with_hub
from support.oidc import CLIENT, SECRET, Provider, running_provider

pytestmark = pytest.mark.hub

SECTION = """[oidc_login]
client_id = "{client}"
client_secret_file = "{secret}"
authorize_url = "{url}/authorize"
token_url = "{url}/token"
userinfo_url = "{url}/userinfo"
username_claim = "email"
domain = "hospital.org"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The hospital's."""
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def oidc_site(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site that sends people there."""
    folder = tmp_path_factory.mktemp("oidc")
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{SECRET}\n")
    section = SECTION.format(client=CLIENT, secret=secret, url=provider.url)
    with site_with_hub(folder / "site", 'authenticator = "oidc"', section) as site:
        yield site


@pytest.fixture(scope="module")
def hub(oidc_site: HubSite) -> Demo:
    """Its hub, running."""
    return oidc_site.start()


def log_in(hub: Demo, provider: Provider, **claims: object) -> requests.Response:
    """The last page of the whole way there and back, for somebody whom the provider knows so."""
    provider.claims = claims
    visitor = requests.Session()
    page = visitor.get(f"{hub.url}/hub/login", timeout=20)
    assert "Log in with the hospital&#39;s login" in page.text
    assert "password" not in page.text
    return visitor.get(f"{hub.url}/hub/oauth_login", timeout=20)


def test_who_is_on_a_roster_gets_in(hub: Demo, provider: Provider) -> None:
    """By the claim and the domain that the site names; the exchange had its proof (PKCE)."""
    answer = log_in(hub, provider, email="sam@Hospital.org", email_verified=True)

    assert answer.status_code == 200
    assert '<span class="ccds-person">sam</span>' in answer.text
    assert provider.refusals == []


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "max@hospital.org"},  # on no roster
        {"email": "sam@evil.org"},
        {"email": "sam"},
        {"email": "Sam@hospital.org"},
        {"email": "sam@hospital.org@evil.org"},
        {"email": "x@hospital.org\n@hospital.org"},
        {"email": ["sam@hospital.org"]},
        {"email": "sam@hospital.org", "email_verified": False},
        {"email": "sam@hospital.org", "email_verified": None},
        {"email": "sam@hospital.org", "email_verified": "false"},
        {"preferred_username": "sam"},
        {},
    ],
)
def test_nobody_else_does(hub: Demo, provider: Provider, claims: dict[str, object]) -> None:
    """Whatever the provider says about them."""
    answer = log_in(hub, provider, **({"email_verified": True} | claims))

    assert answer.status_code == 403
    assert "ccds-person" not in answer.text


def test_many_refusals_lock_nobody_out(hub: Demo, provider: Provider) -> None:
    """All people of a hospital come from one address; passwords are tried at the provider."""
    refused = {
        log_in(hub, provider, email="sam@evil.org", email_verified=True).status_code for _ in range(ADDRESS.free + 2)
    }

    answer = log_in(hub, provider, email="sam@hospital.org", email_verified=True)

    assert (refused, answer.status_code) == ({403}, 200)


def test_a_code_of_somebody_else_s_login_opens_nothing(hub: Demo, provider: Provider) -> None:
    """Sam's code, sent to the hub by a browser that asked for none: it has no state of that login."""
    provider.claims = {"email": "sam@hospital.org", "email_verified": True}
    sam, eve = requests.Session(), requests.Session()
    asked = sam.get(f"{hub.url}/hub/oauth_login", allow_redirects=False, timeout=20).headers["Location"]
    back = sam.get(asked, allow_redirects=False, timeout=20).headers["Location"]

    answer = eve.get(back, timeout=20)

    assert parse_qs(urlsplit(back).query).keys() >= {"code", "state"}
    assert answer.status_code in {400, 403}
    assert "ccds-person" not in answer.text


def test_the_secret_is_in_no_log(oidc_site: HubSite) -> None:
    """Nor what the provider says about people."""
    log = (oidc_site.folder / "hub.log").read_text()

    assert SECRET not in log
    assert "@hospital.org" not in log


@pytest.mark.parametrize(
    ("claim", "domain", "said", "name"),
    [
        ("sub", "", {"sub": "ann"}, "ann"),
        ("sub", "", {"sub": ""}, NOBODY),
        ("sub", "", {"sub": 7}, NOBODY),
        ("email", "h.org", {"email": "ann@h.org", "email_verified": True}, "ann"),
        ("email", "h.org", {"email": "ann@h.org", "email_verified": "true"}, NOBODY),
        ("email", "h.org", {"email": "ann@h.org"}, NOBODY),
        ("upn", "h.org", {"upn": "ann@H.ORG"}, "ann"),
        ("upn", "h.org", {"upn": "ann@x.h.org"}, NOBODY),
        ("upn", "h.org", {"upn": "@h.org"}, NOBODY),
    ],
)
def test_a_name_is_the_claim_s(claim: str, domain: str, said: dict[str, object], name: str) -> None:
    """Of the site's domain only; else it is nobody's."""
    assert person_of(claim, domain)(said) == name


def test_a_secret_that_others_read_is_refused(tmp_path: Path) -> None:
    """As is an empty one, or none at all."""
    secret = tmp_path / "secret"
    with pytest.raises(CcdsError, match="found No such file"):
        read_secret(secret)
    secret.touch(mode=0o600)
    with pytest.raises(CcdsError, match="found nothing"):
        read_secret(secret)
    secret.write_text("word")
    secret.chmod(0o644)
    with pytest.raises(CcdsError, match="found mode 644"):
        read_secret(secret)
