// The run page: its parts, and when they are drawn.

function render({ model, el }) {
  const state = newState();
  const parts = {
    form: part("form", "div", { tabindex: -1 }),
    error: errorPart(),
    list: part("all-runs", "section", { "aria-label": "Runs of this project", tabindex: -1 }),
    refused: errorPart(),
    about: part("about", "div", { role: "group", "aria-label": "How far it is", tabindex: -1 }),
    failed: part("failures", "div", { tabindex: -1 }),
    next: part("next"),
  };
  const detail = h("section", { class: "ccds-detail", "aria-label": "The chosen run" }, parts.refused, parts.about, parts.failed, parts.next);
  const ask = h("section", { class: "ccds-ask", "aria-label": "New run" }, h("h2", {}, "Run a recipe over all volumes"), parts.form, parts.error);
  const screen = h("div", { hidden: true }, ask, h("div", { class: "ccds-halves" }, parts.list, detail));

  function draw({ act, show, showError }) {
    screen.hidden = false;
    const hasForm = state.may_write && state.recipes.length > 0 && state.volumes > 0;
    const states = state.runs.map((run) => [run.digest, run.live]);
    show(parts.form, [hasForm, state.recipes, state.recipe, state.where, state.volumes, state.busy, states], () => (hasForm ? drawForm(state, { ...act, begin: () => begin(act) }) : drawNoForm(state, act)));
    showError(parts.error, "form");
    showError(parts.refused, "run");
    show(parts.list, [state.runs, state.chosen], () => [drawList(state, act)]);
    show(parts.about, [chosenRun(state), state.busy, state.runs.length], () => drawAbout(state, act));
    show(parts.failed, [state.chosen, state.failed, chosenRun(state)?.failed], () => drawFailed(state, act));
    show(parts.next, [state.chosen, chosenRun(state)?.state], () => drawNext(state));
  }

  /** Who begins a run by keyboard is at the run then: the button is out of reach as long as it goes on. */
  async function begin(act) {
    if ((await act.begin()) && parts.form.contains(document.activeElement)) parts.about.focus({ preventScroll: true });
  }

  const cell = liveCell(
    { model, el },
    {
      name: "normalization-runs",
      state,
      actions,
      draw,
      body: [screen],
      waiting: "Looking for the project’s runs …",
      busy: "The kernel is busy. Runs go on; this view follows when the kernel answers.",
      lost: "The connection to the kernel is lost. Runs go on: run this cell again to see them.",
    },
  );
  return cell.close;
}

export default { render };
