// The project's runs, everybody's, the latest first.

function drawRuns(state, act) {
  const rows = state.runs.map((run) => drawRun(state, run, act));
  return [
    rows.length ? h("ol", { class: "ccds-runs", "aria-label": "Runs, the latest first" }, ...rows) : h("p", { class: "ccds-muted ccds-none" }, "No run in this project yet."),
    state.unlisted ? h("p", { class: "ccds-muted ccds-none" }, `${counted(state.unlisted, "older run")}: “ccds training show” lists all.`) : null,
    ...state.damaged.map((line) => h("p", { class: "ccds-error" }, line)),
  ];
}

function drawRun(state, run, act) {
  const chosen = run.id === state.chosen;
  return h(
    "li",
    { class: "ccds-run", "data-run": run.id, "data-chosen": String(chosen) },
    h(
      "button",
      { class: "ccds-run-button", "data-focus": `run-${run.id}`, "aria-current": chosen ? "true" : null, onclick: () => act.choose(run.id) },
      h("span", { class: "ccds-run-line" }, stateChip(run), h("span", { class: "ccds-run-epoch" }, `epoch ${grouped(run.epoch)} of ${grouped(run.epochs)}`)),
      h("span", { class: "ccds-run-line ccds-muted" }, h("span", {}, run.mine ? "you" : run.person), h("span", {}, moment(run.made))),
      run.reason && !chosen ? h("span", { class: "ccds-run-reason" }, run.reason) : null,
    ),
  );
}
