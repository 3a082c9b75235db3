// Making volumes: how far, and how to begin or stop.

function drawRun(state, act) {
  const { run, waiting, may_write: mayWrite } = state;
  const going = run && !run.ended;
  if (going) {
    const share = run.total ? run.done / run.total : 0;
    return [
      h("b", {}, run.stopping ? "Stopping after the study in hands …" : run.left ? "Volumes: nobody is at it" : "Making volumes"),
      h("progress", { max: run.total, value: run.done, "aria-label": `${run.done} of ${counted(run.total, "study")} done` }),
      h("span", {}, `${grouped(run.done)} of ${counted(run.total, "study")} (${Math.floor(100 * share)} %)`),
      h("span", { class: "ccds-muted" }, `begun by ${run.person}, ${moment(run.begun)}`),
      h("span", { class: "ccds-space" }),
      mayWrite && run.left ? h("button", { class: "ccds-button ccds-first", "data-focus": "run", disabled: state.busy, onclick: () => act.run("begin") }, "Go on", h("kbd", {}, "m")) : null,
      mayWrite && !run.stopping ? h("button", { class: "ccds-button", "data-focus": "stop", disabled: state.busy, onclick: () => act.run("stop") }, "Stop") : null,
    ];
  }
  return [
    h("b", {}, waiting ? `${counted(waiting, "study")} ${waiting === 1 ? "waits" : "wait"} for volumes` : "No study waits for a volume"),
    run ? h("span", { class: run.cause && run.cause !== "stopped" ? "ccds-no-series" : "ccds-muted" }, lastRun(run)) : null,
    h("span", { class: "ccds-space" }),
    mayWrite ? h("button", { class: "ccds-button ccds-first", "data-focus": "run", disabled: state.busy || !waiting, onclick: () => act.run("begin") }, "Make volumes", h("kbd", {}, "m")) : null,
  ];
}

function lastRun({ done, total, person, ended, cause }) {
  const what = `Last: ${grouped(done)} of ${counted(total, "study")}, ${person}, ${moment(ended)}`;
  return cause ? `${what}; ${cause === "stopped" ? "stopped" : `ended: ${cause}`}` : what;
}
