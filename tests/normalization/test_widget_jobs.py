"""Work beside the page: in its order, stoppable, one after the other."""

import subprocess
import sys
from threading import Event, Semaphore

import pytest

from ccds_widgets.normalization.jobs import Job
from support.waiting import until


def test_tasks_are_done_in_their_order_and_told_of():
    """What each made, and at the end that nothing is left."""
    job = Job([lambda tell: (tell("one"), 1)[1], lambda tell: (tell("two"), 2)[1]])

    assert job.wait(20)

    assert (job.made, job.failed, job.done) == ([1, 2], None, True)
    assert (job.progress.task, job.progress.tasks, job.progress.doing) == (2, 2, "two")


def test_a_stopped_job_ends_at_its_next_part():
    """What it had made before stays; nothing is made after."""
    reached, go_on = Event(), Event()

    def task(tell):
        tell("first part")
        reached.set()
        go_on.wait(20)
        tell("second part")
        return "never"

    job = Job([lambda _: "made", task, lambda _: "never"])
    reached.wait(20)

    job.stop()
    go_on.set()
    assert job.wait(20)

    assert (job.made, job.failed) == (["made"], None)


def test_a_job_waits_for_the_one_before():
    """Two volumes are never made at a time."""
    go_on, order = Event(), []

    def first(_):
        go_on.wait(20)
        order.append("first")

    before = Job([first])
    after = Job([lambda _: order.append("second")], before, patience_s=20)
    assert not after.done
    go_on.set()
    assert after.wait(20)

    assert order == ["first", "second"]


def test_a_stopped_job_that_doesn_t_end_holds_nobody_up():
    """In the middle of a part that takes long it can't be ended: the next one begins all the same."""
    go_on = Event()
    before = Job([lambda _: go_on.wait(20)])
    before.stop()

    after = Job([lambda _: "made"], before, patience_s=0)

    assert after.wait(20)
    assert (after.made, before.done) == (["made"], False)
    go_on.set()


def test_a_defect_ends_the_job_and_is_kept():
    """For whoever asks for the outcome."""

    def broken(_):
        raise ZeroDivisionError

    job = Job([broken, lambda _: "never"])
    assert job.wait(20)

    assert isinstance(job.failed, ZeroDivisionError)
    assert job.made == []
    with pytest.raises(ZeroDivisionError):
        raise job.failed


def test_a_job_waits_for_room():
    """Whoever is stopped in the middle of a long part still takes memory: no more begin than there is room for."""
    room, go_on, order = Semaphore(1), Event(), []

    def long(tell):
        tell("long part")
        go_on.wait(20)
        order.append("first")

    first = Job([long], room=room)
    until(lambda: first.progress.doing, "the first job to begin")
    first.stop()
    stopped = Job([lambda _: order.append("stopped")], first, patience_s=0, room=room)
    stopped.stop()
    last = Job([lambda _: order.append("last")], stopped, patience_s=0, room=room)

    assert stopped.wait(20)
    assert not last.done
    go_on.set()
    assert last.wait(20)

    assert order == ["first", "last"]


def test_a_process_may_end_in_the_middle_of_n4():
    """N4 asks Python at each iteration: it is ended before Python is."""
    script = """
import time
import numpy as np
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.jobs import Job

volume = Volume.of(np.random.default_rng(0).normal(100, 10, (48, 48, 48)), np.eye(4))
recipe = Recipe("bias", (make_step("n4", {"mask": "none", "spacing_mm": 1}),))
asked = []
job = Job([lambda tell: apply(recipe, volume, watch=lambda _: (tell("n4"), asked.append(1)))])
while len(asked) < 3:
    time.sleep(0.01)
print("iterating" if not job.done else "over", flush=True)
"""

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "iterating\n", "")
