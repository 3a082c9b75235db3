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
    partial: {}, // field → whether its day is only partly there
    wrong: {}, // field → line
    error: null,
    refused: null, // {name, line}
    busy: false,
    counting: false,
    found: null,
    cohorts: [],
    keptAs: null,
  };
  const act = actions(state, context, draw);
  const { parts, element, marks, isOpen, showDays, pressed } = criteriaColumns(context, state, act, { waiting: "Counting the project’s reports …", counts: "Reports of these criteria", kept: "Kept cohorts" }, () => drawChart());

  /** Draws all, or what a count changes: a field that somebody is at stays as it is. */
  function draw(what = "all") {
    if (!isOpen()) return;
    showDays();
    if (what === "all") {
      redraw(parts.codes, drawCodes(state, act));
      redraw(parts.keeping, state.mayKeep ? drawKeeping(state, act, "A cohort stays what it is: other criteria need another name. Reports that are loaded later join it.") : null);
      redraw(parts.kept, drawCohorts(state, act));
    }
    redraw(parts.doing, state.error ? h("p", { class: "ccds-error", role: "alert" }, state.error) : null);
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

  return { element, open: act.open, close: act.close, pressed, keys: KEYS };
}
