"""One at a time runs; one that died holds up nobody."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccds_kernel.workflow.lease import SILENT_S, LeaseHeldError, LeaseLostError, held, is_held

HOLDS = """
import sys
from pathlib import Path
from ccds_kernel.workflow.lease import held
with held(Path(sys.argv[1]), "bob"):
    print("held", flush=True)
    sys.stdin.read()
"""


def _of_another_machine(folder: Path, *, silent_s: float) -> None:
    """Makes the lease that is there one of another machine, which was renewed so long ago."""
    path = folder / "lease.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"machine": "elsewhere", "token": "theirs"}))
    then = path.stat().st_mtime - silent_s
    os.utime(path, (then, then))


def test_it_is_held_once(tmp_path):
    """Who comes second is told whose it is; afterwards it is free."""
    with (
        held(tmp_path, "ann"),
        pytest.raises(LeaseHeldError, match="a run of ann on this machine"),
        held(tmp_path, "bob"),
    ):
        pass

    with held(tmp_path, "bob"):
        pass


def test_a_run_on_the_cluster_isn_t_said_to_be_on_this_machine(tmp_path):
    """Though its controller may be a process here, where this machine is the scheduler's, too."""
    with (
        held(tmp_path, "ann", "cluster"),
        pytest.raises(LeaseHeldError, match="a run of ann on the cluster"),
        held(tmp_path, "bob"),
    ):
        pass


def test_a_holder_of_this_machine_that_was_killed_is_seen_to_be_gone(tmp_path):
    """The next one goes on at once; while it lived it didn't."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        with pytest.raises(LeaseHeldError, match="bob"), held(tmp_path, "ann"):
            pass
        assert is_held(tmp_path)
        other.kill()
        other.wait()

    assert not is_held(tmp_path)
    with held(tmp_path, "ann") as lease:
        lease.renew()


@pytest.mark.parametrize(("silent_s", "free"), [(0, False), (SILENT_S - 20, False), (SILENT_S + 20, True)])
def test_a_holder_elsewhere_is_gone_when_it_was_silent_for_long(tmp_path, silent_s, free):
    """Nobody can look at its process."""
    with held(tmp_path, "bob"):
        _of_another_machine(tmp_path, silent_s=silent_s)

    if free:
        with held(tmp_path, "ann") as lease:
            lease.renew()
    else:
        with pytest.raises(LeaseHeldError, match="on another machine"), held(tmp_path, "ann"):
            pass


def test_who_lost_it_learns_so(tmp_path):
    """And leaves the other's alone."""
    with held(tmp_path, "ann") as lease:
        _of_another_machine(tmp_path, silent_s=0)
        with pytest.raises(LeaseLostError):
            lease.renew()

    assert json.loads((tmp_path / "lease.json").read_text())["token"] == "theirs"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"machine": 3}'])
def test_what_is_no_lease_is_nobody_s(tmp_path, text):
    """Leases appear whole: it is none that somebody holds. One of no known machine is, as long as it is new."""
    (tmp_path / "lease.json").write_text(text)

    if text.endswith("3}"):
        with pytest.raises(LeaseHeldError), held(tmp_path, "ann"):
            pass
    else:
        with held(tmp_path, "ann") as lease:
            lease.renew()


def test_nothing_is_left_of_it(tmp_path):
    """But the lock; also what a holder that was killed had begun to write is taken away."""
    (tmp_path / ".lease.json.abc").write_text("{")

    with held(tmp_path, "ann") as lease:
        lease.renew()

    assert [path.name for path in tmp_path.iterdir()] == ["lease.lock"]
