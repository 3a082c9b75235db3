// The cohort view: its parts, and when they are drawn.

const NAMES = 176; // pixels for the scanners' names
const GAP = 16;
const PADDING = 32;
const NARROW = 640; // pixels of the view below which names stand above their charts

function render({ model, el }) {
  const state = newState();
  const parts = {
    tools: part("tools"),
    progress: part("progress"),
    error: errorPart(),
    columns: part("columns", "section", { "aria-label": "Volumes by scanner, before and after", tabindex: -1 }),
    unlike: part("odd-ones", "section", { "aria-label": "Volumes unlike the others", tabindex: -1 }),
  };
  const empty = h("div", { hidden: true });
  const screen = h("div", { hidden: true }, parts.tools, parts.progress, parts.error, parts.columns, parts.unlike);

  function draw({ root, act, show, showError }) {
    empty.hidden = state.volumes.length > 0;
    screen.hidden = !empty.hidden;
    if (!empty.hidden) {
      redraw(empty, emptyState("No volumes yet", `Project ${state.project} has no converted volume. In a terminal of this session:`), command(`ccds imaging volumes --project ${state.project}`), h("button", { class: "ccds-button ccds-again", onclick: act.again }, "Look again"));
      return;
    }
    showError(parts.error, "view");
    show(parts.tools, [state.recipes, state.recipe, state.measure, state.busy], () => drawTools(state, act));
    show(parts.progress, [state.at_work, state.count, state.total, state.failed], () => drawProgress(state));
    const isNarrow = root.clientWidth < NARROW;
    parts.columns.dataset.narrow = String(isNarrow);
    const width = Math.floor((root.clientWidth - PADDING - (isNarrow ? GAP : NAMES + 2 * GAP)) / 2);
    const told = [state.turn, state.count, state.unlike.length, state.at_work, state.recipe, state.recipes.length];
    if (width > 80) show(parts.columns, [told, state.measure, width], () => drawColumns(state, act, width));
    show(parts.unlike, [state.unlike, state.opened, state.at_work, state.volumes.map((volume) => volume.error)], () => drawUnlike(state, act));
  }

  const { root, act, signal, close } = liveCell(
    { model, el },
    {
      name: "spread",
      state,
      actions,
      draw,
      body: [empty, screen],
      sized: screen,
      waiting: "Looking for the project’s volumes …",
      busy: "The kernel is busy; this view follows when it answers.",
      lost: "The connection to the kernel is lost: run this cell again. What was measured is kept.",
    },
  );
  // Before the choice is opened: a list that changes closes it.
  for (const kind of ["pointerenter", "focusin"]) root.addEventListener(kind, (event) => !root.contains(event.relatedTarget) && act.recipes(), { signal });
  return close;
}

/** Which measure is shown, and after which recipe. */
function drawTools(state, act) {
  const measures = MEASURES.map(([measure, title]) =>
    h("label", { class: "ccds-which-one" }, h("input", { type: "radio", class: "ccds-said", name: `measure-${state.project}`, "data-focus": `measure-${measure}`, checked: state.measure === measure, onchange: () => act.measure(measure) }), title),
  );
  const own = state.recipe && state.recipe.file === null ? h("option", { value: "*", selected: true, disabled: true }, `${state.recipe.name} (not among your recipes)`) : null;
  const options = state.recipes.map(({ file, name }) => h("option", { value: file, selected: state.recipe?.file === file }, name));
  const select = h("select", { class: "ccds-field", "data-focus": "recipe", disabled: Boolean(state.busy), onchange: (event) => act.recipe(event.target.value || null) }, h("option", { value: "", selected: !state.recipe }, state.recipe ? "none" : state.recipes.length ? "choose one" : "none saved yet"), own, ...options);
  return [
    h("h2", {}, `How alike the volumes of ${state.project} are`),
    h("div", { class: "ccds-toolbar" }, h("div", { class: "ccds-toolbar", role: "radiogroup", "aria-label": "What is compared" }, ...measures), h("div", { class: "ccds-toolbar ccds-choice" }, h("label", { class: "ccds-after" }, "after recipe", select), h("button", { class: "ccds-button", "data-focus": "look", title: "Look for new volumes and recipes", onclick: act.again }, "Look again"))),
    state.recipes.length || state.recipe ? null : h("p", { class: "ccds-hint" }, "To see what a recipe makes of all volumes, save one in the preview first."),
  ];
}

function drawProgress(state) {
  if (state.failed) return [h("p", { class: "ccds-error" }, "Measuring ended by a defect of the workbench: run the cell again, and tell whoever runs this site.")];
  if (!state.at_work) return [];
  return [h("progress", { max: state.total || 1, value: state.count, "aria-label": "Measured so far" }), h("span", { class: "ccds-muted" }, `measuring: ${Math.floor((100 * state.count) / (state.total || 1))} %; what is known is kept for the next time`)];
}

export default { render };
