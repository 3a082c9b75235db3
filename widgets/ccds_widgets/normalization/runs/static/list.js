// Every recipe that was run in the project, the newest run first.

function drawList(state, act) {
  const rows = state.runs.map((run) => drawRun(state, run, act));
  return rows.length ? h("ol", { class: "ccds-runs-list", "aria-label": "Runs, the newest first" }, ...rows) : h("p", { class: "ccds-muted ccds-none" }, "No recipe was run in this project yet.");
}

function drawRun(state, run, act) {
  const chosen = run.digest === state.chosen;
  return h(
    "li",
    { class: "ccds-run", "data-chosen": String(chosen) },
    h(
      "button",
      { class: "ccds-run-button", "data-focus": `run-${run.digest}`, "aria-current": chosen ? "true" : null, onclick: () => act.choose(run.digest) },
      h("span", { class: "ccds-run-line" }, h("b", { title: run.name }, run.name), stateChip(run)),
      bar(run),
      h("span", { class: "ccds-run-line ccds-muted" }, h("span", {}, run.total ? `${grouped(doneOf(run))} of ${grouped(run.total)}${run.failed ? `, ${grouped(run.failed)} failed` : ""}` : "…"), h("span", {}, run.begun_at ? moment(run.begun_at) : "")),
    ),
  );
}
