// Small things that all parts of the screen show: labels as chips, rates and coefficients as a dot with its interval.

const PARTS = [
  ["agreement", "Agreement"],
  ["labelers", "Labelers"],
  ["batches", "Batches"],
  ["cases", "To decide"],
  ["labels", "Labels and snapshots"],
];

/** A label in its colour, with its word and what follows it. */
function chip(task, name, after = "") {
  return labelChip(task.labels, name, `${name}${after}`);
}

/** What somebody said: its labels, or that there is none. */
function chips(task, said) {
  return said.length ? said.map((name) => chip(task, name)) : [h("span", { class: "ccds-chip ccds-chip-none" }, "no label")];
}

const GROUPS = { all: "All together", gold: "Against the gold set", pair: "Two by two" };

/** The place of a number on the axis from the first to the last of `ticks`, in percent of its width. */
function placeOn(ticks, value) {
  const [low, high] = [ticks[0], ticks.at(-1)];
  return (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
}

/** One row's picture: the interval as a line, the value as a dot, behind them the axis' lines. */
function intervalPicture(row, ticks) {
  const x = (value) => `${placeOn(ticks, value)}%`;
  return s(
    "svg",
    { class: "ccds-interval", width: "100%", height: 24, "aria-hidden": true, "data-tone": 0, "data-few": Boolean(row.few) },
    (row.value === null ? [] : ticks).map((tick) => s("line", { x1: x(tick), x2: x(tick), y1: 0, y2: 24, class: tick === 0 ? "ccds-axis" : "ccds-grid" })),
    row.value === null
      ? null
      : [
          s("line", { x1: x(row.low), x2: x(row.high), y1: 12, y2: 12, class: "ccds-whisker" }),
          s("line", { x1: x(row.low), x2: x(row.low), y1: 8, y2: 16, class: "ccds-whisker" }),
          s("line", { x1: x(row.high), x2: x(row.high), y1: 8, y2: 16, class: "ccds-whisker" }),
          s("circle", { cx: x(row.value), cy: 12, r: 4.5, class: "ccds-value" }),
        ],
  );
}

/** The numbers below the pictures. */
function axisPicture(ticks, format) {
  return s(
    "svg",
    { class: "ccds-interval", width: "100%", height: 18, "aria-hidden": true },
    ticks.map((tick, at) => s("text", { x: `${placeOn(ticks, tick)}%`, y: 13, "text-anchor": at ? (at === ticks.length - 1 ? "end" : "middle") : "start" }, format(tick))),
  );
}

/**
 * Dots with intervals and the same numbers beside them: one row for each of `rows`, {name, group, value, low, high, shown, interval, n, text}.
 * `heads` are the names of the first column, of the value and of the number of studies.
 */
function intervalTable({ name, heads, rows, ticks, format }) {
  let group = null;
  const lines = rows.flatMap((row) => {
    const begins = row.group !== undefined && row.group !== group;
    group = row.group;
    return [
      begins ? h("tr", { class: "ccds-rows-of" }, h("th", { scope: "rowgroup", colspan: 5 }, GROUPS[row.group])) : null,
      h(
        "tr",
        {},
        h("th", { scope: "row" }, row.name),
        h("td", { class: "ccds-picture" }, intervalPicture(row, ticks), row.value === null ? h("span", { class: "ccds-not-defined" }, row.text) : null),
        h("td", {}, h("b", {}, held(row.shown))),
        h("td", {}, held(row.interval)),
        h("td", {}, row.of ?? grouped(row.n)),
      ),
    ].filter(Boolean);
  });
  return h(
    "table",
    { class: "ccds-intervals", "aria-label": name },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, heads[0]), h("td", { "aria-hidden": true }), ...[heads[1], "95 % CI", heads[2]].map((head) => h("th", { scope: "col" }, held(head))))),
    h("tbody", {}, lines),
    h("tfoot", { "aria-hidden": true }, h("tr", {}, h("td", {}), h("td", { class: "ccds-picture" }, axisPicture(ticks, format)), h("td", { colspan: 3 }))),
  );
}

const SHARES = [0, 0.25, 0.5, 0.75, 1];

/** 0.25 as "25 %". */
function asPercent(share) {
  return held(`${Math.round(100 * share)} %`);
}
