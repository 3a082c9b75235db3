"""A site of one machine whose people are Unix users, with the service that takes their jobs; calls to it as any of them."""

import os
import pwd
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from ccds_kernel.batch.local.brokered import BrokeredScheduler
from ccds_kernel.batch.local.table import live_rows
from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.irb.applying import apply_application
from support.components import need_program
from support.site import application, on_roster
from support.unix import UnixSite, run_as, shared_python, sudo_rules, unix_site
from support.waiting import until

SOCKETS = Path("/run/ccdst")
PLACE = SOCKETS / "jobs" / "socket"
PROJECT, OTHER = "CCDSTR-1", "CCDSTR-2"
_ONE = RLock()


def make_place(service: str) -> None:
    """The folder of the broker's socket, as its unit makes it."""
    shutil.rmtree(SOCKETS, ignore_errors=True)
    SOCKETS.mkdir(mode=0o711)
    PLACE.parent.mkdir(mode=0o755)
    shutil.chown(PLACE.parent, service, service)


@contextmanager
def acting_as(user: str) -> Iterator[None]:
    """Makes this process another Unix user's for a moment: the kernel tells whoever is connected to."""
    with _ONE:
        os.seteuid(pwd.getpwnam(user).pw_uid)
        try:
            yield
        finally:
            os.seteuid(0)


class As:
    """A client of the broker each of whose calls is made as another Unix user."""

    def __init__(self, user: str, project: str | None = PROJECT) -> None:
        self._user = user
        self._scheduler: Scheduler = BrokeredScheduler(PLACE, project)

    def __getattr__(self, name: str) -> Any:
        def call(*given: object) -> object:
            with acting_as(self._user):
                return getattr(self._scheduler, name)(*given)

        return call


class JobsSite:
    """That site, with its broker running."""

    def __init__(self, site: UnixSite) -> None:
        self.site = site
        self._broker: subprocess.Popen[bytes] | None = None

    def person(self, name: str) -> str:
        """The Unix user behind a short name."""
        return self.site.users[name]

    def apply(self, project: str, people: Mapping[str, str]) -> None:
        """Applies an application of `project` with these people: short name → role."""
        roster = on_roster(**{self.person(name): role for name, role in people.items()})
        wanted = application(id=project, data=["images", "reports"], roster=roster)
        apply_application(wanted, person="root", settings=self.site.settings)

    def folder(self, name: str, project: str = PROJECT) -> Path:
        """A person's folder in a project."""
        return self.site.folder / "projects" / project / "work" / self.person(name)

    def as_service(self, code: str) -> str:
        """What Python `code` prints as the service account; `scheduler` is the local one."""
        lines = [
            "from ccds_kernel.settings import load_settings",
            "from ccds_kernel.batch.site import scheduler_of",
            "settings = load_settings()",
            "scheduler = scheduler_of(settings)",
            code,
        ]
        python = str(shared_python())
        done = run_as(self.person("service"), python, "-P", "-c", "\n".join(lines), groups=[], env=self.site.env)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        """Starts the broker, and waits until it is there."""
        who = pwd.getpwnam(self.person("service"))
        with (self.site.folder / "broker.log").open("ab") as log:
            self._broker = subprocess.Popen(
                [shared_python(), "-P", "-m", "ccds_kernel.session.job_broker"],
                cwd="/", env={"PATH": os.environ["PATH"], "HOME": "/", "LANG": "C.UTF-8", **self.site.env},
                stdout=log, stderr=log, user=who.pw_uid, group=who.pw_gid, extra_groups=[], start_new_session=True,
            )  # fmt: skip
        until(lambda: PLACE.exists() or self._broker.poll() is not None, "the broker", seconds=60)
        assert self._broker.poll() is None, self.log()

    def kill(self) -> None:
        """Ends the broker by KILL; its socket's name stays."""
        assert self._broker
        self._broker.kill()
        self._broker.wait()

    def log(self) -> str:
        """What the broker said."""
        return (self.site.folder / "broker.log").read_text(encoding="utf-8", errors="replace")

    def live(self) -> list[str]:
        """The names of all jobs that have not ended."""
        table = self.site.folder / "state" / "scheduler" / "jobs.db"
        with closing(sqlite3.connect(f"{table.as_uri()}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return [str(row.raw["name"]) for row in live_rows(db)]

    def end_jobs(self) -> None:
        """Cancels every job, and waits until no process of one is left."""
        self.as_service("scheduler.shutdown(cancel_jobs=True)")


@contextmanager
def jobs_site(*names: str, more: Sequence[str] = ()) -> Iterator[JobsSite]:
    """Such a site with 4 cores, 4 GPU slots and 8000 MiB; ann and bob train in the first project, ann in the second, too."""
    need_program("setfacl", "apt-get install acl")
    lines = [
        "[sessions]", "helper = true", f'sockets = "{SOCKETS}"',
        "[scheduler]", "gpus = 4", "cpus = 4", "memory_mb = 8000", *more,
    ]  # fmt: skip
    with ExitStack() as stack:
        site = stack.enter_context(unix_site("ann", "bob", *names, more="\n".join(lines)))
        stack.enter_context(sudo_rules(site))
        made = JobsSite(site)
        made.apply(PROJECT, {"ann": "scientist", "bob": "scientist"})
        made.apply(OTHER, {"ann": "scientist"})
        make_place(made.person("service"))
        stack.callback(shutil.rmtree, SOCKETS, ignore_errors=True)
        made.start()
        stack.callback(made.kill)
        stack.callback(made.end_jobs)
        yield made
