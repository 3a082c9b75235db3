"""Work beside a page's requests: one at a time, and no thread that outlives its process."""

import logging
import subprocess
import sys
from threading import Event

import pytest

from ccds_widgets.beside import Beside, Errand
from support.waiting import until


def test_the_next_work_begins_when_the_one_before_was_collected():
    """What came of it is told once."""
    let = Event()
    beside = Beside()

    begun = beside.begin(lambda: let.wait() and "first")
    meanwhile = beside.collect(), beside.begin(lambda: "second"), beside.busy
    let.set()
    first = until(beside.collect, "the work")

    assert (begun, meanwhile, first) == (True, (None, False, True), "first")
    assert (beside.collect(), beside.busy) == (None, False)
    assert beside.begin(lambda: "second")
    assert until(beside.collect, "the work") == "second"


def test_what_a_work_raised_is_raised_where_it_is_collected():
    """And the next can begin."""
    beside = Beside()
    beside.begin(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        until(beside.collect, "the work")

    assert not beside.busy


def test_an_errand_that_fails_is_logged_without_its_words(caplog):
    """Nobody waits for it; its words may quote a header. The next begins without anybody's collecting this one."""
    errand = Errand("ccds-headers")

    with caplog.at_level(logging.ERROR):
        errand.begin(lambda: {}["SMITH^JOHN"])
        until(lambda: not errand.busy, "the errand")

    assert caplog.messages == ["ccds-headers ended: KeyError"]
    assert errand.begin(lambda: None)


def test_a_process_ends_while_a_work_goes_on():
    """A kernel that is shut down waits for nobody's archive."""
    script = "from threading import Event\nfrom ccds_widgets.beside import Beside\nBeside().begin(Event().wait)"

    ended = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)

    assert ended.returncode == 0
