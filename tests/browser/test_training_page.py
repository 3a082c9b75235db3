"""The rules of the training launcher's page, its own script in a browser without a kernel: what it asks, joins and says."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.training.metrics import Metric, curve
from ccds_widgets.base import SHARED
from ccds_widgets.training import view
from ccds_widgets.training.curve import shown

pytestmark = pytest.mark.browser

LIVE = (SHARED / "live.js").read_text(encoding="utf-8")
STATE, ACTIONS = (
    (Path(view.__file__).parent / "static" / f"{name}.js").read_text(encoding="utf-8") for name in ("state", "actions")
)


@pytest.fixture
def asking(browser):
    """A page that asks a kernel made up here, on a clock of its own; `asked` are the kinds of what it asked for."""
    page = browser.new_page()
    page.clock.install()
    page.evaluate(
        f"""() => {{ {LIVE}; {STATE}; {ACTIONS};
        const run = {{ id: "one", state: "running", live: true }};
        const look = {{ project: "HEAD-1", runs: [run], chosen: run.id, curve: null }};
        window.asked = [];
        const ask = async ({{ kind }}) => {{
          asked.push(kind);
          if (errors.length) throw errors.pop();
          return kind === "follow" ? {{ curve: null }} : look;
        }};
        Object.assign(window, {{ run, errors: [], state: newState() }});
        window.act = actions(state, {{ ask }}, () => {{}}, () => {{}});
        act.open(); }}"""
    )
    yield page
    page.close()


def asked_in(page, seconds: int) -> list[str]:
    """What such a page asks for in the next seconds."""
    page.evaluate("asked.length = 0")
    for _ in range(10 * seconds):
        page.clock.run_for(100)
    return page.evaluate("asked")


def test_the_scheduler_is_asked_seldom_and_not_at_all_while_nobody_looks(asking):
    """Every five seconds, a live run's curve each second; out of sight nothing; seen again, at once."""
    live = asked_in(asking, 20)
    asking.evaluate("act.away(true)")
    unseen = asked_in(asking, 20)
    asking.evaluate("asked.length = 0; act.away(false)")
    again = asking.evaluate("asked")
    asking.evaluate("run.live = false")
    ended = asked_in(asking, 20)

    assert (live.count("look"), live.count("follow")) == (4, 16)
    assert (unseen, again) == ([], ["look"])
    assert ended == ["look"] * 4


def test_an_answer_that_was_lost_is_asked_for_again(asking):
    """A connection that broke and came back stops nothing; a refusal does, and is shown."""
    asking.evaluate("run.live = false; errors.push(Object.assign(new Error('lost'), { lost: true }))")
    lost = asked_in(asking, 4)
    stalled = asking.evaluate("state.stalled")
    asking.evaluate("errors.push(new Error('Refused.'))")
    refused = asked_in(asking, 20)

    assert (lost, stalled) == (["look", "look"], None)
    assert (refused, asking.evaluate("state.stalled")) == (["look"], "Refused.")


def test_a_page_joins_what_it_is_told_as_the_kernel_does(browser):
    """The same curve, wherever the lines were cut in two, also of runs that were resumed more than once."""
    draw = random.Random(7)  # noqa: S311 - made-up runs
    page = browser.new_page()
    for _ in range(50):
        told = list(resumed(draw))
        cut = draw.randrange(len(told) + 1)
        parts = [[shown(metric) for metric in curve(told[:cut])], [shown(metric) for metric in told[cut:]]]

        joined = page.evaluate(f"([before, later]) => {{ {STATE}; return joined(before, later); }}", parts)

        assert joined == [shown(metric) for metric in curve(told)]
    page.close()


def resumed(draw: random.Random) -> Iterator[Metric]:
    """What a run told that was killed here and there, with three steps an epoch."""
    for _ in range(draw.randint(1, 4)):
        first = 1 + 3 * draw.randrange(3)
        for step in range(first, first + draw.randint(1, 9)):
            for closes in (False, True)[: 1 + (step % 3 == 0)]:
                yield Metric(
                    step=step, epoch=1 + (step - 1) // 3, loss=draw.random(), lr=0.5, seconds=1.5, closes_epoch=closes,
                    validation={"auc": 0.5} if closes else {},
                )  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (1.44, "1.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (75, "1 min 15 s"),
        (3599.7, "1 h"),
        (4000, "1 h 7 min"),
        (7190, "2 h"),
        (10795, "3 h"),
    ],
)
def test_durations_are_told_in_words(browser, seconds, words):
    """With tenths below ten seconds only: it is an estimate."""
    page = browser.new_page()

    told = page.evaluate(f"(seconds) => {{ {STATE}; return duration(seconds); }}", seconds)

    page.close()
    assert told == words
