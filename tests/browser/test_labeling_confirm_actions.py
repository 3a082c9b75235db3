"""What the confirming screen does with keys, in a real browser, with a kernel whose line a test takes down."""

from pathlib import Path

import pytest

from ccds_widgets.base import SHARED, assets
from ccds_widgets.labeling.confirm import app
from support.browser import page_of_scripts

pytestmark = pytest.mark.browser

OWN = Path(app.__file__).parents[1] / "static" / "confirm"
PARTS = ("queue", "state", "study", "progress", "curating", "actions")
SCRIPTS = assets(SHARED / "base.js", *(OWN / f"{name}.js" for name in PARTS))
HARNESS = """
const line = { isDown: false };
const gone = new Set();
const kept = []; // keys that the kernel has, in their order
const taken = []; // the batches of which studies were taken
const made = []; // the names of the batches that a fellow made
const labels = [{ name: "effusion", tone: 0 }, { name: "old", tone: 1 }]; // the task's, as the kernel has them
const golden = []; // what was said of the gold set, in its order
const batches = () => [1, 2].filter((id) => !gone.has(id)).map((id) => ({ id, name: `batch ${id}`, studies: 2, open: 2 }));
const study = (lease, number) => ({
  lease, number, nth: number, of: 2, key: `study-${lease}`, phrase: "p", grouped: true,
  prefill: ["effusion"], tags: [], sections: [],
});

function take(batch) {
  taken.push(batch);
  const held = [batch * 10 + 1, batch * 10 + 2].filter((lease) => !kept.some((key) => key.lease === lease));
  return { held, open: held.length, studies: held.map((lease, at) => study(lease, at + 1)) };
}

function became({ id, batch, labels: said = [] }) {
  const unknown = said.find((word) => !labels.some(({ name }) => name === word));
  if (unknown) return { id, counts: false, kept: false, refusal: `No label any more: ${unknown}.` };
  return { id, counts: !gone.has(batch), kept: true, refusal: gone.has(batch) ? `Not yours any more: ${batch}.` : null };
}

const answers = {
  ready: () => ({ person: "lou", curates: false, sees_images: false, batches: batches() }),
  batch: ({ batch }) => ({ name: `batch ${batch}`, size: 2, done: 0, today: 0, history: [], ...take(batch) }),
  give_back: () => ({}),
  make({ name }) {
    if (line.isDown) throw new Error("No line.");
    made.push(name);
    return { batches: batches(), all_batches: [], made_of: {} };
  },
  gold({ labels, seen }) {
    if (JSON.stringify(golden.at(-1) ?? null) !== JSON.stringify(seen)) return { refused: "Another one.", stands: golden.at(-1) };
    golden.push(labels);
    return {};
  },
  sync({ batch, keys }) {
    if (line.isDown) throw new Error("No line.");
    const acknowledged = keys.map(became);
    kept.push(...keys.filter((_, at) => acknowledged[at].kept));
    return { acknowledged, labels: labels.map(({ name }) => name), ...(batch === null ? {} : take(batch)) };
  },
};

const lasting = new Map();
const closing = new AbortController();
async function open(task) {
  const leaving = new AbortController();
  const state = newState();
  const shown = { id: task, kind: "one", labels: [...labels], strata: [] };
  const context = {
    channel: { ask: async (request) => structuredClone(answers[request.kind](request)) },
    project: "P-1",
    task: () => shown,
    refresh: async () => (shown.labels = [...labels]),
    said: () => {},
    signal: leaving.signal,
    lasting: (name, make) => (lasting.has(name) ? lasting : lasting.set(name, make(closing.signal))).get(name),
  };
  const act = actions(state, context, () => {});
  await act.start();
  return { state, act, shown, leave: () => (leaving.abort(), act.close()) };
}

function shown({ state, act }) {
  return drawTop(state, act.saving(), act).find((one) => one?.classList.contains("ccds-saving"))?.textContent ?? null;
}
"""
KEPT = "kept.map(({ batch, lease, kind }) => [batch, lease, kind])"


@pytest.fixture
def page(browser):
    """A page on an origin of its own, with a labeler's two batches."""
    with page_of_scripts(browser, SCRIPTS + HARNESS) as opened:
        yield opened


def test_what_was_said_in_a_batch_that_is_left_is_saved_when_the_line_is_back(page):
    """Until then the next batch says how much isn't, of both; afterwards everything is with the kernel, in its order."""
    page.evaluate("""async () => {
      window.screen1 = await open(1);
      line.isDown = true;
      screen1.act.confirm();
      await screen1.act.openBatch(2);
      screen1.act.confirm();
    }""")
    page.wait_for_function("screen1.act.saving().failed > 0")

    meanwhile = page.evaluate("shown(screen1)")
    page.evaluate("taken.length = 0; line.isDown = false")
    page.wait_for_function("shown(screen1) === 'Saved'")

    assert meanwhile == "2 not saved yet, trying again"
    assert page.evaluate(KEPT) == [[1, 11, "confirm"], [2, 21, "confirm"]]
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.endsWith('-keys'))") == []
    assert page.evaluate("taken.every((batch) => batch === 2)")
    assert page.evaluate("[screen1.state.batch, screen1.state.held, screen1.state.current]") == [2, [22], 22]


