// Everything that can be asked for, and when the kernel is asked how things stand.

const LIVE_MS = 1000;
const REST_MS = 5000; // somebody else may begin a run

function actions(state, channel, draw, say) {
  const live = following(state, channel, draw, {
    question: () => ({ kind: "look" }),
    takeIn(answer) {
      const before = new Map(state.runs.map((run) => [run.digest, run.state]));
      absorb(state, answer);
      for (const run of state.runs) {
        const was = before.get(run.digest);
        if (was && was !== run.state && run.digest === state.chosen) say(`${run.name}: ${signOf(run)[2]}. ${run.why}`);
      }
    },
    pause: () => (state.runs.some((run) => run.live) ? LIVE_MS : REST_MS),
  });

  return {
    ...live,
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
    begin: () => live.change("begin", "form", { kind: "begin", file: state.recipe, where: state.where }),
    choose: (run) => live.change("choose", "run", { kind: "choose", run }),
    stop: (run) => live.change("stop", "run", { kind: "stop", run }),
    goOn: (run, again) => live.change("go_on", "run", { kind: "go_on", run: run.digest, where: run.engine === "cluster" ? "cluster" : "local", again }),
  };
}
