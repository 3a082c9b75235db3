"""Telling processes apart: by /proc, and by ps where there is no /proc."""

import os
import signal
import subprocess

from ccds_kernel.batch import wrapper
from ccds_kernel.batch.exits import Claim
from ccds_kernel.batch.local.process import is_alive, tell
from support.components import need_program


def test_proc_and_ps_see_the_same_process() -> None:
    """Parent and existence agree; each way's start time is the same whenever it is asked for."""
    need_program("ps", "apt-get install procps")
    me = os.getpid()

    by_proc, by_ps, again = wrapper.processes(), wrapper._processes_by_ps(), wrapper._processes_by_ps()

    assert by_proc[me][0] == by_ps[me][0] == os.getppid()
    assert by_ps[me] == again[me]
    assert by_proc[me][1] == wrapper.started_of(me)


def test_a_zombie_is_gone() -> None:
    """A process that ended but was not waited for does not count as alive."""
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    started = wrapper.started_of(child.pid)
    listed = child.pid in wrapper.processes()
    child.wait()

    assert started is None
    assert not listed


def test_a_signal_reaches_only_the_process_that_was_meant() -> None:
    """Another start time, an earlier boot or a pid that is gone: nothing is sent, nothing is raised."""
    child = subprocess.Popen(["sleep", "600"])
    started, boot = wrapper.started_of(child.pid), wrapper.boot_id()

    for other in (Claim(child.pid, "1", boot), Claim(child.pid, started, "earlier"), Claim(child.pid, None, boot)):
        tell(other, signal.SIGKILL)
    spared = is_alive(Claim(child.pid, started, boot))
    tell(Claim(child.pid, started, boot), signal.SIGTERM)
    code = child.wait(timeout=30)
    tell(Claim(child.pid, started, boot), signal.SIGTERM)

    assert spared
    assert code == -signal.SIGTERM


def test_descendants_are_found_through_sessions() -> None:
    """Grandchildren in a session of their own are found, the root is not."""
    root = subprocess.Popen(["sh", "-c", "setsid sh -c 'sleep 600 & echo up; wait' & wait"], stdout=subprocess.PIPE)
    assert root.stdout
    root.stdout.readline()

    found = wrapper.descendants(root.pid)
    for pid in [root.pid, *found]:
        os.kill(pid, signal.SIGKILL)
    root.communicate()

    assert root.pid not in found
    assert len(found) >= 1