def test_what_was_said_in_a_task_that_is_left_is_saved(page):
    """By the screen that was left, which takes no more studies, until another one is there; that says how much is unsaved."""
    page.evaluate("""async () => {
      window.screen1 = await open(1);
      line.isDown = true;
      screen1.act.confirm();
      screen1.leave();
    }""")
    page.wait_for_function("lasting.get('keys').standing.failed > 0")

    page.evaluate("async () => { window.screen2 = await open(2); }")
    page.wait_for_function("screen2.act.saving().failed > 1")
    meanwhile = page.evaluate("shown(screen2)")
    page.evaluate("line.isDown = false")
    page.wait_for_function("shown(screen2) === 'Saved'")

    assert meanwhile == "1 not saved yet, trying again"
    assert page.evaluate(KEPT) == [[1, 11, "confirm"]]


def test_a_screen_that_was_left_saves_by_itself(page):
    """Nobody has to come back to it."""
    page.evaluate("""async () => {
      window.screen1 = await open(1);
      line.isDown = true;
      screen1.act.confirm();
      screen1.leave();
      line.isDown = false;
    }""")

    page.wait_for_function("lasting.get('keys').standing.unsaved === 0")

    assert page.evaluate(KEPT) == [[1, 11, "confirm"]]


def test_what_was_said_in_a_batch_that_is_withdrawn_meanwhile_is_told_after_a_reload(page):
    """The keys are sent whichever batch is open then, and the line says what became of them."""
    page.evaluate("""async () => {
      const { act } = await open(1);
      line.isDown = true;
      act.confirm();
    }""")
    page.reload()
    page.add_script_tag(content=SCRIPTS + HARNESS)

    page.evaluate("async () => { gone.add(1); window.screen1 = await open(1); }")
    page.wait_for_function("shown(screen1) === 'Saved'")

    assert page.evaluate(KEPT) == [[1, 11, "confirm"]]
    assert page.evaluate("[screen1.state.batch, screen1.state.error]") == [2, "Not yours any more: 1."]


def test_somebody_without_a_batch_sees_that_something_is_not_saved(page):
    """Their last one was withdrawn, and the line is down."""
    page.evaluate("async () => { const { act } = await open(1); line.isDown = true; act.confirm(); }")
    page.reload()
    page.add_script_tag(content=SCRIPTS + HARNESS)

    page.evaluate("async () => { gone.add(1).add(2); line.isDown = true; window.screen1 = await open(1); }")
    page.wait_for_function("screen1.act.saving().failed > 0")

    assert page.evaluate("[screen1.state.batch, shown(screen1)]") == [None, "1 not saved yet, trying again"]


def test_a_batch_is_made_once_however_often_the_button_is_pressed_meanwhile(page):
    """Until the kernel has answered, whatever it did; afterwards another one can be made."""
    told = page.evaluate("""async () => {
      const { act } = await open(1);
      const twice = await Promise.all([act.make({ name: "a" }), act.make({ name: "a" })]);
      line.isDown = true;
      const refused = await act.make({ name: "b" });
      line.isDown = false;
      return [...twice, refused, await act.make({ name: "b" })];
    }""")

    assert told == [True, False, False, True]
    assert page.evaluate("made") == ["a", "b"]


def test_a_key_of_the_gold_set_that_is_pressed_twice_takes_back_what_it_did(page):
    """Also before the kernel has answered the first time."""
    told = page.evaluate("""async () => {
      const { act, state } = await open(1);
      await Promise.all([act.gold(), act.gold()]);
      const twice = [[...golden], [...state.gold.keys()], state.error];
      await Promise.all([act.goldAs(0), act.goldAs(0), act.gold(), act.gold()]);
      return [...twice, golden.length, state.gold.get("study-11"), state.error];
    }""")

    assert told == [[["effusion"], None], [], None, 6, ["effusion"], None]


def test_a_key_of_a_label_that_is_gone_is_refused_and_the_page_learns_the_labels(page):
    """One line; nothing is kept, the study comes again, and the keys are those of the labels that there are."""
    page.evaluate("""async () => {
      window.screen1 = await open(1);
      labels.pop();
      screen1.act.choose(1);
    }""")

    page.wait_for_function(
        "screen1.state.error && screen1.act.saving().unsaved === 0 && screen1.shown.labels.length === 1"
    )

    assert page.evaluate("screen1.state.error") == "No label any more: old."
    assert page.evaluate(KEPT) == []
    assert page.evaluate("[screen1.state.open, screen1.state.done, screen1.state.held]") == [2, 0, [11, 12]]
    page.evaluate("screen1.act.choose(1)")
    assert page.evaluate("screen1.act.saving().unsaved") == 0
