"""`ccds doctor --security`: each weak setting is named, with what to do, and only what is wrong fails."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.cli import main
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.security.audit_log import examine_folder, judge_daemon, judge_heads
from ccds_kernel.doctor.security.checkup import CHECKS
from ccds_kernel.doctor.security.database import judge_database
from ccds_kernel.doctor.security.files import examine_secrets, judge_acls, judge_settings_file
from ccds_kernel.doctor.security.people import (
    examine_tokens,
    judge_administrators,
    judge_groups,
    judge_helper,
    judge_login,
    judge_tokens,
)
from ccds_kernel.doctor.security.transport import examine_transport, judge_certificate, judge_plain
from ccds_kernel.doctor.site import examine_permissions
from ccds_kernel.settings import Settings
from ccds_kernel.settings.certificate import Certificate
from support.certificates import self_signed
from support.site import site_settings, write_settings
from support.unix import open_folder

OK, WEAK, WRONG = Verdict.OK, Verdict.WEAK, Verdict.WRONG
OPEN = {"address": "10.0.0.5", "behind_tls_proxy": True, "outer_proxies": ["10.0.0.4"]}
"""[hub] of a site that people on other machines reach."""


def site(folder: Path, **sections: dict[str, Any]) -> Settings:
    """A site's settings with these keys in these sections."""
    values = site_settings(folder).model_dump()
    for name, keys in sections.items():
        values[name] |= keys
    return Settings.model_validate(values)


OIDC = {
    "client_id": "x", "client_secret_file": "/x", "authorize_url": "https://h.org/a", "token_url": "https://h.org/t",
    "userinfo_url": "https://h.org/u",
}  # fmt: skip
LDAP = {"server": "ldap.h.org", "bind_dn": "uid={username},o=h"}
PG = {"engine": "postgresql", "host": "db.h.org", "root_certificate": "/ca.pem"}


@pytest.mark.parametrize(
    ("judge", "sections", "here", "reached"),
    [
        (judge_login, {"hub": {"authenticator": "password-file"}}, WEAK, WRONG),
        (judge_login, {"hub": {"authenticator": "pam"}}, OK, OK),
        (judge_login, {"hub": {"login_hours": 100}}, WEAK, WEAK),
        (judge_login, {"hub": {"authenticator": "ldap"}, "ldap_login": LDAP}, OK, OK),
        (judge_login, {"hub": {"authenticator": "ldap"}, "ldap_login": LDAP | {"tls": "insecure"}}, WRONG, WRONG),
        (
            judge_login,
            {"hub": {"authenticator": "ldap"}, "ldap_login": LDAP | {"tls": "insecure", "server": "localhost"}},
            OK,
            OK,
        ),
        (judge_login, {"hub": {"authenticator": "oidc"}, "oidc_login": OIDC}, OK, OK),
        (
            judge_login,
            {"hub": {"authenticator": "oidc"}, "oidc_login": OIDC | {"token_url": "http://h.org/t"}},
            WRONG,
            WRONG,
        ),
        (judge_administrators, {}, OK, OK),
        (judge_administrators, {"hub": {"administrators": []}}, WRONG, WRONG),
        (judge_groups, {}, WEAK, WRONG),
        (judge_groups, {"groups": {"directory": "local"}}, OK, OK),
        (judge_helper, {}, WEAK, WRONG),
        (judge_helper, {"groups": {"directory": "local"}}, WRONG, WRONG),
        (judge_helper, {"groups": {"directory": "local"}, "sessions": {"helper": True}}, OK, OK),
        (judge_helper, {"sessions": {"helper": True}}, OK, OK),
        (judge_daemon, {}, OK, OK),
        (judge_daemon, {"audit": {"address": "10.0.0.5"}}, WEAK, WEAK),
        (lambda settings: judge_database(settings, "ext4"), {}, WEAK, WRONG),
        (lambda settings: judge_database(settings, "nfs4"), {}, WRONG, WRONG),
        (lambda settings: judge_database(settings, ""), {"database": PG}, OK, OK),
        (lambda settings: judge_database(settings, ""), {"database": PG | {"sslmode": "require"}}, WRONG, WRONG),
        (lambda settings: judge_plain(settings.hub), {}, OK, OK),
        (judge_acls, {}, OK, OK),
    ],
)
def test_a_weak_setting_is_named(
    tmp_path: Path,
    judge: Callable[[Settings], Finding],
    sections: dict[str, dict[str, Any]],
    here: Verdict,
    reached: Verdict,
) -> None:
    """With one verdict where only this machine reaches the hub, and with one where others do."""
    opened = {**sections, "hub": sections.get("hub", {}) | OPEN}

    findings = [judge(site(tmp_path, **sections)), judge(site(tmp_path, **opened))]

    assert [finding.verdict for finding in findings] == [here, reached]


