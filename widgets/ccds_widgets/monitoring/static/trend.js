// One metric over the months: each month's rate with its interval, beside what it was in the first six months.

function linesOf(metric, point, before = []) {
  const { rate } = point;
  return [
    `${point.when}: ${rate.shown}`,
    ...before,
    `95 % CI ${rate.interval}`,
    `${rate.of} ${metric.wholes}`,
    ...(rate.few ? ["too few to conclude from"] : []),
  ];
}

function drawTrend(metric, months, width) {
  const on = plane({ width, height: 288, months, ticks: metric.ticks, format: wholePercent });
  const known = metric.points.filter((point) => point.rate);
  const base = metric.base && on.y(metric.base.value);
  const follows = (point, before) => before && months.indexOf(point.first) === months.indexOf(before.last) + 1;
  const line = known.map((point, at) => `${follows(point, known[at - 1]) ? "L" : "M"}${on.x(point.first, point.last)} ${on.y(point.rate.value)}`).join("");
  return drawing(
    on,
    `${metric.name} by month, ${known.length} values; the arrow keys move from one to the next`,
    metric.base && base >= on.top && base <= on.floor ? s("line", { class: "ccds-base", x1: on.left, x2: on.right, y1: base, y2: base }) : null,
    s("path", { class: "ccds-line", "data-tone": 0, d: line }),
    known.map((point) => rateMark(on, point, { focus: `trend-${point.first}`, lines: linesOf(metric, point) })),
  );
}

function trendLegend(metric) {
  const sample = (...children) => s("svg", { width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": true, "data-tone": 0 }, ...children);
  const whisker = () => s("path", { class: "ccds-whisker", d: "M9 1V17M5 1h8M5 17h8" });
  const few = metric.points.some((point) => point.rate?.few);
  const cut = metric.ticks[0] > 0;
  return h(
    "ul",
    { class: "ccds-legend" },
    h("li", {}, sample(whisker(), SHAPES[0](9, 9, 5)), "month of the final report, with its 95 % Wilson interval"),
    few ? h("li", {}, sampleFew(sample, whisker), metric.few) : null,
    metric.base ? h("li", {}, sample(s("line", { class: "ccds-base", x1: 0, x2: 18, y1: 9, y2: 9 })), held(metric.base.text)) : null,
    cut ? h("li", { class: "ccds-muted" }, `the scale begins at ${wholePercent(metric.ticks[0])}`) : null,
  );
}

function sampleFew(sample, whisker) {
  return sample(s("g", { class: "ccds-point", "data-few": true }, whisker(), SHAPES[0](9, 9, 5)));
}
