// The chosen run: where it stands, what can be done with it, and its curve.

function drawAbout(state, act) {
  const run = chosenRun(state);
  if (!run) return [h("p", { class: "ccds-muted ccds-none" }, state.runs.length ? "Choose a run to see its curve." : "A run’s curve stands here while it trains, and afterwards.")];
  return [
    h("header", { class: "ccds-detail-head" }, stateChip(run), h("h3", {}, run.id), h("span", { class: "ccds-space" }), ...drawActions(state, run, act)),
    run.reason ? h("p", { class: "ccds-reason", "data-state": run.state }, run.reason) : null,
    h("p", { class: "ccds-muted" }, askedWords(run)),
    run.why_not ? h("p", { class: "ccds-muted" }, run.why_not) : null,
    drawProgress(state, run),
  ];
}

function drawActions(state, run, act) {
  const button = (name, word, run_, title) => h("button", { class: "ccds-button", "data-focus": name, disabled: state.busy === name, title, onclick: run_ }, word);
  return [
    run.can_cancel && !run.ending ? button("cancel", "Cancel", () => act.cancel(run.id)) : null,
    run.ending ? h("span", { class: "ccds-muted" }, "Told to end …") : null,
    run.can_restart ? button("restart", "Restart", () => act.restart(run.id), "It goes on from its last checkpoint") : null,
  ];
}

function askedWords({ asked, person, mine, made, starts, requeues }) {
  const parts = [
    `${asked.bundle}, batch size ${asked.batch_size}`,
    asked.image_size === null ? null : `${asked.image_size}³ voxels`,
    asked.learning_rate === null ? null : `learning rate ${asked.learning_rate}`,
    `seed ${asked.seed}`,
    asked.gpus ? counted(asked.gpus, "GPU") : "no GPU",
    `launched by ${mine ? "you" : person} ${moment(made)}`,
    starts > 1 ? `started ${starts} times` : null,
    requeues ? `made room ${requeues === 1 ? "once" : `${requeues} times`}` : null,
  ];
  return parts.filter(Boolean).join(" · ");
}

function drawProgress(state, run) {
  const { done, epoch_s: epochSeconds, rest_s: rest } = state.curve;
  const words = [`${grouped(done)} of ${counted(run.epochs, "epoch")} done`];
  if (epochSeconds !== null) words.push(`${duration(epochSeconds)} per epoch`);
  if (rest !== null && done < run.epochs) words.push(`about ${duration(rest)} left at this pace`);
  else if (run.state === "running" && epochSeconds === null) words.push("how long it will take is known after the first epoch");
  const meter = h("progress", { class: "ccds-epochs", max: run.epochs, value: done, "aria-label": "Epochs done" });
  return h("div", { class: "ccds-pace" }, meter, h("p", {}, words.join(" · ")));
}

/** What the readout tells of: what is pointed at, else the last epoch, else the last step. */
function pointed(state) {
  const { metrics } = state.curve;
  const point = state.point && metrics.find((metric) => metric.step === state.point.step && metric.closes === state.point.closes);
  return { point, now: point ?? metrics.findLast((metric) => metric.closes) ?? metrics.at(-1) };
}

function drawFigure(state, act, width) {
  const run = chosenRun(state);
  if (!run) return [];
  const { metrics } = state.curve;
  if (!metrics.length) {
    const why = { pending: "It waits for its place; the curve begins with the first steps.", running: "It loads its libraries and volumes; the curve begins with the first steps." }[run.state];
    return [h("p", { class: "ccds-muted ccds-none" }, why ?? "It told no step.")];
  }
  const { point, now } = pointed(state);
  const at = metrics.indexOf(now);
  const keys = (event) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: metrics.length - 1 }[event.key];
    if (event.key === "Escape") act.point(null);
    else if (to === undefined) return;
    else act.point(metrics[Math.min(Math.max(to, 0), metrics.length - 1)]);
    event.preventDefault();
    event.stopPropagation();
  };
  const left = (event) => event.clientX - event.currentTarget.getBoundingClientRect().left;
  return [
    h("p", { class: "ccds-readout" }, pointWords(now)),
    h("p", { class: "ccds-key-line" }, h("span", { class: "ccds-key-step" }, "steps"), h("span", { class: "ccds-key-epoch" }, "mean of an epoch")),
    h(
      "div",
      {
        class: "ccds-curve", tabindex: 0, role: "slider", "data-focus": "curve", "aria-label": "Curve of loss and validation: arrow keys move along it",
        "aria-valuemin": 1, "aria-valuemax": metrics.length, "aria-valuenow": at + 1, "aria-valuetext": pointWords(now),
        onkeydown: keys, onpointermove: (event) => act.point(nearest(metrics, run.epochs, width, left(event))), onpointerleave: () => act.point(null),
      },
      drawCurve(state, run, width, point),
    ),
  ];
}

function hasEpoch(state) {
  return Boolean(state.curve?.metrics.some((metric) => metric.closes));
}

/** The values as a table around `rows`, which outlive it: a new line must not scroll whoever reads. */
function drawValues(state, act, rows) {
  if (!hasEpoch(state)) return [];
  return [
    h(
      "details",
      { open: state.table, ontoggle: (event) => act.table(event.currentTarget.open) },
      h("summary", { "data-focus": "table" }, "Values as a table"),
      state.table ? h("div", { class: "ccds-table-scroll", "data-focus": "values", tabindex: 0, role: "region", "aria-label": "Values as a table" }, drawTable(measuredName(state.curve.metrics), rows)) : null,
    ),
  ];
}