def test_plain_http_over_a_network_is_wrong(tmp_path: Path) -> None:
    """The hub refuses to start so; the doctor says why."""
    assert judge_plain(site(tmp_path, hub={"address": "0.0.0.0"}).hub).verdict is WRONG  # noqa: S104 - is refused


def test_a_proxy_that_is_not_named_is_wrong(tmp_path: Path) -> None:
    """Where other machines reach ours past it; not where it is on this machine."""
    unnamed = site(tmp_path, hub={"address": "10.0.0.5", "behind_tls_proxy": True}).hub

    assert judge_plain(unnamed).verdict is WRONG
    assert judge_plain(site(tmp_path, hub={"behind_tls_proxy": True}).hub).verdict is OK


@pytest.mark.parametrize(
    ("hub", "names", "days", "verdict"),
    [
        ({}, ("ccds.h.org",), 90, OK),
        ({"public_url": "https://ccds.h.org"}, ("ccds.h.org",), 90, OK),
        ({"public_url": "https://ccds.h.org"}, ("*.h.org",), 90, OK),
        ({"public_url": "https://ccds.h.org"}, ("other.h.org",), 90, WRONG),
        ({"subdomain_host": "https://ccds.h.org"}, ("ccds.h.org",), 90, WRONG),
        ({"subdomain_host": "https://ccds.h.org"}, ("ccds.h.org", "*.ccds.h.org"), 90, OK),
        ({}, ("ccds.h.org",), 10, WRONG),
    ],
)
def test_a_certificate_is_judged(
    tmp_path: Path, hub: dict[str, str], names: tuple[str, ...], days: int, verdict: Verdict
) -> None:
    """By its names and by how long it is still good."""
    now = datetime.now(UTC)
    certificate = Certificate(names, now, now + timedelta(days=days))

    assert judge_certificate(site(tmp_path, hub=hub).hub, certificate, now).verdict is verdict


def test_a_certificate_that_can_not_be_used_is_wrong(tmp_path: Path) -> None:
    """As the hub would say at its start; subdomains are told of beside it."""
    certificate, key = self_signed(tmp_path)
    key.chmod(0o644)
    settings = site(tmp_path, hub={"certificate": str(certificate), "key": str(key)})

    https, subdomains = examine_transport(settings)

    assert (https.verdict, subdomains.verdict) == (WRONG, WEAK)
    assert "found mode 644" in https.found


def test_a_secret_that_others_reach_is_wrong(tmp_path: Path) -> None:
    """Its own mode counts where the folder is open, and where it lies elsewhere."""
    settings = site(tmp_path)
    settings.paths.state.mkdir(mode=0o755)
    secret = settings.paths.state / "cookie_secret"
    secret.write_text("x")
    secret.chmod(0o644)

    opened = examine_secrets(settings)
    settings.paths.state.chmod(0o700)
    sheltered = examine_secrets(settings)

    assert (opened.verdict, sheltered.verdict) == (WRONG, OK)
    assert opened.do == f"chmod 600 {secret}"


