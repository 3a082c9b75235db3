// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

const LOOK_MS = 1000;

/** How a run ended, to be read aloud. */
function endOf({ done, total, cause }) {
  if (!cause) return "The volumes are made.";
  return `${cause === "stopped" ? "Stopped" : `Ended: ${cause}`}, ${done} of ${counted(total, "study")} done.`;
}

/** Whether a row is of the series that `passing` is about. */
function isOf(row, { study, series }) {
  return row.study === study && row.series === series;
}

function actions(state, channel, draw, say, lookAt) {
  let waiting = null;
  let sight = false;

  const ask = asker(state, channel, draw);

  function take({ run, waiting: left }) {
    const before = state.run;
    Object.assign(state, { run, waiting: left });
    return before && !before.ended && run?.ended ? "ended" : null;
  }

  const act = {
    async open() {
      sight = true;
      const answer = await ask({ kind: "ready" }, 0);
      if (!answer) return;
      const { may_write, run, waiting: left, ...list } = answer;
      Object.assign(state, { opened: true, may_write, list });
      take({ run, waiting: left });
      draw();
      act.follow();
    },
    /** As long as volumes are made, or something is converted, how far that is. */
    follow() {
      clearTimeout(waiting);
      if (sight && ((state.run && !state.run.ended) || state.passing?.converting)) waiting = setTimeout(act.look, LOOK_MS);
    },
    pause() {
      sight = false;
      clearTimeout(waiting);
    },
    resume() {
      sight = true;
      act.refresh();
    },
    async look() {
      const { passing } = state;
      if (passing?.converting) {
        const answer = await ask({ kind: "passing" }, undefined, true);
        if (answer && !answer.converting) {
          const at = state.list.rows.findIndex((row) => isOf(row, passing));
          const row = at < 0 ? null : (answer.passed?.row ?? state.list.rows[at]);
          Object.assign(passing, { converting: false, result: answer.passed, row, at });
          say(answer.passed?.error ?? answer.passed?.line ?? "");
          await act.list(state.list.begin, true);
        }
      }
      const before = state.run?.done;
      const answer = await ask({ kind: "progress" }, undefined, true);
      if (answer) {
        const ended = take(answer) === "ended";
        if (ended) say(endOf(state.run));
        if (ended || before !== state.run?.done) await act.list(state.list.begin, true);
        else draw();
      }
      act.follow();
    },
    async list(begin = state.list.begin, again = false) {
      const answer = await ask({ kind: "list", code: state.code, scanner: state.scanner, begin }, undefined, again);
      if (!answer) return;
      const { passing } = state;
      if (passing?.row && !answer.rows.some((row) => isOf(row, passing))) answer.rows.splice(passing.at, 0, passing.row); // its result is read there
      state.list = answer;
      state.at = Math.min(state.at, Math.max(0, answer.rows.length - 1));
      draw();
    },
    async refresh() {
      await act.list();
      await act.look();
    },
    async filter(code, scanner) {
      Object.assign(state, { code, scanner, at: 0, passing: state.passing?.converting ? state.passing : null });
      await act.list(0);
      say(`${grouped(state.list.total)} series.`);
    },
    async turn(begin) {
      Object.assign(state, { at: 0, passing: state.passing?.converting ? state.passing : null });
      await act.list(begin);
    },
    page(by) {
      const to = state.list.begin + by * state.list.page;
      if (to >= 0 && to < state.list.total) act.turn(to);
    },
    at(number) {
      if (state.at === number) return;
      state.at = number;
      draw();
    },
    step(by) {
      const { rows } = state.list;
      const to = Math.min(Math.max(state.at + by, 0), rows.length - 1);
      if (!rows.length) return;
      state.at = to;
      draw(true);
      const row = rows[to];
      say(row.code ? `${row.code}: ${row.line}` : "in quarantine no more");
    },
    beginPass(row) {
      if (!row?.if_passed || !state.may_write || state.busy || state.passing?.converting) return;
      state.at = state.list.rows.indexOf(row);
      state.passing = { study: row.study, series: row.series, note: "", error: null, converting: false, result: null, row: null, at: null };
      draw();
    },
    lookAt,
    cancel() {
      if (state.busy) return; // it is on its way
      state.passing = null;
      draw();
    },
    async pass() {
      const { passing } = state;
      if (!passing || state.busy) return;
      const { study, series, note } = passing;
      state.busy = true;
      draw();
      const answer = await ask({ kind: "pass", study, series, note }, 0, false, passing);
      state.busy = false;
      if (answer) state.passing = Object.assign(passing, { converting: true }); // a filter may have closed its form
      draw();
      act.follow();
    },
    async run(kind) {
      if (!state.may_write || state.busy) return;
      state.busy = true;
      const answer = await ask({ kind }, 0);
      state.busy = false;
      if (answer) take(answer);
      draw();
      act.follow();
    },
  };
  return act;
}
