// How far the queue is: a bar of all studies, who fetches, and what the timetable allows now.

function drawQueue(state, act) {
  const { counts } = state;
  if (!counts.all) return [h("h2", {}, "The queue is empty"), h("p", { class: "ccds-muted" }, state.mayWrite ? "Put the studies of kept criteria into it, below." : "Nobody has asked for studies yet.")];
  return [
    h(
      "div",
      { class: "ccds-queue-head" },
      h("h2", {}, `${grouped(counts.arrived)} of ${counted(counts.all, "study")} arrived`, h("span", { class: "ccds-muted" }, ` ${held(share(counts.arrived, counts.all))}`)),
      drawStarting(state, act),
    ),
    ...drawBar(counts),
    drawWorker(state),
    drawMissing(state, act),
    state.startFailed ? h("p", { class: "ccds-error", role: "alert" }, state.startFailed) : null,
  ];
}

function drawBar(counts) {
  const present = Object.keys(STATES).filter((name) => counts[name]);
  return [
    h(
      "div",
      { class: "ccds-bar-of", role: "progressbar", "aria-label": "Studies that arrived", "aria-valuemin": 0, "aria-valuemax": counts.all, "aria-valuenow": counts.arrived, "aria-valuetext": `${grouped(counts.arrived)} of ${grouped(counts.all)}` },
      present.map((name) => h("i", { "data-tone": STATES[name].tone, "data-state": name, style: `flex-grow: ${counts[name]}` })),
    ),
    h(
      "ul",
      { class: "ccds-legend" },
      present.map((name) => h("li", {}, h("i", { class: "ccds-dot", "data-tone": STATES[name].tone, "data-state": name, "aria-hidden": true }), h("b", {}, grouped(counts[name])), ` ${STATES[name].word}`)),
    ),
  ];
}

/** The button that starts or ends a worker; none where the site fetches. */
function drawStarting(state, act) {
  const { counts, worker } = state;
  if (!state.mayWrite) return null;
  if (worker?.life === "working")
    return h("button", { class: "ccds-button", type: "button", "data-focus": "halt", disabled: worker.stops, onclick: act.halt }, worker.stops ? "Stopping …" : "Stop fetching", h("kbd", {}, "f"));
  if (state.reach.where !== "here") return null;
  const left = counts.waiting + counts.interrupted;
  return h("button", { class: `ccds-button${left ? " ccds-primary" : ""}`, type: "button", "data-focus": "fetch", disabled: !left || state.starting, onclick: act.fetch }, state.starting ? "Starting …" : left ? `Fetch ${counted(left, "study")}` : "Nothing waits", h("kbd", {}, "f"));
}

const MOST_TOLD = 5;

/** What couldn't be fetched, once nobody fetches any more: how many, why, and when one was tried last. */
function drawMissing({ counts, worker, causes }, act) {
  const missing = counts.failed + counts.refused;
  if (!missing || !worker || worker.life === "working") return null;
  const more = causes.slice(MOST_TOLD).reduce((sum, { studies }) => sum + studies, 0);
  return h(
    "div",
    { class: "ccds-not-there", role: "group", "aria-label": "What couldn’t be fetched" },
    h("p", {}, h("b", {}, `${counted(missing, "study")} couldn’t be fetched. `), h("button", { class: "ccds-link", type: "button", "data-focus": "to-missing", onclick: () => act.list("missing") }, missing === 1 ? "Show it" : "Show them")),
    h(
      "ul",
      {},
      causes.slice(0, MOST_TOLD).map(({ cause, studies, tried }) => h("li", {}, h("b", {}, grouped(studies)), ` ${cause}`, h("span", { class: "ccds-muted" }, `, last tried ${moment(tried)}`))),
      more ? h("li", {}, h("b", {}, grouped(more)), " for other causes") : null,
    ),
  );
}

/** One line about the worker, one about the timetable. */
function drawWorker(state) {
  const { worker, counts } = state;
  const left = counts.waiting + counts.interrupted;
  return h(
    "div",
    { class: "ccds-worker", "data-life": worker?.life ?? "none" },
    h("p", {}, workerWords(worker, left, state)),
    worker?.life === "ended" && worker.why ? h("p", { class: "ccds-error", role: "alert" }, worker.why) : null,
    counts.interrupted ? h("p", { class: "ccds-note" }, h("b", {}, `${counted(counts.interrupted, "study")} interrupted. `), "Their worker is gone; nothing of them lies in the project. The next worker fetches them again.") : null,
    h("p", { class: "ccds-muted" }, h("b", {}, "Timetable. "), `Now: ${state.pace}`),
  );
}

function workerWords(worker, left, state) {
  const site = state.reach.where === "site" ? "The site fetches, by its own timer. " : "";
  if (!worker) return [h("b", {}, "Nobody has fetched yet. "), site];
  if (worker.life === "working") {
    const rate = worker.mb_per_s === null ? "" : `${speed(worker.mb_per_s)}, `;
    return [h("b", {}, `${worker.person}’s worker fetches. `), held(`${rate}${size(worker.mb)} since ${moment(worker.begun)}.`)];
  }
  if (worker.life === "gone") return [h("b", {}, `${worker.person}’s worker is gone. `), `Its last sign of life was ${moment(worker.seen)}. `, left ? site || "Start another one." : null];
  const ended = worker.why ? "was ended" : "ended";
  return [h("b", {}, "Nobody fetches now. "), `${worker.person}’s worker ${ended} ${moment(worker.seen)}, ${held(size(worker.mb))} came. `, site];
}