@pytest.mark.parametrize(
    ("folder", "file", "verdict"), [(0o755, 0o644, OK), (0o755, 0o664, WRONG), (0o775, 0o644, WRONG)]
)
def test_settings_that_others_write_are_wrong(tmp_path: Path, folder: int, file: int, verdict: Verdict) -> None:
    """Whoever writes the file, or replaces it, names the administrators."""
    path = write_settings(tmp_path)
    tmp_path.chmod(folder)
    path.chmod(file)

    assert judge_settings_file(path).verdict is verdict


def test_tokens_that_people_made_are_wrong(tmp_path: Path) -> None:
    """Those of sessions and of their pages aren't people's."""
    settings = site(tmp_path)
    settings.paths.state.mkdir()
    with closing(sqlite3.connect(settings.paths.state / "hub.sqlite")) as database:
        database.execute("CREATE TABLE api_tokens (user_id INTEGER, client_id TEXT, note TEXT)")
        rows = [
            (1, "jupyterhub", "Server at /user/sam/x/"),
            (1, "jupyterhub-user-sam-x", None),
            (None, "jupyterhub", "service"),
        ]
        database.executemany("INSERT INTO api_tokens VALUES (?, ?, ?)", rows)
        database.commit()
        before = examine_tokens(settings)
        database.executemany(
            "INSERT INTO api_tokens VALUES (?, ?, ?)", [(1, "jupyterhub", None), (2, "jupyterhub", "mine")]
        )
        database.commit()
        after = examine_tokens(settings)

    assert before.verdict is OK
    assert after == judge_tokens(2)
    assert after.verdict is WRONG


def test_heads_beside_the_log_are_weak(tmp_path: Path) -> None:
    """On another disk they are well."""
    assert judge_heads(tmp_path, tmp_path, 1, 1).verdict is WEAK
    assert judge_heads(tmp_path, tmp_path, 1, 2).verdict is OK
    assert judge_heads(tmp_path, tmp_path, None, 2).verdict is Verdict.UNSEEN


def test_an_audit_folder_that_others_enter_is_wrong(tmp_path: Path) -> None:
    """Also one that its group enters."""
    tmp_path.chmod(0o750)
    entered = examine_folder(tmp_path)
    tmp_path.chmod(0o700)

    assert (entered.verdict, examine_folder(tmp_path).verdict) == (WRONG, OK)


@pytest.mark.parametrize(
    ("mode", "directory", "verdict"),
    [(0o711, "local", OK), (0o711, "none", WRONG), (0o715, "local", WRONG), (0o700, "none", OK)],
)
def test_members_pass_through_the_registry_and_list_nothing(mode: int, directory: str, verdict: Verdict) -> None:
    """That is how a reconcile leaves it where people are Unix users; nobody else needs to."""
    with open_folder() as folder:
        (folder / "registry").mkdir()
        (folder / "registry").chmod(mode)

        found = examine_permissions(site(folder, groups={"directory": directory}))

    assert found.verdict is verdict


def test_every_family_has_something_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No check is silent, and none repeats another's name."""
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path)))

    found = {family: [finding.name for finding in check(site_settings(tmp_path))] for family, check in CHECKS.items()}
    names = [name for family in found.values() for name in family]

    assert all(found.values())
    assert len(set(names)) == len(names)


def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON document; weak settings alone are no failure, a wrong one is, and is named."""
    path = write_settings(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(path))

    weak = main(["doctor", "--security", "--json"])
    told = json.loads(capsys.readouterr().out)
    path.write_text(path.read_text().replace('administrators = ["admin"]', "administrators = []"))
    wrong = main(["doctor", "--security"])
    said = capsys.readouterr()

    assert (weak, wrong) == (0, 1)
    assert told["works"]
    assert {"groups", "login", "HTTPS", "firewall"} <= {finding["name"] for finding in told["findings"]}
    assert all(finding["do"] for finding in told["findings"] if finding["verdict"] != "ok")
    assert "\nwrong           administrators    none" in said.out
    assert "what is wrong with administrators" in said.err
