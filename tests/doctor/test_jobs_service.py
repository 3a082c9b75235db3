"""The doctor says whether people can hand over jobs on a site of one machine."""

import socket
from pathlib import Path

import pytest

from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.doctor.site import examine_jobs_service
from ccds_kernel.settings import Settings
from support.unix import open_folder


def site(folder: Path, *, helper: bool, engine: str = "local") -> Settings:
    """A site's settings whose sockets lie in `folder`."""
    paths = {name: folder / name for name in ("registry", "projects", "audit", "state", "clinical", "published")}
    sections = {
        "paths": paths, "sessions": {"helper": helper, "sockets": folder}, "scheduler": {"engine": engine},
        "groups": {"directory": "local"},
    }  # fmt: skip
    return Settings.model_validate(sections)


def test_a_service_that_is_away_is_wrong() -> None:
    """No socket, one that nobody listens at, and one that answers."""
    with open_folder() as folder:
        settings = site(folder, helper=True)
        (folder / "jobs").mkdir()

        absent = examine_jobs_service(settings)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "jobs" / "socket"))
            deaf = examine_jobs_service(settings)
            listener.listen()
            there = examine_jobs_service(settings)

    assert [one.verdict for one in (absent, deaf, there)] == [Verdict.WRONG, Verdict.WRONG, Verdict.OK]
    assert "no such file" in absent.found
    assert "refused" in deaf.found
    assert "ccds-jobs" in deaf.do


@pytest.mark.parametrize(("helper", "engine"), [(False, "local"), (True, "slurm")])
def test_elsewhere_there_is_nothing_to_say(tmp_path: Path, helper: bool, engine: str) -> None:
    """Where all is one Unix user, and on a cluster."""
    assert examine_jobs_service(site(tmp_path, helper=helper, engine=engine)) is None
