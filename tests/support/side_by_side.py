"""Which tests run side by side in `make test`: files do, in as many processes as WORKERS says; a file's own tests don't.

Some files belong to one process, for what there is once on a machine, or is dear: a group. `must_be_in` fails a test whose
file uses such a thing and doesn't stand here: without that, processes would wait for each other until a time limit.

The groups come first, then what waits longest for hubs, pages and clusters: what only computes is left for the end, when it fills
the cores evenly. Marks of groups (pytest-xdist's `loadgroup`) aren't it: pytest-xdist 3.8 puts them into a test's id, which
pytest 9.2 doesn't let it change, and tears all other files apart.
"""

import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

UNIX_USERS, DEMO = "Unix users", "demo"

_GROUPS = {
    UNIX_USERS: (
        "airlock/test_unix_users.py", "audit/test_tampering.py", "batch/test_broker.py", "batch/test_broker_people.py",
        "batch/test_broker_socket.py", "cluster/test_job_submit.py", "cluster/test_slurm_people.py",
        "cluster/test_unix_people.py", "hub/test_docker_session.py", "hub/test_pam_login.py", "hub/test_unix_people.py",
        "hub/test_unix_trainings.py", "irb/test_database_file.py", "irb/test_reconcile.py",
        "irb/test_reconcile_attacked.py", "irb/test_reconcile_killed.py", "irb/test_reconcile_mending.py",
        "labeling/confirmation/test_snapshot_people.py", "matrix/test_files.py", "session/test_root_batch.py",
        "session/test_root_helper.py", "session/test_root_jobs.py", "session/test_root_kernel.py",
        "session/test_root_server.py",
    ),
    DEMO: (
        "browser/test_journeys.py", "browser/test_lab_lock.py", "demo/test_running.py", "hub/test_airlock.py",
        "hub/test_app_lock.py", "hub/test_egress_lock.py", "hub/test_forged_project.py", "hub/test_lab.py",
        "hub/test_landing.py", "hub/test_login.py", "hub/test_page_policy.py", "hub/test_refusals.py",
        "hub/test_reports.py", "hub/test_scopes.py", "hub/test_secrets.py",
    ),
}  # fmt: skip
_GROUP_OF = {f"tests/{file}": group for group, files in _GROUPS.items() for file in files}
_LONGEST = (
    "cluster",
    "hub",
    "browser",
    "demo",
    "batch",
    "training",
    "session",
    "matrix",
    "retrieval",
    "labeling",
    "workflow",
    "normalization",
)
"""Folders of tests by how long their longest files take; those of the others take less."""


def is_so() -> bool:
    """Whether this process is one of several that run tests."""
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1


def must_be_in(group: str) -> None:
    """Fails the test that runs where others run beside it that may use the same."""
    file = _file_of(os.environ.get("PYTEST_CURRENT_TEST", ""))
    assert not is_so() or _GROUP_OF.get(file) == group, f"{file} isn't among the files for {group!r} in {__file__}"


def place(item: pytest.Item) -> int:
    """Where in the order a test comes."""
    file = _file_of(item.nodeid)
    folder = Path(file).parent.name
    if file in _GROUP_OF:
        return -1
    return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)


class ByGroupOrFile(LoadScopeScheduling):
    """Gives each process a group at a time, or a file that is of none, in the tests' order."""

    def _split_scope(self, nodeid: str) -> str:
        file = _file_of(nodeid)
        return _GROUP_OF.get(file, file)


def _file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]
