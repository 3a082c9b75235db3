"""A whole site on which people are Unix users: hub and services are run by a service account, code by its person."""

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.password_file import password_file, write_passwords
from ccds_kernel.resources import resource
from support.demo import Demo, free_port
from support.jobs import make_place
from support.site import application, on_roster
from support.unix import UnixSite, run_as, shared_python, sudo_rules, unix_site
from support.waiting import until

_HUB = ("ccds_hub.app", "-f", str(resource("hub/jupyterhub_config.py")))
SECONDS = 2
"""Between two looks of its reconciler."""


@dataclass
class UnixHub:
    """That site, running."""

    site: UnixSite
    demo: Demo
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def person(self, name: str) -> str:
        """The Unix user behind a short name."""
        return self.site.users[name]

    def apply(self, project: str, people: dict[str, str], **changed: object) -> None:
        """Applies an application of `project` with these people: short name → role."""
        roster = on_roster(**{self.person(name): role for name, role in people.items()})
        values = {"id": project, "data": ["images", "reports"], "roster": roster} | changed
        apply_application(application(**values), person="root", settings=self.site.settings)

    def restart_hub(self) -> None:
        """Ends the hub by KILL, and starts it again."""
        self.processes[-1].kill()
        self.processes[-1].wait()
        self.processes[-1] = _start(self.site, self.site.users["service"], *_HUB)
        until(lambda: _answers(f"{self.demo.url}/hub/login") or _ended(self), "the hub to answer again", seconds=90)
        assert not _ended(self), self.log()

    def log(self) -> str:
        """What its services said."""
        return (self.site.folder / "services.log").read_text(encoding="utf-8", errors="replace")


LOCAL = ("[scheduler]", "gpus = 4", "cpus = 32", "memory_mb = 128000")
"""The scheduler of a site that is one machine."""


@contextmanager
def unix_hub(*names: str, scheduler: Sequence[str] = LOCAL) -> Iterator[UnixHub]:
    """Such a site with a Unix user for each name, whose password is `right`; at the end nothing of it runs.

    `scheduler` are the lines of its `ccds.toml` that say which one it has.
    """
    ports = {name: free_port() for name in ("port", "api_port", "proxy_api_port")}
    lines = [
        "[irb]", f"reconcile_seconds = {SECONDS}", "[audit]", f"port = {free_port()}", "[sessions]", "helper = true",
        'sockets = "/run/ccdst"', *scheduler,
    ]  # fmt: skip
    hub = ['authenticator = "password-file"', *(f"{name} = {port}" for name, port in ports.items())]
    with unix_site(*names, more="\n".join(lines), hub="\n".join(hub)) as site, sudo_rules(site):
        service = site.users["service"]
        passwords = dict.fromkeys([*site.users.values(), "root"], "right")
        write_passwords(password_file(site.settings), passwords)
        _give(site.folder / "state", service)
        made = UnixHub(site, Demo(f"http://127.0.0.1:{ports['port']}", site.folder, passwords, None))  # type: ignore[arg-type] # no demo's process
        made.apply("CCDSTR-0", {})  # makes the site's folders
        try:
            jobs = []
            if scheduler is LOCAL:
                make_place(service)
                jobs.append(("ccds_kernel.session.job_broker",))
            for module in (("ccds_hub.audit_daemon",), ("ccds_hub.proxy",), *jobs, _HUB):
                made.processes.append(_start(site, service, *module))
            until(lambda: _answers(f"{made.demo.url}/hub/login") or _ended(made), "the hub to answer", seconds=90)
            assert not _ended(made), made.log()
            yield made
        finally:
            for process in reversed(made.processes):
                process.terminate()
                process.wait(30)
            for user in site.users.values():
                run_as(user, "pkill", "-KILL", "-u", user)
            subprocess.run(["rm", "-rf", "/run/ccdst"], check=False)


def _start(site: UnixSite, user: str, *module: str) -> subprocess.Popen[bytes]:
    who = pwd.getpwnam(user)
    with (site.folder / "services.log").open("ab") as log:
        return subprocess.Popen(
            [shared_python(), "-P", "-m", *module],
            cwd=site.folder / "state",
            env={"PATH": os.environ["PATH"], "HOME": str(site.folder / "state"), "LANG": "C.UTF-8", **site.env},
            stdout=log,
            stderr=log,
            user=who.pw_uid,
            group=who.pw_gid,
            extra_groups=[],
            start_new_session=True,
        )


def _give(folder: Path, user: str) -> None:
    subprocess.run(["chown", "-R", f"{user}:", folder], check=True)


def _ended(hub: UnixHub) -> bool:
    return any(process.poll() is not None for process in hub.processes)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False
