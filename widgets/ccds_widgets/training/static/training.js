// The launcher: its parts, when they are drawn, and what it listens to.

const PADDING = 32; // of the chosen run's half, left and right
const NARROWEST = 120; // pixels; below that the cell isn't shown

/** Scrolls the list of runs, and nothing around it, to run `id`. */
function bringToSight(list, id) {
  const row = id && list.querySelector(`[data-run="${id}"]`);
  if (!row) return;
  const { top, bottom } = row.getBoundingClientRect();
  const frame = list.getBoundingClientRect();
  if (top < frame.top) list.scrollTop -= frame.top - top;
  else if (bottom > frame.bottom) list.scrollTop += bottom - frame.bottom;
}

function render({ model, el }) {
  const state = newState();
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const parts = {
    lost: part("lost", "p", { role: "alert", hidden: true }),
    stalled: part("stalled", "div", { role: "alert", hidden: true }),
    volumes: part("volumes"),
    form: part("form"),
    error: part("error", "p", { role: "alert", hidden: true }),
    runs: part("all-runs", "section", { "aria-label": "Runs of this project", tabindex: -1 }),
    refused: part("error", "p", { role: "alert", hidden: true }),
    about: part("about", "div", { role: "group", "aria-label": "Where it stands", tabindex: -1 }),
    figure: part("figure"),
    values: part("table"),
    rows: h("tbody"),
    said: part("said", "p", { role: "status", "aria-live": "polite" }),
  };
  const detail = h("section", { class: "ccds-detail", "aria-label": "The chosen run" }, parts.refused, parts.about, parts.figure, parts.values);
  const waiting = h("p", { class: "ccds-waiting", role: "status" }, "Looking for the project’s runs …");
  const screen = h("div", { hidden: true }, h("section", { class: "ccds-ask", "aria-label": "New training" }, h("h2", {}, "New training"), parts.volumes, parts.form, parts.error), h("div", { class: "ccds-halves" }, parts.runs, detail));
  const root = h("div", { class: "ccds ccds-training", tabindex: -1 }, parts.lost, parts.stalled, waiting, screen, parts.said);
  el.append(root);

  const channel = openChannel(model, (lost) => {
    parts.lost.hidden = !lost;
    const isBusy = model.widget_manager?.kernel?.status === "busy";
    parts.lost.textContent = isBusy
      ? "The kernel is busy. Trainings go on; this view follows when the kernel answers."
      : "The connection to the kernel is lost. Trainings go on: run this cell again to see them.";
  });
  const drawn = new Map();
  let shownRun = null;
  const act = actions(state, channel, draw, (text) => {
    parts.said.textContent = text;
  });
  const ending = new AbortController();
  document.addEventListener("visibilitychange", () => state.project !== null && !state.stalled && act.awake(), { signal: ending.signal });
  keepKeys(root, ending.signal);
  const sizes = new ResizeObserver(() => draw());
  sizes.observe(detail);
  const sight = new IntersectionObserver((seen) => act.away(!seen.at(-1).isIntersecting));
  sight.observe(root);
  act.open();

  /** Draws a part, unless it would look the same: what is read or pointed at stays, and an alert is told once. */
  function show(name, key, make) {
    const text = JSON.stringify(key);
    if (drawn.get(name) === text) return;
    drawn.set(name, text);
    redraw(parts[name], make());
  }

  /** Shows what was refused at `place`, where it was asked. */
  function showError(name, place) {
    const line = state.error?.at === place ? state.error.line : null;
    parts[name].hidden = !line;
    show(name, line, () => [line]);
  }

  function draw() {
    if (!state.stalled && parts.stalled.contains(document.activeElement)) root.focus({ preventScroll: true });
    parts.stalled.hidden = !state.stalled;
    waiting.hidden = state.project !== null || Boolean(state.stalled);
    show("stalled", state.stalled, () => [h("span", {}, state.stalled ?? ""), h("button", { class: "ccds-button", "data-focus": "again", onclick: act.again }, "Look again")]);
    if (state.project === null) return;
    screen.hidden = false;
    if (!parts.form.firstChild) parts.form.append(makeForm(state, act));
    const train = parts.form.querySelector("[type=submit]");
    train.disabled = state.busy === "launch" || Boolean(state.volumes.error);
    train.textContent = state.busy === "launch" ? "Starting …" : "Train";
    showError("error", "form");
    showError("refused", "run");
    show("volumes", [state.volumes, state.gpu_slots], () => drawVolumes(state));
    show("runs", [state.runs, state.unlisted, state.damaged, state.chosen], () => drawRuns(state, act));
    if (shownRun !== state.chosen) bringToSight(parts.runs, state.chosen);
    shownRun = state.chosen;
    const { curve } = state;
    show("about", [chosenRun(state), curve?.done, curve?.epoch_s, curve?.rest_s, state.busy, state.runs.length], () => drawAbout(state, act));
    const width = Math.floor(detail.clientWidth - PADDING);
    const told = [state.chosen, chosenRun(state)?.state, curve?.offset];
    if (width > NARROWEST) show("figure", [told, state.point, width], () => drawFigure(state, act, width));
    show("values", [state.chosen, hasEpoch(state), state.table, measuredName(curve?.metrics ?? [])], () => drawValues(state, act, parts.rows));
    show("rows", [told, state.table], () => (state.table && curve ? drawRows(curve.metrics) : []));
  }

  return () => {
    ending.abort();
    sizes.disconnect();
    sight.disconnect();
    act.close();
    channel.close();
  };
}

export default { render };
