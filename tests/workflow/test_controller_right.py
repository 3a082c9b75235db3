"""When a controller's job gives back its right to the project's database: real processes, a real daemon and server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccds_kernel.irb.database import VARIABLE
from ccds_kernel.workflow.lease import held
from ccds_kernel.workflow.run_folder import RunFolder
from support.audit import AuditSite
from support.job_database import audit_site_with_server, opens, rights_of
from support.postgresql import Server
from support.waiting import until

CONTROLLER = f"""
import sys, time
from pathlib import Path
from ccds_kernel.errors import CcdsError
from ccds_kernel.store.transactions import DatabaseAwayError
from ccds_kernel.workflow.controller import control
from ccds_kernel.workflow.lease import LeaseHeldError

def work(desk):
    Path(sys.argv[1], "began").open("a").write("once\\n")
    {{work}}

sys.exit(control(sys.argv[1:], work, LeaseHeldError, database="{VARIABLE}", patience_s=1, pause_s=0.1))
"""


@pytest.fixture
def site(tmp_path: Path, postgresql: Server) -> Iterator[AuditSite]:
    """See `audit_site_with_server`."""
    with audit_site_with_server(tmp_path / "site", postgresql) as site:
        yield site


@contextmanager
def controller(site: AuditSite, rights: dict[str, str], work: str) -> Iterator[subprocess.Popen[bytes]]:
    """A controller's job that has those rights and does `work`; its folder is the site's."""
    own = site.folder / "made" / ".run" / "jobs-ann"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    (own / "order.json").write_text(json.dumps({}), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", CONTROLLER.format(work=work), str(own)],
        env={"PATH": os.defpath, "CCDS_CONFIG": str(site.folder / "ccds.toml"), **rights},
        stderr=subprocess.PIPE,
    ) as process:
        yield process


@pytest.mark.parametrize(
    ("work", "status"),
    [
        ("return", 0),
        ("raise CcdsError(expected='this', found='that', do='nothing')", 1),
        ("raise RuntimeError('a defect')", 1),
    ],
)
def test_a_controller_that_ends_gives_its_right_back(site: AuditSite, work: str, status: int) -> None:
    """However it ends; another job's stays."""
    rights, other = rights_of(site), rights_of(site)

    with controller(site, rights, work) as process:
        process.communicate(timeout=60)

    assert process.returncode == status
    assert (opens(rights), opens(other)) == (False, True)


@pytest.mark.parametrize(
    ("person", "engine", "keeps"), [("ann", "cluster", True), ("ann", "local", False), ("bob", "cluster", False)]
)
def test_one_that_finds_its_own_job_at_work_keeps_it(site: AuditSite, person: str, engine: str, *, keeps: bool) -> None:
    """In its life before, on a host that was cut off, which has the same right. A run of another sort has none of it."""
    rights = rights_of(site)

    with (
        held(RunFolder(site.folder / "made").folder, person, engine),
        controller(site, rights, "raise LeaseHeldError(expected='this', found='that', do='wait')") as process,
    ):
        process.communicate(timeout=60)

    assert process.returncode == 1
    assert opens(rights) is keeps


def test_one_whose_database_is_away_tries_again(site: AuditSite) -> None:
    """As one that begins while the server is started anew."""
    rights = rights_of(site)
    away = (
        "if Path(sys.argv[1], 'began').read_text() == 'once\\n': raise DatabaseAwayError(expected='', found='', do='')"
    )

    with controller(site, rights, away) as process:
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert (site.folder / "made/.run/jobs-ann/began").read_text() == "once\nonce\n"


def test_one_that_makes_room_keeps_it(site: AuditSite) -> None:
    """The scheduler stops it and starts the same job anew, with the same environment."""
    rights = rights_of(site)

    with controller(site, rights, "time.sleep(600)") as process:
        until((site.folder / "made/.run/jobs-ann/began").exists, "the work to begin")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert process.returncode == 1
    assert opens(rights)


def test_a_daemon_that_is_away_fails_no_run(site: AuditSite) -> None:
    """The right ends by itself, later."""
    rights = rights_of(site)
    site.kill()

    with controller(site, rights, "return") as process:
        _, complaint = process.communicate(timeout=60)

    assert (process.returncode, complaint) == (0, b"")
