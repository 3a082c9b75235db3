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
    partial: {}, // field → whether its day is only partly there
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
  const act = actions(state, context, draw);
  const { parts, element, marks, isOpen, showDays, pressed } = criteriaColumns(context, state, act, { waiting: "Reading what the IRB application covers …", counts: "What the archive has", kept: "Kept criteria" }, () => drawChart());

  /** Draws all, or what changes while the archive is being asked: a field that somebody is at stays as it is. */
  function draw(what = "all") {
    if (!isOpen()) return;
    showDays();
    if (what === "all") {
      redraw(parts.codes, drawElsewhere(state.reach), drawCodes(state, act));
      redraw(parts.more, drawConsecutive(state, act));
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

  return { element, open: act.open, close: act.close, pressed: (event) => pressed(event, { c: act.count, x: act.stop }), keys: KEYS };
}
