// The screen: its parts, when they are drawn, and what it listens to.

const RENEW_MS = 120000;

function confirmScreen(context) {
  const state = newState();
  const parts = {
    top: h("nav", { class: "ccds-toolbar", "aria-label": "Batches and progress" }),
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    report: h("article", { class: "ccds-report", tabindex: 0, "aria-label": "Report" }),
    choices: h("aside", { class: "ccds-side ccds-confirm-side", "aria-label": "What you say" }),
    whole: h("div", { class: "ccds-whole", tabindex: -1 }),
  };
  const images = imagePane(context);
  const columns = h("div", { class: "ccds-columns" }, h("div", { class: "ccds-pane ccds-confirm-pane" }, parts.report, images.element), parts.choices);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the batches …"));
  const screen = h("div", { class: "ccds-screen", hidden: true }, parts.top, parts.error, columns, parts.whole);
  const element = h("div", { class: "ccds-confirming" }, cover, screen);
  const act = actions(state, context, draw);
  let drawn = null;
  let used = false;
  let inSight = false;

  function draw(what = "all") {
    if (state.denied) {
      cover.replaceChildren(emptyState("This screen can’t be opened", state.denied));
      cover.setAttribute("role", "alert");
      return;
    }
    if (!state.ready) return;
    cover.hidden = true;
    screen.hidden = false;
    const task = context.task();
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    redraw(parts.top, drawTop(state, act.saving(), act));
    if (what === "top" && !act.ended()) return;
    const whole = wholeOf(task);
    columns.hidden = Boolean(whole);
    parts.whole.hidden = !whole;
    if (whole) redraw(parts.whole, whole);
    else {
      redraw(parts.choices, drawChoices(state, task, act));
      if (what !== "choices") drawReport(task);
    }
    focus();
  }

  /** What takes the place of report and choices; null while there is a study to be looked at. */
  function wholeOf(task) {
    if (state.view === "batches") return drawBatches(state, act);
    if (state.batch === null) return noWork(state, act);
    if (state.feedback || (act.ended() && !currentStudy(state))) return drawEnd(state, task, act);
    return null;
  }

  function drawReport(task) {
    redraw(parts.report, drawStudy(state, task));
    images.element.hidden = !state.images;
    const study = currentStudy(state);
    if (state.images && study) images.show(study.key);
    if (state.current === drawn) return;
    drawn = state.current;
    parts.report.scrollTop = 0;
    const mark = parts.report.querySelector("mark");
    if (mark && mark.offsetTop + mark.offsetHeight > parts.report.clientHeight) mark.scrollIntoView({ block: "center" });
  }

  /** The keys are the report's, unless somebody writes or is on their way through the controls. */
  function focus() {
    if (!inSight) return;
    const active = document.activeElement;
    const lost = isFocusFree() || [parts.choices, parts.whole, parts.report, parts.top].includes(active) || active.closest?.("[hidden]");
    if (state.mode === "flag") parts.choices.querySelector("[data-focus=note]")?.focus();
    else if (lost && !columns.hidden) parts.report.focus({ preventScroll: true });
    else if (lost) parts.whole.focus({ preventScroll: true }); // on no button: the key that brought one here may come again
  }

  function listen() {
    const { signal } = context;
    const use = () => (used = true);
    element.addEventListener("keydown", use, { signal });
    element.addEventListener("pointerdown", use, { signal });
    element.addEventListener("wheel", use, { signal, passive: true });
    // After a click the keys are the report's again.
    parts.choices.addEventListener("click", (event) => {
      if (event.detail > 0 && state.mode === null) parts.report.focus({ preventScroll: true });
    }, { signal });
    const renewing = setInterval(() => {
      if (used && inSight && !document.hidden) act.sync();
      used = false;
    }, RENEW_MS);
    document.addEventListener("visibilitychange", () => {
      act.look();
      if (!document.hidden && inSight) act.sync();
    }, { signal });
    window.addEventListener("pagehide", () => act.giveBack(), { signal });
    signal.addEventListener("abort", () => {
      clearInterval(renewing);
      act.close();
    });
  }

  act.turn = images.turn;
  listen();
  act.start();

  return {
    element,
    open() {
      inSight = true;
      act.sync();
      draw();
    },
    close() {
      inSight = false;
    },
    pressed: (event) => state.ready && !state.denied && pressedKey(event, state, act),
    get keys() {
      return [...KEYS, ...(state.seesImages ? IMAGES_KEYS : []), ...(state.curates ? FELLOWS_KEYS : [])];
    },
  };
}
