// What the page knows. The kernel is right: whatever it answers replaces what is here, metrics excepted, which are added to.

/** State → symbol and colour; the word itself says the same. */
const SIGNS = {
  pending: ["…", 7],
  running: ["▶", 0],
  suspended: ["‖", 4],
  finished: ["✓", 2],
  stopped: ["■", 1],
  cancelled: ["○", 7],
  killed: ["✕", 6],
  failed: ["!", 6],
  unknown: ["?", 5],
};

function newState() {
  return {
    project: null, // null until the first answer
    person: null,
    bundles: [], // [{name, options}]
    gpu_slots: null, // how many the site has; null where the scheduler doesn't say
    form: null, // as the kernel keeps it
    volumes: null, // split → [label 0, label 1], or {error}
    runs: [], // the latest first
    unlisted: 0, // older runs that aren't listed
    damaged: [],
    chosen: null, // the id of the run whose curve is shown
    curve: null, // {run, offset, metrics, done, epoch_s, rest_s}
    point: null, // the metric that is pointed at; null for the last one
    table: false, // whether the values are shown as a table
    busy: null, // what was asked for and isn't answered yet
    error: null, // {at: "form" | "run", line}
    stalled: null, // why nothing is asked any more
  };
}

/** Takes an answer in. */
function absorb(state, answer) {
  const { curve, ...rest } = answer;
  delete rest.answer;
  delete rest.buffers;
  Object.assign(state, rest);
  if (!("curve" in answer)) return;
  if (!curve) state.curve = null;
  else if (curve.begin === 0) {
    if (state.curve?.run !== curve.run) state.point = null;
    state.curve = curve;
  } else if (state.curve?.run === curve.run && state.curve.offset === curve.begin) {
    state.curve = { ...curve, metrics: joined(state.curve.metrics, curve.metrics) };
  }
}

/** Metrics with those that were told later: they replace what was told before from their step on. */
function joined(before, later) {
  const kept = [...before];
  for (const metric of later) {
    const comesAfter = (last) => last.step < metric.step || (last.step === metric.step && !last.closes && metric.closes);
    while (kept.length && !comesAfter(kept.at(-1))) kept.pop();
    kept.push(metric);
  }
  return kept;
}

function chosenRun(state) {
  return state.runs.find((run) => run.id === state.chosen) ?? null;
}

const MOST_METRICS = 6000;

/** What of the chosen run's metrics is here; nothing where they have become so many that the kernel should thin them anew. */
function has({ curve }) {
  if (!curve || curve.metrics.length > MOST_METRICS) return { run: null, offset: 0 };
  return { run: curve.run, offset: curve.offset };
}

/** 5 as "5 s", 75 as "1 min 15 s", 4000 as "1 h 7 min", 7190 as "2 h"; below ten seconds with one decimal. */
function duration(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  const minutes = Math.round(seconds / 60); // rounded before it is split: 119.8 are two hours, not one and sixty minutes
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** The state of a run as a chip: symbol, colour and word. */
function stateChip(run) {
  const [sign, tone] = SIGNS[run.state];
  return h("span", { class: "ccds-chip", "data-tone": tone, "data-state": run.state }, h("span", { "aria-hidden": "true" }, sign), run.state);
}
