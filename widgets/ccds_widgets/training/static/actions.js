// Everything that can be asked for, and when the kernel is asked how things stand.

const FOLLOW_MS = 1000; // the chosen run's curve, while it is alive: read from a file
const LOOK_MS = 5000; // all runs: a question to the scheduler, which every open launcher asks
const MOST_PATIENCE_MS = 300000; // with a kernel that is busy: what isn't answered piles up there

function actions(state, channel, draw, say) {
  let due = 0; // when all runs are looked at again

  const live = following(state, channel, draw, {
    /** What the chosen run has told since, or how all runs stand where that is due. */
    question: () => ({ kind: chosenRun(state)?.live && performance.now() < due ? "follow" : "look", ...has(state) }),
    takeIn(answer) {
      const { chosen } = state;
      const before = new Map(state.runs.map((run) => [run.id, run.state]));
      absorb(state, answer);
      if (state.error?.at === "run" && state.chosen !== chosen) state.error = null;
      for (const run of state.runs) {
        const was = before.get(run.id);
        if (was && was !== run.state && run.id === state.chosen) say(`Run ${run.id} is ${run.state}. ${run.reason}`);
      }
    },
    pause(answer) {
      const now = performance.now();
      if (answer.runs) due = now + LOOK_MS;
      return Math.max(0, chosenRun(state)?.live ? Math.min(FOLLOW_MS, due - now) : due - now);
    },
    isAskedAgain(error, { kind }) {
      due = 0; // the run may be gone, or the answer was lost with the connection: a look says how things stand
      return error.lost || kind === "follow";
    },
    patience: MOST_PATIENCE_MS,
  });

  function change(what, at, request) {
    due = 0; // where it is refused, a look says how things stand
    return live.change(what, at, request);
  }

  return {
    ...live,
    keep(form) {
      state.form = form;
      channel.ask({ kind: "keep", form }).catch((error) => {
        state.error = { at: "form", line: error.message };
        draw();
      });
    },
    async launch(form) {
      if (state.busy === "launch") return;
      state.form = form;
      if (await change("launch", "form", { kind: "launch", form })) say(`Run ${state.chosen} is handed to the scheduler.`);
    },
    choose(run) {
      state.point = null;
      change("choose", "run", { kind: "choose", run });
    },
    cancel: (run) => change("cancel", "run", { kind: "cancel", run }),
    restart: (run) => change("restart", "run", { kind: "restart", run }),
    point(metric) {
      if (metric === state.point) return;
      state.point = metric;
      draw();
    },
    table(open) {
      if (open === state.table) return;
      state.table = open;
      draw();
    },
  };
}
