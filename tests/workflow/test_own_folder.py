"""The folder of a run's key is used only while it is the person's own, whoever may write the folder around it."""

import os
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow import cluster_worker
from ccds_kernel.workflow.meeting import Meeting
from ccds_kernel.workflow.own_folder import opened


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder that is this person's alone."""
    folder = tmp_path / "jobs-ann"
    folder.mkdir(mode=0o700)
    return folder


@pytest.mark.parametrize("mode", [0o750, 0o770, 0o701, 0o707])
def test_one_that_others_may_enter_is_refused(own: Path, mode: int) -> None:
    """Whoever can read the key, or write where a worker looks for its controller, has the worker do what they want."""
    own.chmod(mode)

    with pytest.raises(CcdsError, match=f"closed to others; found mode {mode:04o}"), opened(own):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_one_of_somebody_else_is_refused(own: Path) -> None:
    """Who made it before could read what is put into it."""
    os.chown(own, 1, -1)

    with pytest.raises(CcdsError, match="somebody else's"), opened(own):
        pass


def test_a_link_is_refused(own: Path, tmp_path: Path) -> None:
    """Also one to a folder of the person's own: somebody else chose where it leads."""
    link = tmp_path / "link"
    link.symlink_to(own)

    with pytest.raises(CcdsError, match="a link, or no folder"), opened(link):
        pass


def test_another_that_takes_its_name_meanwhile_is_not_used(own: Path) -> None:
    """What is written goes to the folder that was looked at."""
    with opened(own) as path:
        moved = own.rename(own.with_name("moved"))
        own.mkdir(mode=0o777)
        (path / "key.pem").write_text("secret")

    assert [file.name for file in moved.iterdir()] == ["key.pem"]
    assert list(own.iterdir()) == []


def test_a_worker_goes_to_no_meeting_that_somebody_else_could_have_written(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends, and says why in its log, before it speaks to anybody."""
    Meeting(address="tls://127.0.0.1:9", life="00000000", lifetime_s=60).write(own)
    own.chmod(0o770)

    status = cluster_worker.main([str(own), "00000000.0.0"])

    assert status == 1
    assert "closed to others" in capsys.readouterr().err
