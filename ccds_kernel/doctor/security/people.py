"""Who comes in, by what proof, and as whom their code runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.security.reach import missing_lock
from ccds_kernel.settings import Settings

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_LONG_HOURS = 24
_TOKENS = "tokens"
_MADE_BY_PEOPLE = """
    SELECT count(*) FROM api_tokens
    WHERE user_id IS NOT NULL AND client_id = 'jupyterhub' AND coalesce(note, '') NOT LIKE 'Server at %'
"""


def examine_people(settings: Settings) -> Iterator[Finding]:
    """Login, administrators, groups, the Unix user of code, tokens."""
    yield judge_login(settings)
    yield judge_administrators(settings)
    yield judge_groups(settings)
    yield judge_helper(settings)
    yield examine_tokens(settings)


def judge_login(settings: Settings) -> Finding:
    """How a person's word that they are who they are is checked, and for how long it is believed."""
    hub, chosen = settings.hub, settings.hub.authenticator
    if chosen == "password-file":
        return Finding(
            "login",
            missing_lock(settings),
            "by a file of passwords, which no directory closes when somebody leaves",
            "set hub.authenticator to pam, ldap or oidc; docs/login.md has an example of each",
        )
    ldap = settings.ldap_login
    if chosen == "ldap" and ldap.tls == "insecure" and ldap.server not in _LOCAL:
        return Finding("login", Verdict.WRONG, f"passwords go to {ldap.server} unencrypted", "set ldap_login.tls")
    oidc = settings.oidc_login
    for url in (oidc.authorize_url, oidc.token_url, oidc.userinfo_url):
        place = urlsplit(url)
        if chosen == "oidc" and place.scheme != "https" and place.hostname not in _LOCAL:
            return Finding(
                "login", Verdict.WRONG, f"{place.hostname} is asked over plain HTTP", "name its https address"
            )
    if hub.login_hours > _LONG_HOURS:
        return Finding(
            "login", Verdict.WEAK, f"good for {hub.login_hours} hours", f"set hub.login_hours to {_LONG_HOURS} or less"
        )
    return Finding("login", Verdict.OK, f"by {chosen}, good for {hub.login_hours} hours")


def judge_administrators(settings: Settings) -> Finding:
    """Whether there is somebody who may apply, expire and withdraw applications."""
    count = len(settings.hub.administrators)
    if count == 0:
        return Finding(
            "administrators", Verdict.WRONG, "none: nobody can end an application", "name people in hub.administrators"
        )
    return Finding("administrators", Verdict.OK, f"{count}")


def judge_groups(settings: Settings) -> Finding:
    """Whether the operating system knows the rosters."""
    if settings.groups.directory == "none":
        return Finding(
            "groups",
            missing_lock(settings),
            "none: only the program's own checks stand between people, not the operating system",
            "set groups.directory and run 'ccds irb apply' as root",
        )
    return Finding(
        "groups", Verdict.OK, f"kept {'in ' if settings.groups.directory == 'ldap' else ''}{settings.groups.directory}"
    )


def judge_helper(settings: Settings) -> Finding:
    """Whether a session's code runs as its person. Where it doesn't, groups part nobody: all code enters all projects."""
    if not settings.sessions.helper:
        grouped = settings.groups.directory != "none"
        return Finding(
            "code's user",
            Verdict.WRONG if grouped else missing_lock(settings),
            "the service account: code in a notebook reads every project and all secrets, and can rewrite the audit log"
            + ("; groups part nobody so" if grouped else ""),
            "install the root helper and set sessions.helper",
        )
    return Finding("code's user", Verdict.OK, "the person, through the root helper")


def examine_tokens(settings: Settings) -> Finding:
    """Whether somebody has a token from a time when the hub gave people any: it opens all that its person may open."""
    path = settings.paths.state / "hub.sqlite"
    try:
        if not path.exists():
            return Finding(_TOKENS, Verdict.OK, "none: the hub never ran")
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            (count,) = database.execute(_MADE_BY_PEOPLE).fetchone()
    except (sqlite3.Error, OSError):
        return Finding(_TOKENS, Verdict.UNSEEN, "the hub's database can't be read", "look as the service account")
    return judge_tokens(count)


def judge_tokens(count: int) -> Finding:
    """The finding for so many tokens that people made."""
    if count:
        do = "remove them on the hub's page of administration, or start with a new hub.sqlite"
        return Finding(_TOKENS, Verdict.WRONG, f"{count} that people made themselves", do)
    return Finding(_TOKENS, Verdict.OK, "none but those of sessions")
