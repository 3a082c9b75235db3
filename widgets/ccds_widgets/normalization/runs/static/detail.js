// The chosen run: how far it is, what failed and why, and what can be done.

function drawAbout(state, act) {
  const run = chosenRun(state);
  if (!run) return [h("p", { class: "ccds-muted" }, "What you run appears here: how far it is, what failed and why.")];
  const button = (key, title, shown, press, primary) => (shown ? h("button", { class: `ccds-button${primary ? " ccds-first" : ""}`, "data-focus": key, disabled: Boolean(state.busy) || (key === "stop" && run.stopping), onclick: press }, title) : null);
  return [
    h(
      "div",
      { class: "ccds-detail-head" },
      h("h3", {}, run.name),
      stateChip(run),
      h("span", { class: "ccds-space" }),
      button("stop", run.stopping ? "Stopping …" : "Stop", run.may_stop, () => act.stop(run.digest)),
      button("again", "Try quarantined again", run.may_try_again, () => act.goOn(run, true)),
      button("go-on", "Go on with the rest", run.may_go_on, () => act.goOn(run, false), true),
    ),
    drawWhy(run),
    bar(run),
    run.total ? h("p", { class: "ccds-counts" }, ...counts(run)) : null,
    h("p", { class: "ccds-muted ccds-pace" }, pace(run)),
    run.jobs ? h("p", { class: "ccds-muted" }, `Jobs: ${run.jobs}`) : null,
  ];
}

/** Why it goes on no more, where there is something to say. */
function drawWhy({ state, why }) {
  const words = {
    stopped: `Stopped: ${why}. What is done stays.`,
    interrupted: `${why || "Whoever was at it is gone without a word."} What is done stays; go on with the rest.`,
  }[state];
  return why || state === "interrupted" ? h("p", { class: "ccds-reason", "data-state": state }, words ?? why) : null;
}

function counts(run) {
  const one = (kind, count, words) => (count ? h("span", { class: `ccds-count ccds-count-${kind}` }, h("b", {}, grouped(count)), ` ${words}`) : null);
  const others = run.failed - run.quarantined;
  const left = run.running + run.waiting;
  return [
    h("span", { class: "ccds-count ccds-count-done" }, h("b", {}, grouped(doneOf(run))), ` of ${grouped(run.total)} done${run.done_before ? ` (${grouped(run.done_before)} before)` : ""}`),
    one("failed", run.quarantined, "in quarantine"),
    one("failed", others, "failed otherwise"),
    one("left", left, run.state === "running" && run.running ? `left, ${grouped(run.running)} at work` : "left"),
  ].filter(Boolean);
}

/** Where, by whom, how fast, and how long still. */
function pace(run) {
  if (run.state === "starting") return "The command is starting; it goes on without this page.";
  const where = run.engine === "cluster" ? "on the cluster" : "in a session";
  const parts = [`${where}, by ${run.person}`];
  if (run.state === "running") {
    if (run.workers) parts.push(counted(run.workers, "worker"));
    if (run.per_s) parts.push(rateText(run.per_s));
    if (run.seconds_left !== null) parts.push(`about ${duration(run.seconds_left)} left`);
  } else if (run.ended_at) parts.push(`took ${duration((new Date(run.ended_at) - new Date(run.begun_at)) / 1000)}`);
  return parts.join(" · ");
}

/** Volumes that failed, by reason, each with what was there and what to do. */
function drawFailed(state, act) {
  const run = chosenRun(state);
  if (!run?.failed) return [];
  const byReason = new Map();
  for (const one of state.failed) byReason.set(one.reason, [...(byReason.get(one.reason) ?? []), one]);
  const sorted = [...byReason].sort((one, other) => other[1].length - one[1].length);
  return [
    h("h3", {}, "What failed, by reason"),
    ...sorted.map(([reason, failed]) =>
      h(
        "details",
        { class: "ccds-failed", open: state.open.has(reason), ontoggle: (event) => act.toggle(reason, event.target.open) },
        h("summary", { "data-focus": `reason-${reason}` }, h("b", {}, grouped(failed.length)), `: expected ${reason.replace(/^([^:]*): /, "")}`, h("span", { class: "ccds-muted" }, stepOf(reason), failed[0].quarantined ? " · in quarantine" : " · tried again by the next run")),
        h("ol", {}, ...failed.map((one) => h("li", {}, h("span", { class: "ccds-id" }, one.key), h("span", {}, `found ${one.found}; ${one.do}`)))),
      ),
    ),
    run.failed > state.failed.length ? h("p", { class: "ccds-muted" }, `${grouped(run.failed - state.failed.length)} more: “ccds normalization show” lists all.`) : null,
  ];
}

/** " · step 2 resample" of "2 resample: …", " · when read" of "read: …". */
function stepOf(reason) {
  const step = /^([^:]*): /.exec(reason)?.[1];
  if (!step) return "";
  return step === "read" ? " · when read" : ` · ${/^\d/.test(step) ? "step " : ""}${step}`;
}

/** What comes after a run that ended. */
function drawNext(state) {
  const run = chosenRun(state);
  if (!run || run.state !== "ended" || !doneOf(run)) return [];
  return [
    h("p", { class: "ccds-muted" }, `The volumes are in normalized/${run.digest.slice(0, 12)}…, each with its provenance. To train on them, take a dataset:`),
    command(`ccds dataset snapshot --project ${state.project} --normalized ${run.digest.slice(0, 12)} --labels SNAPSHOT --name NAME`),
  ];
}
