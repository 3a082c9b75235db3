"""The queue of keys that the kernel hasn't acknowledged, in a real browser, with a kernel that answers when a test says so."""

from pathlib import Path
from uuid import UUID

import pytest

from ccds_widgets.base import SHARED, assets
from ccds_widgets.labeling.confirm import app
from support.browser import page_of_scripts

pytestmark = pytest.mark.browser

OWN = Path(app.__file__).parents[1] / "static" / "confirm"
SCRIPTS = assets(SHARED / "base.js", OWN / "queue.js", OWN / "state.js")
HARNESS = """
const calls = [];
const send = (keys) => new Promise((resolve, reject) => calls.push({ keys: keys.map(({ id }) => id), resolve, reject }));
const received = [];
const closing = new AbortController();
const settle = () => new Promise((done) => setTimeout(done));
const acknowledge = async (call, ids = call.keys) => (call.resolve({ acknowledged: ids.map((id) => ({ id })) }), settle());
const queue = openQueue("keys", closing.signal);
queue.serve({ send, received: (answer) => received.push(answer), changed: () => {} });
const key = (id, kind = "confirm", lease = 1) => ({ id, kind, lease });
"""


@pytest.fixture
def page(browser):
    """A page on an origin of its own, with the queue on it."""
    with page_of_scripts(browser, SCRIPTS + HARNESS) as opened:
        yield opened


def test_keys_go_one_call_at_a_time_in_their_order(page):
    """What is typed while a call is on its way goes with the next one; what is acknowledged is forgotten."""
    sent = page.evaluate("""async () => {
      queue.add(key("a"));
      queue.add(key("b"));
      queue.add(key("c"));
      await acknowledge(calls[0]);
      await acknowledge(calls[1], ["b"]);
      await acknowledge(calls[2]);
      return { sent: calls.map(({ keys }) => keys), left: queue.standing.unsaved, kept: sessionStorage.getItem("keys") };
    }""")

    assert sent == {"sent": [["a"], ["b", "c"], ["c"]], "left": 0, "kept": None}


def test_what_fails_is_kept_and_sent_again(page):
    """With the reason, until it is acknowledged; the same key has the same id."""
    page.evaluate("queue.add(key('a')); calls[0].reject(new Error('gone'))")
    page.wait_for_function("queue.standing.failed === 1")
    told = page.evaluate(
        "({ ...queue.standing, kept: JSON.parse(sessionStorage.getItem('keys')).map(({ id }) => id) })"
    )

    page.wait_for_function("calls.length === 2")
    page.evaluate("acknowledge(calls[1])")
    page.wait_for_function("queue.standing.unsaved === 0")

    assert told == {"unsaved": 1, "failed": 1, "problem": "gone", "kept": ["a"]}
    assert page.evaluate("calls[1].keys") == ["a"]
    assert page.evaluate("queue.standing.failed") == 0


def test_a_page_that_is_loaded_anew_sends_what_was_left(page):
    """Keys outlive the page in its tab."""
    page.evaluate("queue.add(key('a')); queue.add(key('b'))")
    page.reload()
    page.add_script_tag(content=SCRIPTS + HARNESS)

    page.evaluate("queue.sync()")

    assert page.evaluate("calls[0].keys") == ["a", "b"]


def test_who_closes_the_tab_is_asked_while_something_is_not_saved(page):
    """By the browser, or by the page before; and not any more once it is saved, or the app is closed."""
    asked = page.evaluate("""async () => {
      const asks = (target, name) => !target.dispatchEvent(new Event(name, { cancelable: true }));
      const leave = () => [asks(window, "beforeunload"), asks(document, "ccds-leave")];
      const before = leave();
      queue.add(key("a"));
      const meanwhile = leave();
      await acknowledge(calls[0]);
      const saved = leave();
      queue.add(key("b"));
      closing.abort();
      return [before, meanwhile, saved, leave()];
    }""")

    assert asked == [[False, False], [True, True], [False, False], [False, False]]


def test_an_answer_without_progress_is_no_endless_loop(page):
    """A kernel that acknowledges nothing is asked again when there is something new, not at once."""
    calls = page.evaluate("""async () => {
      queue.add(key("a"));
      await acknowledge(calls[0], []);
      await settle();
      return calls.length;
    }""")

    assert calls == 1


def test_what_wants_an_answer_follows_from_the_kernel_and_the_keys_on_their_way(page):
    """What was answered since is out, what was undone since is in, tags change nothing; in the order of the batch."""
    seen = page.evaluate("""() => {
      const places = [[1, 5], [2, 6], [3, 7], [9, 1]];
      const state = { held: [1, 2, 3], studies: new Map(places.map(([lease, number]) => [lease, { number }])) };
      const keys = [key("a", "confirm", 1), key("b", "tag", 2), key("c", "undo", 9), key("d", "skip", 3), key("e", "undo", 3)];
      return { standing: standing(state, keys), next: following(state, keys, 6), around: following(state, keys, 7) };
    }""")

    assert seen == {"standing": [9, 2, 3], "next": 3, "around": 9}


def test_ids_are_uuids_of_chance(page):
    """As the kernel takes them, on a page that isn't secure, too."""
    ids = page.evaluate("Array.from({ length: 100 }, uuid)")

    assert len(set(ids)) == 100
    assert page.evaluate("isSecureContext") is False
    for one in ids:
        assert str(UUID(one)) == one
        assert one[14] == "4"
