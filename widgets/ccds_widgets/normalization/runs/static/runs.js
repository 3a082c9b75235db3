// The run page: its parts, when they are drawn, and what it listens to.

function render({ model, el }) {
  const state = newState();
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const parts = {
    lost: part("lost", "p", { role: "alert", hidden: true }),
    stalled: part("stalled", "div", { role: "alert", hidden: true }),
    form: part("form"),
    error: part("error", "p", { role: "alert", hidden: true }),
    list: part("all-runs", "section", { "aria-label": "Runs of this project", tabindex: -1 }),
    refused: part("error", "p", { role: "alert", hidden: true }),
    about: part("about", "div", { role: "group", "aria-label": "How far it is", tabindex: -1 }),
    failed: part("failures", "div", { tabindex: -1 }),
    next: part("next"),
    said: part("said", "p", { role: "status", "aria-live": "polite" }),
  };
  const detail = h("section", { class: "ccds-detail", "aria-label": "The chosen run" }, parts.refused, parts.about, parts.failed, parts.next);
  const waiting = h("p", { class: "ccds-waiting", role: "status" }, "Looking for the project’s runs …");
  const ask = h("section", { class: "ccds-ask", "aria-label": "New run" }, h("h2", {}, "Run a recipe over all volumes"), parts.form, parts.error);
  const screen = h("div", { hidden: true }, ask, h("div", { class: "ccds-halves" }, parts.list, detail));
  const root = h("div", { class: "ccds ccds-normalization-runs", tabindex: -1 }, parts.lost, parts.stalled, waiting, screen, parts.said);
  el.append(root);

  const channel = openChannel(model, (lost) => {
    parts.lost.hidden = !lost;
    const isBusy = model.widget_manager?.kernel?.status === "busy";
    parts.lost.textContent = isBusy ? "The kernel is busy. Runs go on; this view follows when the kernel answers." : "The connection to the kernel is lost. Runs go on: run this cell again to see them.";
  });
  const drawn = new Map();
  const act = actions(state, channel, draw, (text) => {
    parts.said.textContent = text;
  });
  const ending = new AbortController();
  document.addEventListener("visibilitychange", () => !state.stalled && act.awake(), { signal: ending.signal });
  keepKeys(root, ending.signal);
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

  function showError(name, place) {
    const line = state.error?.at === place ? state.error.line : null;
    parts[name].hidden = !line;
    show(name, line, () => [line]);
  }

  function draw() {
    parts.stalled.hidden = !state.stalled;
    waiting.hidden = state.project !== null || Boolean(state.stalled);
    show("stalled", state.stalled, () => [h("span", {}, state.stalled ?? ""), h("button", { class: "ccds-button", "data-focus": "again", onclick: act.again }, "Look again")]);
    if (state.project === null) return;
    screen.hidden = false;
    const hasForm = state.may_write && state.recipes.length > 0 && state.volumes > 0;
    const states = state.runs.map((run) => [run.digest, run.live]);
    show("form", [hasForm, state.recipes, state.recipe, state.where, state.volumes, state.busy, states], () => (hasForm ? drawForm(state, act) : drawNoForm(state)));
    showError("error", "form");
    showError("refused", "run");
    show("list", [state.runs, state.chosen], () => [drawList(state, act)]);
    show("about", [chosenRun(state), state.busy, state.runs.length], () => drawAbout(state, act));
    show("failed", [state.chosen, state.failed, chosenRun(state)?.failed], () => drawFailed(state, act));
    show("next", [state.chosen, chosenRun(state)?.state], () => drawNext(state));
  }

  return () => {
    ending.abort();
    sight.disconnect();
    act.close();
    channel.close();
  };
}

export default { render };
