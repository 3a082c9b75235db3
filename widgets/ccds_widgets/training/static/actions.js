// Everything that can be asked for, and when the kernel is asked how things stand.

const FOLLOW_MS = 1000; // the chosen run's curve, while it is alive: read from a file
const LOOK_MS = 5000; // all runs: a question to the scheduler, which every open launcher asks
const NO_ANSWER_MS = 20000; // then it is asked again: a connection that was lost brings no answer back

function actions(state, channel, draw, say) {
  let timer = null;
  let patience = NO_ANSWER_MS;
  let ended = false;
  let away = false;
  let looking = 0;
  let due = 0; // when all runs are looked at again

  /** Asks what the chosen run has told since, or how all runs stand where that is due. Nothing is asked while nobody looks. */
  async function look() {
    clearTimeout(timer);
    if (ended || away || document.hidden) return;
    looking += 1;
    const mine = looking;
    const kind = chosenRun(state)?.live && performance.now() < due ? "follow" : "look";
    timer = setTimeout(look, patience);
    patience = Math.min(2 * patience, 300000);
    try {
      const answer = await channel.ask({ kind, ...has(state) });
      if (mine !== looking || ended) return;
      take(answer);
    } catch (error) {
      if (mine !== looking) return;
      if (kind === "look" && !error.lost) return stall(error);
      due = 0; // the run may be gone, or the answer was lost with the connection: a look says how things stand
      look();
    }
  }

  /** Takes an answer in, draws it, and asks again in a while. */
  function take(answer) {
    const before = new Map(state.runs.map((run) => [run.id, run.state]));
    absorb(state, answer);
    if (state.error?.at === "run" && state.error.run !== state.chosen) state.error = null;
    for (const run of state.runs) {
      const was = before.get(run.id);
      if (was && was !== run.state && run.id === state.chosen) say(`Run ${run.id} is ${run.state}. ${run.reason}`);
    }
    draw();
    clearTimeout(timer);
    patience = NO_ANSWER_MS;
    const now = performance.now();
    if (answer.runs) due = now + LOOK_MS;
    timer = setTimeout(look, Math.max(0, chosenRun(state)?.live ? Math.min(FOLLOW_MS, due - now) : due - now));
  }

  function stall(error) {
    clearTimeout(timer);
    state.stalled = error.message;
    draw();
  }

  /** Asks for something; what comes back is taken in, a refusal is shown where it was asked. */
  async function change(what, at, request) {
    state.busy = what;
    state.error = null;
    looking += 1; // an answer that is on its way is older than this
    draw();
    try {
      const answer = await channel.ask(request);
      state.busy = null;
      take(answer);
      return true;
    } catch (error) {
      state.busy = null;
      state.error = { at, line: error.message, run: state.chosen };
      draw();
      due = 0;
      look();
      return false;
    }
  }

  const act = {
    async open() {
      try {
        take(await channel.ask({ kind: "ready" }, 0));
      } catch (error) {
        if (error.lost) act.open();
        else stall(error);
      }
    },
    again() {
      state.stalled = null;
      if (state.project === null) act.open();
      else look();
    },
    awake: look,
    away(isAway) {
      if (away === isAway) return;
      away = isAway;
      if (state.project !== null && !state.stalled) look();
    },
    close() {
      ended = true;
      clearTimeout(timer);
    },
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
  return act;
}
