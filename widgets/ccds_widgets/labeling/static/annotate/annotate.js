// The screen: its parts, when they are drawn, and what it listens to.

function annotateScreen(context) {
  const state = newState();
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const parts = {
    top: part("toolbar", "nav", { "aria-label": "Reports" }),
    progress: part("progress", "section", { "aria-label": "Progress" }),
    error: part("error", "p", { role: "alert", hidden: true }),
    report: part("report", "article", { tabindex: 0, "aria-label": "Report" }),
    bar: part("bar", "div", { role: "dialog", "aria-label": "Label the selected words", hidden: true }),
    tabs: part("side-head", "header"),
    side: part("list", "div", { tabindex: -1 }),
    steps: part("steps", "div", { role: "group", "aria-label": "Undo, redo" }),
  };
  const pane = h("div", { class: "ccds-pane" }, parts.report, parts.bar);
  const side = h("aside", { class: "ccds-side", "aria-label": "Phrases and suggestions" }, parts.tabs, parts.side, parts.steps);
  const screen = h("div", { class: "ccds-screen", hidden: true }, parts.top, parts.progress, parts.error, h("div", { class: "ccds-columns" }, pane, side));
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the reports …"));
  const element = h("div", { class: "ccds-annotate" }, cover, screen);
  const act = actions(state, context, draw);
  let drawn = {}; // the report whose place is in sight, and among which ones
  let reading = null; // the frame in which the selection is read: a click ends an earlier one only then
  listen();

  function draw(what = "all") {
    if (state.denied) {
      cover.replaceChildren(emptyState("This screen can’t be opened", state.denied));
      cover.setAttribute("role", "alert");
      return;
    }
    if (!state.overview) return;
    cover.hidden = true;
    screen.hidden = false;
    screen.dataset.empty = String(!state.overview.reports);
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    redraw(parts.top, drawToolbar(state, act));
    if (what === "all" || what === "report") {
      redraw(parts.report, drawReport(state, act, context.project));
      const { number, among } = state;
      if (state.reports.has(number) && (number !== drawn.number || (among && among !== drawn.among))) {
        showPlace();
        drawn = { number, among };
      }
    }
    if (what === "all") redraw(parts.progress, state.overview.reports ? drawProgress(state) : []);
    if (what === "all" || what === "side") drawSide();
    drawChosen();
    // A control that is gone leaves the focus to the part that it was in.
    if (isFocusFree() || Object.values(parts).includes(document.activeElement)) parts.report.focus({ preventScroll: true });
  }

  function drawSide() {
    redraw(parts.tabs, drawTabs(state, act));
    redraw(parts.side, state.panel === "phrases" ? drawPhrases(state, act) : drawSuggestions(state, act));
    redraw(parts.steps, stepButtons(state.overview, act));
    const changed = state.touched && parts.side.querySelector(`[data-phrase="${state.touched}"]`);
    if (changed) changed.scrollIntoView({ block: "nearest" });
  }

  /** A report begins at its top, or where what was searched or decides stands. */
  function showPlace() {
    parts.report.scrollTop = 0;
    const place = [".ccds-hit", "[data-decides=true]", ".ccds-mark"].map((mark) => parts.report.querySelector(mark)).find(Boolean);
    if (place) bringIntoSight(parts.report, place);
  }

  function drawChosen() {
    parts.bar.hidden = !state.chosen;
    if (!state.chosen) parts.bar.replaceChildren(); // what earlier words would do is nothing that is shown of the next ones
    const range = paintChosen(parts.report, state.chosen);
    if (!range) return;
    redraw(parts.bar, drawBar(state, act));
    bringIntoSight(parts.report, range);
    placeBar(parts.bar, pane, range);
  }

  function readNow() {
    if (reading === null) return;
    cancelAnimationFrame(reading);
    reading = null;
    const chosen = readSelection(parts.report);
    if (chosen?.error) act.refuse(chosen.error);
    else if (chosen) act.choose(chosen);
    else if (state.chosen) act.unchoose();
  }

  function listen() {
    const { signal } = context;
    // The mouse may be let go anywhere; what counts is where the selection was begun.
    let selecting = false;
    parts.report.addEventListener("pointerdown", () => (selecting = true), { signal });
    document.addEventListener("pointerup", () => {
      if (selecting) reading = requestAnimationFrame(readNow);
      selecting = false;
    }, { signal });
    parts.report.addEventListener("scroll", () => state.chosen && drawPlace(), { signal });
    window.addEventListener("resize", () => state.chosen && drawPlace(), { signal });
  }

  function drawPlace() {
    const range = paintChosen(parts.report, state.chosen);
    if (range) placeBar(parts.bar, pane, range);
  }

  return {
    element,
    keys: KEYS,
    open: (place) => act.open(place),
    close: () => {
      state.suggestions.asked += 1; // no more of them is asked for
      CSS.highlights?.delete(HIGHLIGHT);
    },
    pressed: (event) => {
      readNow(); // a key is for the words that were selected just before it
      return pressed(event, state, act, parts);
    },
  };
}

/** What stands beside the report. */
function drawTabs(state, act) {
  const tab = (panel, title, key) =>
    h("button", { class: "ccds-tab", "data-focus": `panel-${panel}`, "aria-pressed": String(state.panel === panel), onclick: () => act.panel(panel) }, title, h("kbd", {}, key));
  return [
    h("div", { class: "ccds-tabs" }, tab("phrases", "Phrases", "p"), tab("suggestions", "Suggestions", "s")),
    ...(state.panel === "phrases" && state.overview.phrases.length
      ? [
          h("span", { title: "Reports that the phrase captures: no earlier phrase matches them" }, "Captures"),
          h("span", { title: "Reports that hold the phrase" }, "Matches"),
        ]
      : []),
  ];
}
