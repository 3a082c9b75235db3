// The cohorts that the project keeps, with their snapshots.

function drawCohorts(state, act) {
  const { cohorts } = state;
  return [
    h("h2", {}, "Kept cohorts"),
    cohorts.length
      ? h("ul", { class: "ccds-cohorts" }, cohorts.map((one) => cohort(one, state, act)))
      : h("p", { class: "ccds-muted" }, state.mayKeep ? "None yet. Choose exam codes and study dates, give them a name, and keep them." : "None yet. Whoever may load reports keeps them."),
  ];
}

function cohort(one, state, act) {
  return h(
    "li",
    { "data-cohort": one.name },
    h(
      "div",
      { class: "ccds-cohort-line" },
      h("b", {}, one.name),
      h("span", { class: "ccds-muted" }, criteriaLine(one), `, kept by ${one.by} ${moment(one.at)}`),
      h("span", { class: "ccds-space" }),
      h("button", { class: "ccds-button", type: "button", "data-focus": `use-${one.name}`, "aria-label": `Put ${one.name} into the form`, onclick: () => act.use(one) }, "Use"),
      state.mayKeep ? h("button", { class: "ccds-button", type: "button", "data-focus": `take-${one.name}`, "aria-label": `Take a snapshot of ${one.name}`, disabled: state.busy, onclick: () => act.take(one.name) }, "Take a snapshot") : null,
    ),
    state.refused?.name === one.name ? h("p", { class: "ccds-error", role: "alert" }, state.refused.line) : null,
    one.snapshots.length
      ? h("ul", { class: "ccds-cohort-snapshots", "aria-label": `Snapshots of ${one.name}` }, one.snapshots.map((taken) => h("li", {}, h("code", { title: taken.digest }, taken.name), ` ${counted(taken.members, "report")}`, h("span", { class: "ccds-muted" }, `, by ${taken.by} ${moment(taken.at)}`))))
      : h("p", { class: "ccds-muted" }, "No snapshot: reports that are loaded later join it."),
  );
}
