// The launcher: its parts, and when they are drawn.

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
  const parts = {
    volumes: part("volumes"),
    form: part("form"),
    error: errorPart(),
    runs: part("all-runs", "section", { "aria-label": "Runs of this project", tabindex: -1 }),
    refused: errorPart(),
    about: part("about", "div", { role: "group", "aria-label": "Where it stands", tabindex: -1 }),
    figure: part("figure"),
    values: part("table"),
    rows: h("tbody"),
  };
  const detail = h("section", { class: "ccds-detail", "aria-label": "The chosen run" }, parts.refused, parts.about, parts.figure, parts.values);
  const ask = h("section", { class: "ccds-ask", "aria-label": "New training" }, h("h2", {}, "New training"), parts.volumes, parts.form, parts.error);
  const screen = h("div", { hidden: true }, ask, h("div", { class: "ccds-halves" }, parts.runs, detail));
  let shownRun = null;

  function draw({ act, show, showError }) {
    screen.hidden = false;
    if (!parts.form.firstChild) parts.form.append(makeForm(state, act));
    const train = parts.form.querySelector("[type=submit]");
    train.disabled = state.busy === "launch" || Boolean(state.volumes.error);
    train.textContent = state.busy === "launch" ? "Starting …" : "Train";
    showError(parts.error, "form");
    showError(parts.refused, "run");
    show(parts.volumes, [state.volumes, state.gpu_slots], () => drawVolumes(state));
    show(parts.runs, [state.runs, state.unlisted, state.damaged, state.chosen], () => drawRuns(state, act));
    if (shownRun !== state.chosen) bringToSight(parts.runs, state.chosen);
    shownRun = state.chosen;
    const { curve } = state;
    show(parts.about, [chosenRun(state), curve?.done, curve?.epoch_s, curve?.rest_s, state.busy, state.runs.length], () => drawAbout(state, act));
    const width = Math.floor(detail.clientWidth - PADDING);
    const told = [state.chosen, chosenRun(state)?.state, curve?.offset];
    if (width > NARROWEST) show(parts.figure, [told, state.point, width], () => drawFigure(state, act, width));
    show(parts.values, [state.chosen, hasEpoch(state), state.table, measuredName(curve?.metrics ?? [])], () => drawValues(state, act, parts.rows));
    show(parts.rows, [told, state.table], () => (state.table && curve ? drawRows(curve.metrics) : []));
  }

  const cell = liveCell(
    { model, el },
    {
      name: "training",
      state,
      actions,
      draw,
      body: [screen],
      sized: detail,
      waiting: "Looking for the project’s runs …",
      busy: "The kernel is busy. Trainings go on; this view follows when the kernel answers.",
      lost: "The connection to the kernel is lost. Trainings go on: run this cell again to see them.",
    },
  );
  return cell.close;
}

export default { render };
