// Everything that can be asked for, and when the kernel is asked how things stand.

const LIVE_MS = 1000;
const REST_MS = 5000; // somebody else may begin a run
const NO_ANSWER_MS = 20000; // then it is asked again: a connection that was lost brings no answer back

function actions(state, channel, draw, say) {
  let timer = null;
  let ended = false;
  let away = false;
  let looking = 0;

  async function look() {
    clearTimeout(timer);
    if (ended || away || document.hidden || state.project === null) return;
    looking += 1;
    const mine = looking;
    timer = setTimeout(look, NO_ANSWER_MS);
    try {
      const answer = await channel.ask({ kind: "look" });
      if (mine === looking && !ended) take(answer);
    } catch (error) {
      if (mine !== looking) return;
      if (error.lost) look();
      else stall(error);
    }
  }

  function take(answer) {
    const before = new Map(state.runs.map((run) => [run.digest, run.state]));
    absorb(state, answer);
    for (const run of state.runs) {
      const was = before.get(run.digest);
      if (was && was !== run.state && run.digest === state.chosen) say(`${run.name}: ${SIGNS[run.state][2]}. ${run.why}`);
    }
    draw();
    clearTimeout(timer);
    timer = setTimeout(look, state.runs.some((run) => run.live) ? LIVE_MS : REST_MS);
  }

  function stall(error) {
    clearTimeout(timer);
    state.stalled = error.message;
    draw();
  }

  async function change(what, at, request) {
    state.busy = what;
    state.error = null;
    looking += 1; // an answer that is on its way is older than this
    draw();
    try {
      const answer = await channel.ask(request);
      state.busy = null;
      take(answer);
    } catch (error) {
      state.busy = null;
      state.error = { at, line: error.message };
      draw();
      look();
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
      draw();
      act.open();
    },
    awake: look,
    away(isAway) {
      if (away === isAway) return;
      away = isAway;
      if (!state.stalled) look();
    },
    close() {
      ended = true;
      clearTimeout(timer);
    },
    recipe(file) {
      state.recipe = file;
      draw();
    },
    where(where) {
      state.where = where;
      draw();
    },
    toggle(reason, open) {
      if (open) state.open.add(reason);
      else state.open.delete(reason);
    },
    begin: () => change("begin", "form", { kind: "begin", file: state.recipe, where: state.where }),
    choose: (run) => change("choose", "run", { kind: "choose", run }),
    stop: (run) => change("stop", "run", { kind: "stop", run }),
    goOn: (run, again) => change("go_on", "run", { kind: "go_on", run: run.digest, where: run.engine === "cluster" ? "cluster" : "local", again }),
  };
  return act;
}
