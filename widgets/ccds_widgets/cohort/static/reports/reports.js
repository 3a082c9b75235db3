// The screen Reports: its parts, when they are drawn, and its keys.

const KEYS = [
  ["/", "type an exam code; ↵ chooses it"],
  ["n", "name the cohort; ↵ keeps it"],
  ["← →", "in the chart: from month to month"],
  ["Esc", "out of the text field"],
];

function reportsScreen(context) {
  const state = {
    approved: null,
    mayKeep: false,
    form: null,
    typed: "",
    name: "",
    wrong: {}, // field → line
    error: null,
    refused: null, // {name, line}
    busy: false,
    counting: false,
    found: null,
    cohorts: [],
    keptAs: null,
  };
  const parts = {
    fields: h("div", { class: "ccds-ask-fields" }),
    error: h("div", { class: "ccds-doing" }),
    keeping: h("div", {}),
    counts: h("section", { class: "ccds-ask-counts", "aria-label": "Reports of these criteria" }),
    cohorts: h("section", { class: "ccds-kept", "aria-label": "Kept cohorts" }),
  };
  const main = h("div", { class: "ccds-ask-main", tabindex: -1 }, parts.counts, parts.cohorts);
  const waiting = h("p", { class: "ccds-waiting", role: "status" }, "Counting the project’s reports …");
  const columns = h("div", { class: "ccds-ask-columns", hidden: true }, h("section", { class: "ccds-ask-side", "aria-label": "Criteria" }, h("div", { class: "ccds-ask-form" }, parts.fields, parts.error, parts.keeping)), main);
  const element = h("div", { class: "ccds-ask" }, waiting, columns);
  const marks = tellMarks(element, context.signal);
  const act = actions(state, context, draw);
  const sizes = new ResizeObserver(() => drawChart());
  sizes.observe(parts.counts);
  context.signal.addEventListener("abort", () => sizes.disconnect());

  /** Draws all, or what a count changes: a field that somebody is at stays as it is. */
  function draw(what = "all") {
    if (!state.approved) {
      if (state.error) waiting.replaceWith(h("div", { role: "alert" }, emptyState("This screen can’t be opened", state.error)));
      return;
    }
    waiting.hidden = true;
    columns.hidden = false;
    if (what === "all") {
      redraw(parts.fields, drawCodes(state, act), drawDates(state, act));
      redraw(parts.keeping, state.mayKeep ? drawKeeping(state, act, "A cohort stays what it is: other criteria need another name. Reports that are loaded later join it.") : null);
      redraw(parts.cohorts, drawCohorts(state, act));
    }
    redraw(parts.error, state.error ? h("p", { class: "ccds-error", role: "alert" }, state.error) : null);
    drawCounts();
  }

  function drawCounts() {
    const { found } = state;
    if (!found) {
      redraw(parts.counts, state.counting ? h("p", { class: "ccds-waiting" }, "Counting …") : null);
      return;
    }
    const nothing = !found.reports && !found.left_out.length;
    redraw(
      parts.counts,
      nothing
        ? emptyState("No reports yet", "An engineer or a fellow loads them:", h("code", { class: "ccds-command" }, `ccds labeling load --project ${context.project} --reports FILE`))
        : [
            h("p", { class: "ccds-sum" }, h("b", {}, counted(found.reports, "report"))),
            h("p", { class: "ccds-muted" }, criteriaLine(found.criteria)),
            found.left_out.length ? h("p", { class: "ccds-note" }, h("b", {}, "Left out. "), found.left_out.map(({ number, why }) => `${grouped(number)} ${why}`).join("; "), ".") : null,
            found.months.length ? h("h3", {}, "By month") : null,
            found.months.length ? h("div", { class: "ccds-figure" }) : null,
            drawTables(found, "Reports"),
          ],
    );
    drawChart();
  }

  function drawChart() {
    fitMonths(parts.counts, state.found, marks, "Reports by month", "report");
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
    const run = { "/": focus("typed"), n: focus("name") }[key];
    run?.();
    return Boolean(run);
  }

  return { element, open: act.open, close: act.close, pressed, keys: KEYS };
}
