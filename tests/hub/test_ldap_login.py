"""Logins by a real LDAP directory."""

from collections.abc import Iterator

import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from support.demo import Demo
from support.hub import HubSite, site_with_hub
from support.slapd import PEOPLE, Slapd, running_slapd

pytestmark = pytest.mark.hub

SECTION = """[ldap_login]
server = "localhost"
port = {port}
bind_dn = "uid={{username}},{people}"
ca_certificates = "{ca}"
"""


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    """A directory in which sam is on a roster, max on none, and each has a password."""
    with running_slapd("sam", "max") as running:
        yield running


@pytest.fixture(scope="module")
def ldap_site(slapd: Slapd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site whose passwords that directory checks."""
    section = SECTION.format(port=slapd.port, people=PEOPLE, ca=slapd.ca)
    with site_with_hub(tmp_path_factory.mktemp("ldap") / "site", 'authenticator = "ldap"', section) as site:
        yield site


@pytest.fixture(scope="module")
def hub(ldap_site: HubSite) -> Demo:
    """Its hub, running."""
    return ldap_site.start()


def attempt(hub: Demo, person: str, password: str) -> requests.Response:
    """What the login page answers."""
    visitor = requests.Session()
    visitor.get(f"{hub.url}/hub/login", timeout=20)
    form = {"username": person, "password": password, "_xsrf": visitor.cookies["_xsrf"]}
    return visitor.post(f"{hub.url}/hub/login", data=form, allow_redirects=False, timeout=30)


def test_who_is_on_a_roster_gets_in(hub: Demo) -> None:
    """With the directory's password, over STARTTLS."""
    assert attempt(hub, "sam", "sam's word").status_code == 302


@pytest.mark.parametrize(
    ("person", "password"),
    [
        ("max", "max's word"),  # the directory's, and on no roster
        ("sam", "wrong"),
        ("sam", ""),  # which a directory takes for an anonymous bind
        ("Sam", "sam's word"),  # the directory would take it for sam
        ("sam ", "sam's word "),
        ("sam,ou=people", "sam's word"),
        ("*", "sam's word"),
        ("nobody", "x"),
    ],
)
def test_nobody_else_does(hub: Demo, person: str, password: str) -> None:
    """Not even by a name that the directory takes for somebody else's."""
    assert attempt(hub, person, password).status_code == 403


def test_refusals_are_events(hub: Demo, ldap_site: HubSite) -> None:
    """A name on a roster is written down; what else was typed isn't, for it may be a password."""
    attempt(hub, "sam", "wrong")
    attempt(hub, "my-password-in-the-wrong-field", "")

    events = list(FileAuditSink(ldap_site.settings.paths.audit).entries())[-2:]

    assert [(one["event"], one["person"], one["detail"]["reason"]) for one in events] == [
        ("LoginRefused", "sam", "wrong name or password"),
        ("LoginRefused", "", "on no roster"),
    ]


def test_a_directory_that_is_away_lets_nobody_in(hub: Demo, slapd: Slapd) -> None:
    """It is said, and the right password is right again when it is back."""
    slapd.stop()
    away = attempt(hub, "sam", "sam's word")
    slapd.start()

    assert away.status_code == 503
    assert "The hospital&#39;s directory doesn&#39;t answer" in away.text
    assert attempt(hub, "sam", "sam's word").status_code == 302
