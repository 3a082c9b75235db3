"""What a training notes of the time in which it held its GPUs."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccds_kernel.training.attempt import Attempt, attempt_files, noted_attempt
from ccds_kernel.training.folder import RunFolder
from ccds_kernel.training.record import RunRecord
from ccds_kernel.training.spec import TrainingSpec
from support.waiting import until

RUN = "20261101-100000-0a1b2c"
FOREVER = """
import sys, threading
from pathlib import Path
from ccds_kernel.training.attempt import noted_attempt
from ccds_kernel.training.folder import RunFolder
with noted_attempt(RunFolder(Path(sys.argv[1])), 1, every_s=0.05):
    threading.Event().wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that asked for a GPU."""
    path = tmp_path / "runs" / RUN
    path.mkdir(parents=True)
    record = RunRecord(
        id=RUN,
        project="HEAD-1",
        person="sam",
        made=datetime(2026, 11, 1, 10, tzinfo=UTC),
        spec=TrainingSpec(datalist=Path("list.json")),
        bundle_sha256="",
        datalist_sha256="",
        versions={},
    )
    (path / "run.json").write_text(record.to_text())
    return RunFolder(path)


def attempts(folder: RunFolder) -> list[Attempt]:
    """What is noted of the run."""
    return [Attempt.model_validate_json(path.read_bytes()) for path in attempt_files(folder)]


def test_each_attempt_says_when_it_began_and_ended(folder: RunFolder) -> None:
    """Two of them, one after the other, with the GPUs that were asked for; also one that raises has an end."""
    before = datetime.now(UTC)
    with noted_attempt(folder, 1):
        between = datetime.now(UTC)
    with pytest.raises(RuntimeError), noted_attempt(folder, 2):
        raise RuntimeError

    first, second = attempts(folder)
    assert (first.start, first.gpus, second.start, second.gpus) == (1, 1, 2, 1)
    assert before <= first.began <= between <= first.seen <= second.began <= second.seen


def test_a_killed_one_was_alive_when_it_said_so_last(folder: RunFolder) -> None:
    """Kill -9 leaves a whole file whose last word came after its first."""
    with subprocess.Popen([sys.executable, "-c", FOREVER, folder.path]) as process:
        until(lambda: [one for one in attempts(folder) if one.seen > one.began], "a second word")
        os.kill(process.pid, signal.SIGKILL)

    (left,) = attempts(folder)
    assert left.began < left.seen < datetime.now(UTC)


def test_a_training_goes_on_where_it_cannot_be_noted(folder: RunFolder) -> None:
    """A file lies in the place of the folder."""
    folder.attempts.write_text("")
    done = []

    with noted_attempt(folder, 1):
        done.append(True)

    assert done == [True]
    assert attempt_files(folder) == []
