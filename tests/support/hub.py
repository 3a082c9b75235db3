"""A hub without the demo around it, to be killed and started again on the same site."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from ccds_kernel.demo.hospital import Hospital
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.password_file import password_file, write_passwords
from ccds_kernel.resources import resource
from ccds_kernel.settings import Settings, load_settings
from support.demo import Demo, free_port, processes_of
from support.site import application, on_roster
from support.waiting import until

PEOPLE = {"fay": "fellow", "sam": "scientist", "tom": "scientist", "lee": "leadership"}


@dataclass
class HubSite:
    """A site with project HEADCT-2026 and nothing in it."""

    folder: Path
    settings: Settings
    passwords: dict[str, str]
    hub: subprocess.Popen[bytes] | None = field(default=None)
    proxy: subprocess.Popen[bytes] | None = field(default=None)
    audit: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> Demo:
        """Starts proxy and audit daemon where they don't run, and the hub, and waits until that answers."""
        if self.proxy is None:
            self.proxy = self._start("ccds_hub.proxy")
        if self.audit is None:
            self.audit = self._start("ccds_hub.audit_daemon")
        self.hub = self._start("ccds_hub.app", "-f", str(resource("hub/jupyterhub_config.py")))
        demo = self._demo()
        until(lambda: _answers(f"{demo.url}/hub/login", demo.verify), "the hub to answer", seconds=60)
        return demo

    def running(self) -> Demo:
        """Its hub, started where it doesn't run."""
        return self.start() if self.hub is None or self.hub.poll() is not None else self._demo()

    def _demo(self) -> Demo:
        assert self.hub
        hub = self.settings.hub
        url = f"{'https' if hub.certificate else 'http'}://127.0.0.1:{hub.port}"
        verify = str(hub.certificate) if hub.certificate else True
        return Demo(url, self.folder, self.passwords, self.hub, verify)

    def _start(self, *module: str) -> subprocess.Popen[bytes]:
        with (self.folder / "hub.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", *module],
                cwd=self.folder / "state",
                env=os.environ | {"CCDS_CONFIG": str(self.folder / "ccds.toml")},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_proxy(self) -> None:
        """Kills the proxy -9 and starts it again; it knows no session then."""
        assert self.proxy
        self.proxy.kill()
        self.proxy.wait()
        self.proxy = self._start("ccds_hub.proxy")

    def kill(self) -> None:
        """Kills the hub -9; its proxy and its sessions go on."""
        assert self.hub
        self.hub.send_signal(signal.SIGKILL)
        self.hub.wait()

    def end(self) -> None:
        """Ends hub, sessions, proxy and audit daemon."""
        if self.hub:
            self.hub.terminate()
            self.hub.wait(30)
        Demo("", self.folder, {}, self.hub).scheduler.shutdown(cancel_jobs=True)
        for service in (self.proxy, self.audit):
            if service:
                service.terminate()
                service.wait(30)


@contextmanager
def site_with_hub(folder: Path, hub: str = "", more: str = "", *, port: int = 0) -> Iterator[HubSite]:
    """A site in `folder`, its hub not yet started; at the end nothing of it may run.

    `hub` are further lines of [hub] in its ccds.toml, `more` further sections; `port` is the hub's, any free one where it's 0.
    """
    hospital = Hospital(folder)
    hospital.claim()
    settings = hospital.configure(port or free_port(), free_port(), free_port(), free_port())
    if hub or more:
        text = hospital.settings_file.read_text(encoding="utf-8")
        chosen = "authenticator" in hub  # in place of the demo's
        lines = [line for line in text.splitlines() if not (chosen and line.startswith("authenticator"))]
        lines.insert(lines.index("[hub]") + 1, hub)
        hospital.settings_file.write_text("\n".join([*lines, more, ""]), encoding="utf-8")
        settings = load_settings(hospital.settings_file)
    (administrator,) = settings.hub.administrators
    passwords = dict.fromkeys([*PEOPLE, administrator], "right")
    write_passwords(password_file(settings), passwords)
    apply_application(
        application(id="HEADCT-2026", roster=on_roster(**PEOPLE)), person=administrator, settings=settings
    )
    site = HubSite(folder, settings, passwords)
    try:
        yield site
    finally:
        site.end()
    until(
        lambda: _Ended(_left(folder)), "all of the site to end", seconds=40
    )  # what the hub had just begun may be ending


@dataclass(frozen=True)
class _Ended:
    """Whether nothing is left; a wait in vain says what was."""

    left: list[str]

    def __bool__(self) -> bool:
        return not self.left


def _left(folder: Path) -> list[str]:
    """What runs for the site in `folder`: the beginnings of the command lines."""
    found = []
    for process in processes_of(folder):
        with suppress(psutil.Error):
            found.append(" ".join(process.cmdline())[:150])
    return found


def _answers(url: str, verify: bool | str) -> bool:
    try:
        return requests.get(url, timeout=5, verify=verify).status_code == 200
    except requests.RequestException:
        return False
