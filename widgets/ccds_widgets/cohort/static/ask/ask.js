// The screen Ask: its parts, when they are drawn, and its keys.

const KEYS = [
  ["/", "type an exam code; ↵ chooses it"],
  ["c", "count: ask the archive"],
  ["x", "stop asking"],
  ["n", "name the criteria; ↵ keeps them"],
  ["← →", "in the chart: from month to month"],
  ["Esc", "out of the text field"],
];

function askScreen(context) {
  const state = {
    approved: null,
    reach: { where: "here", why: null },
    form: null,
    typed: "",
    name: "",
    wrong: {}, // field → line
    error: null,
    busy: false,
    counting: null,
    found: null,
    stopped: false,
    kept: [],
    damaged: [],
    keptAs: null,
    canFetch: context.has("fetch"),
  };
  const parts = {
    fields: h("div", { class: "ccds-ask-fields" }),
    doing: h("div", { class: "ccds-doing" }),
    keeping: h("div", {}),
    counts: h("section", { class: "ccds-ask-counts", "aria-label": "What the archive has" }),
    kept: h("section", { class: "ccds-kept", "aria-label": "Kept criteria" }),
  };
  const main = h("div", { class: "ccds-ask-main", tabindex: -1 }, parts.counts, parts.kept);
  const waiting = h("p", { class: "ccds-waiting", role: "status" }, "Reading what the IRB application covers …");
  const columns = h("div", { class: "ccds-ask-columns", hidden: true }, h("section", { class: "ccds-ask-side", "aria-label": "Criteria" }, h("div", { class: "ccds-ask-form" }, parts.fields, parts.doing, parts.keeping)), main);
  const element = h("div", { class: "ccds-ask" }, waiting, columns);
  const marks = tellMarks(element, context.signal);
  const act = actions(state, context, draw);
  const sizes = new ResizeObserver(() => drawChart());
  sizes.observe(parts.counts);
  context.signal.addEventListener("abort", () => sizes.disconnect());

  /** Draws all, or what changes while the archive is being asked: a field that somebody is at stays as it is. */
  function draw(what = "all") {
    if (!state.approved) {
      if (state.error) waiting.replaceWith(h("div", { role: "alert" }, emptyState("This screen can’t be opened", state.error)));
      return;
    }
    waiting.hidden = true;
    columns.hidden = false;
    if (what === "all") {
      redraw(parts.fields, drawElsewhere(state.reach), drawCodes(state, act), drawDates(state, act), drawConsecutive(state, act));
      redraw(parts.keeping, drawKeeping(state, act, "Other criteria under the same name are its next version; nothing is overwritten.", fetchLink(state, act)));
    }
    redraw(parts.doing, drawDoing(state, act));
    drawCounts();
    redraw(parts.kept, drawKept(state, act));
  }

  function drawCounts() {
    const { found } = state;
    if (!found) {
      parts.counts.hidden = state.reach.where !== "here";
      redraw(parts.counts, state.counting ? h("p", { class: "ccds-waiting" }, "The archive is being asked, month by month …") : emptyState("Nothing was counted yet", "Choose exam codes and study dates, then Count: the archive is asked which studies it has. Nothing is copied."));
      return;
    }
    parts.counts.hidden = false;
    redraw(
      parts.counts,
      h("h2", {}, "What the archive has"),
      drawSum(found),
      isOf(found, state.form) ? null : h("p", { class: "ccds-hint" }, "The form has changed since: count again for its own numbers."),
      h("h3", {}, "By month"),
      h("div", { class: "ccds-figure" }),
      found.without_month ? h("p", { class: "ccds-muted" }, `${counted(found.without_month, "study")} without a date.`) : null,
      drawTables(found),
    );
    drawChart();
  }

  function drawChart() {
    fitMonths(parts.counts, state.found, marks, "Studies by month");
  }

  function pressed(event) {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey || !state.approved) return false;
    if (isTyping(event) && target.type !== "checkbox") {
      if (key !== "Escape") return false;
      main.focus();
      return true;
    }
    const focus = (name) => () => element.querySelector(`[data-focus="${name}"]`)?.focus();
    const run = { "/": focus("typed"), c: act.count, x: act.stop, n: focus("name") }[key];
    run?.();
    return Boolean(run);
  }

  return { element, open: act.open, close: act.close, pressed, keys: KEYS };
}
