"""A scheduler's programs are asked safely: absent, hanging or loud ones are no answer."""

import subprocess
from pathlib import Path

import psutil
import pytest

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.scheduler import SchedulerUnavailableError


def program(folder: Path, name: str, text: str) -> None:
    """An executable shell script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_what_it_says_and_reads(tmp_path: Path) -> None:
    """Exit status, both outputs, and standard input as it stands; bytes that are no UTF-8 do no harm."""
    program(tmp_path, "say", 'cat; printf "\\377" >&2; exit 3')

    answer = DirectCommands(tmp_path).run(["say"], stdin="é\n")

    assert (answer.code, answer.out, answer.err) == (3, "é\n", "�")


def test_its_environment_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It speaks C, knows what the site says, and no token of this process's."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    program(tmp_path, "say", "env")

    answer = DirectCommands(tmp_path, {"SLURM_CONF": "/x"}).run(["say"])

    assert "SLURM_CONF=/x\n" in answer.out
    assert "LC_ALL=C\n" in answer.out
    assert "secret" not in answer.out


def test_none_is_named(tmp_path: Path) -> None:
    """A program that isn't there is no answer, and is named."""
    with pytest.raises(SchedulerUnavailableError, match="squeue"):
        DirectCommands(tmp_path).run(["squeue"])


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """It and its children are killed, also those that hold its output open."""
    program(tmp_path, "hang", f"echo $$ > {tmp_path}/pid; sleep 600 & wait")

    with pytest.raises(SchedulerUnavailableError, match="within"):
        DirectCommands(tmp_path, timeout_s=0.5).run(["hang"])

    group = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(group)


@pytest.mark.parametrize("stream", ["1", "2"])
def test_one_that_never_stops_talking_is_ended_at_once(tmp_path: Path, stream: str) -> None:
    """Long before its time is over, so that it fills no disk; what it said is no answer."""
    program(tmp_path, "talk", f"exec >&{stream}; while echo talk; do :; done")

    with pytest.raises(SchedulerUnavailableError, match="more than it can mean"):
        DirectCommands(tmp_path, timeout_s=30, most_bytes=2**20).run(["talk"])


def test_as_much_as_it_may_say_is_an_answer(tmp_path: Path) -> None:
    """To the last byte."""
    program(tmp_path, "talk", "head -c 1000 /dev/zero")

    assert len(DirectCommands(tmp_path, most_bytes=1000).run(["talk"]).out) == 1000


def test_its_limits_are_this_process_s(tmp_path: Path) -> None:
    """Slurm hands those of sbatch on to the job."""
    program(tmp_path, "limits", "ulimit -a")
    here = subprocess.run(["/bin/sh", "-c", "ulimit -a"], capture_output=True, text=True, check=True).stdout

    assert DirectCommands(tmp_path).run(["limits"]).out == here


def test_one_that_leaves_something_behind_is_an_answer(tmp_path: Path) -> None:
    """What it started and left in the background isn't waited for."""
    program(tmp_path, "leave", f"sleep 600 & echo $! > {tmp_path}/pid; echo done")

    try:
        assert DirectCommands(tmp_path, timeout_s=5).run(["leave"]).out == "done\n"
    finally:
        psutil.Process(int((tmp_path / "pid").read_text())).kill()
