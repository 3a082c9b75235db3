// What the page knows: the kernel is right, whatever it answers replaces what is here.

/** State → symbol, colour, and the word for it. */
const SIGNS = {
  starting: ["…", 7, "starting"],
  waiting: ["…", 7, "waiting"],
  running: ["▶", 0, "running"],
  ended: ["✓", 2, "ended"],
  stopped: ["■", 1, "stopped"],
  broken: ["!", 6, "broke off"],
  interrupted: ["✕", 6, "interrupted"],
};

function newState() {
  return {
    project: null, // null until the first answer
    volumes: 0,
    recipes: [], // [{file, name, digest}]
    recipe: null, // the file that is chosen in the form
    where: "local",
    may_write: false,
    runs: [], // the newest first
    chosen: null, // a recipe's hash
    failed: [], // of the chosen run: [{key, reason, found, do, quarantined}]
    open: new Set(), // the reasons whose volumes are shown
    busy: null,
    error: null, // {at: "form" | "run", line}
    stalled: null,
  };
}

/** Takes an answer in. */
function absorb(state, answer) {
  const { answer: _number, buffers: _bytes, ...rest } = answer;
  const before = state.chosen;
  const recipe = state.recipe;
  Object.assign(state, rest);
  state.recipe = recipe ?? rest.recipe ?? null;
  if (!state.recipes.some(({ file }) => file === state.recipe)) state.recipe = state.recipes[0]?.file ?? null;
  if (state.chosen !== before) state.open = new Set();
}

function chosenRun(state) {
  return state.runs.find((run) => run.digest === state.chosen) ?? null;
}

function doneOf(run) {
  return run.done + run.done_before;
}

/** 5 as "5 s", 75 as "1 min 15 s", 4000 as "1 h 7 min". */
function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  const minutes = Math.round(whole / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** 0.002 a second as "7 an hour", 2 as "120 a minute". */
function rateText(perSecond) {
  const hour = perSecond * 3600;
  return hour < 600 ? `${grouped(Math.round(hour))} an hour` : `${grouped(Math.round(hour / 60))} a minute`;
}

/** An end that volumes failed before is none to be pleased with. */
function signOf(run) {
  if (run.state !== "ended" || !run.failed) return SIGNS[run.state];
  return doneOf(run) ? ["!", 1, "ended, some failed"] : ["✕", 6, "ended, all failed"];
}

function stateChip(run) {
  const [sign, tone, word] = signOf(run);
  return h("span", { class: "ccds-chip", "data-tone": tone, "data-state": run.state }, h("span", { "aria-hidden": "true" }, sign), run.stopping ? "stopping" : word);
}

/** Done, failed and left as one bar. */
function bar(run) {
  const part = (kind, count) => (count ? h("span", { class: `ccds-part ccds-part-${kind}`, style: `flex-grow: ${count}` }) : null);
  const left = run.total ? run.running + run.waiting : 1;
  return h("div", { class: "ccds-bar", "aria-hidden": "true" }, part("done", doneOf(run)), part("failed", run.failed), part("left", left));
}
