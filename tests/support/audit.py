"""A real audit daemon on loopback, to be killed and started again; tokens for it, and events as they are sent to it."""

import os
import resource
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from ccds_kernel.audit.client import DaemonAuditSink
from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.audit.token import AuditToken, audit_secret, issue
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import Settings, load_settings
from support.demo import free_port
from support.site import application, on_roster, write_settings
from support.unix import shared_python
from support.waiting import until

NOW = datetime.now(UTC)
PEOPLE = "ann", "bob", "cy"


def token(
    person: str = "ann", project: str = "CHEST-1", session: str = "chest-1-lab", since: datetime = NOW, **ahead: float
) -> AuditToken:
    """A token of that session, for an hour or `timedelta(**ahead)` from the start of the tests."""
    return AuditToken(person, project, session, NOW + timedelta(**(ahead or {"hours": 1})), since)


@dataclass
class AuditSite:
    """A site with an audit daemon and nothing else."""

    folder: Path
    settings: Settings
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def log(self) -> FileAuditSink:
        """Its log, read as the service account reads it."""
        return audit_log(self.settings)

    @property
    def said(self) -> str:
        """What the daemon has said so far."""
        return (self.folder / "daemon.log").read_text(encoding="utf-8")

    def start(self, user: str | None = None) -> None:
        """Starts the daemon, as Unix user `user` where one is given, and waits until it answers."""
        python, env, switch = sys.executable, dict(os.environ), []
        if user:
            python, env = str(shared_python()), {"PATH": os.defpath, "LANG": "C.UTF-8"}
            switch = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*switch, python, "-P", "-m", "ccds_hub.audit_daemon"],
                cwd=self.folder,
                env=env | {"CCDS_CONFIG": str(self.folder / "ccds.toml")},
                stdout=log,
                stderr=log,
            )
        until(self.answers, "the audit daemon to answer")

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(f"{self.settings.audit.url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """Kills it -9."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def limit_files(self, size: int) -> None:
        """Leaves the daemon no room in any file beyond `size` bytes, as a full disk does; -1 makes room again."""
        assert self.process
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def token(
        self,
        person: str = "ann",
        project: str = "CHEST-1",
        session: str = "chest-1-lab",
        since: datetime = NOW,
        **ahead: float,
    ) -> str:
        """A token that this site made, for an hour or `timedelta(**ahead)`."""
        return issue(audit_secret(self.settings.paths.state), token(person, project, session, since, **ahead))

    def sink(self, person: str = "ann", **fields: str) -> DaemonAuditSink:
        """A session's way to the daemon."""
        return DaemonAuditSink(self.settings.audit.url, self.token(person, **fields), self.folder / f"spool-{person}")


@contextmanager
def audit_site(folder: Path, *more_people: str) -> Iterator[AuditSite]:
    """Such a site in `folder`, its daemon not yet started; at the end it is gone. Its people may change CHEST-1's phrases."""
    folder.mkdir(parents=True)
    file = write_settings(folder)
    file.write_text(f"{file.read_text(encoding='utf-8')}[audit]\nport = {free_port()}\n", encoding="utf-8")
    settings = load_settings(file)
    settings.paths.state.mkdir(mode=0o700)
    registry_of(settings).put(application(roster=on_roster(**dict.fromkeys((*PEOPLE, *more_people), "fellow"))))
    site = AuditSite(folder, settings)
    try:
        yield site
    finally:
        if site.process:
            site.kill()


def body(**changed: Any) -> dict[str, Any]:
    """An event of ann's as it is sent, `changed` at will; None takes a key out."""
    fields = {"person": "ann", "project": "CHEST-1", "change": "edited", "phrase_id": 1} | changed.pop("fields", {})
    values = {"id": str(uuid.uuid4()), "event": "PhraseChanged", "fields": fields, "claimed": None} | changed
    return {key: value for key, value in values.items() if value is not None or key == "claimed"}


def send(site: AuditSite, token: str, content: Any, path: str = "/events") -> requests.Response:
    """What the daemon answers."""
    return requests.post(
        f"{site.settings.audit.url}{path}", json=content, headers={"Authorization": f"Bearer {token}"}, timeout=20
    )


def denials(site: AuditSite, project: str = "CHEST-1") -> list[tuple[str, str]]:
    """Who was turned away in that chain, and why."""
    return [
        (entry["person"], entry["detail"]["reason"])
        for entry in site.log.entries(project)
        if entry["event"] == "AccessDenied"
    ]


def event(number: int = 0, **changed: object) -> PhraseChanged:
    """An event of ann's that is told from others by its phrase."""
    return PhraseChanged(**({"person": "ann", "project": "CHEST-1", "change": "edited", "phrase_id": number} | changed))


def numbers(site: AuditSite) -> list[int]:
    """The phrases of the project's chain, which must be whole."""
    site.log.verify("CHEST-1")
    return [entry["detail"]["phrase_id"] for entry in site.log.entries("CHEST-1")]


def waiting(site: AuditSite) -> Path:
    """The file of ann's waiting events."""
    return site.folder / "spool-ann" / "waiting.jsonl"
