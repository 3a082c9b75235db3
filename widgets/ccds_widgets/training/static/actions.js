// Everything that can be asked for, and when the kernel is asked how things stand.

const SOON_MS = 1000; // while a run is alive
const LATER_MS = 5000; // for runs that other notebooks launch
const NO_ANSWER_MS = 20000; // then it is asked again: a connection that was lost brings no answer back

function actions(state, channel, draw, say) {
  let timer = null;
  let patience = NO_ANSWER_MS;
  let ended = false;
  let looking = 0;

  async function look() {
    clearTimeout(timer);
    if (ended || document.hidden) return;
    looking += 1;
    const mine = looking;
    timer = setTimeout(look, patience);
    patience = Math.min(2 * patience, 300000);
    try {
      const answer = await channel.ask({ kind: "look", ...has(state) });
      if (mine !== looking || ended) return;
      take(answer);
    } catch (error) {
      if (mine === looking) stall(error);
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
    timer = setTimeout(look, state.runs.some((run) => run.live) ? SOON_MS : LATER_MS);
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
      look();
      return false;
    }
  }

  const act = {
    async open() {
      try {
        take(await channel.ask({ kind: "ready" }, 0));
      } catch (error) {
        stall(error);
      }
    },
    again() {
      state.stalled = null;
      if (state.project === null) act.open();
      else look();
    },
    awake: look,
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
