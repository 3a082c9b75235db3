// Above the study: which batch, where in its group, how much is done and how fast, and whether it is saved.

function drawTop(state, saving, act) {
  const study = currentStudy(state);
  const { batches, batch } = state;
  return [
    batches.length > 1
      ? h(
          "select",
          { class: "ccds-field ccds-batch", "data-focus": "batch", "aria-label": "Batch", onchange: (event) => act.openBatch(Number(event.target.value)) },
          ...batches.map((one) => h("option", { value: one.id, selected: one.id === batch }, one.name)),
        )
      : h("b", { class: "ccds-batch" }, state.name),
    study && state.view === "study"
      ? h("span", { class: "ccds-group" }, ...groupWords(study), ": ", placeWords(study))
      : null,
    h("span", { class: "ccds-space" }),
    state.held === null ? null : drawDone(state),
    state.held === null && !saving.unsaved ? null : drawSaving(saving),
    state.curates
      ? h("button", { class: "ccds-button", "data-focus": "batches", "aria-pressed": String(state.view === "batches"), onclick: act.toggleBatches }, state.view === "batches" ? "Back to confirming" : "Batches", h("kbd", {}, "b"))
      : null,
  ];
}

/** The how many-th of its phrase a study is; of how many at most, where others do a part of them. */
function placeWords({ nth, of, shared }) {
  return `${grouped(nth)} of ${shared ? "at most " : ""}${grouped(of)}`;
}

function drawDone(state) {
  const median = pace(state);
  return h(
    "span",
    { class: "ccds-muted ccds-pace", title: "What you have done of this batch, how much of it today, the median time for your latest 200 studies" },
    `You: ${grouped(state.done)} done, ${grouped(state.today)} today`,
    median === null ? "" : `, median ${median < 10 ? median.toFixed(1) : Math.round(median)} s`,
    `, ${grouped(Math.max(0, state.open))} left`,
  );
}

/** Whether what was said is saved, in words; the reason why not is the line's title. */
function drawSaving({ unsaved, failed, problem }) {
  const words = !unsaved && !failed ? "Saved" : failed ? (unsaved ? `${grouped(unsaved)} not saved yet, trying again` : "No answer yet, trying again") : "Saving …";
  return h("span", { class: "ccds-saving", role: "status", "data-state": failed ? "failed" : unsaved ? "saving" : "saved", title: failed ? problem : undefined }, words);
}
