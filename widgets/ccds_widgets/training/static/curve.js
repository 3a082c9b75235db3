// A run's curve: training loss above, what was measured on the validation volumes below, over one axis of optimizer steps.

const SVG = "http://www.w3.org/2000/svg";
const FRAME = { left: 56, right: 16, top: 28, between: 52, bottom: 36 };
const HEIGHTS = { loss: 168, measured: 104 };

function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  element.append(...children.flat().filter(Boolean));
  return element;
}

/** The name of what is drawn below: the AUC, or the first that the bundle measures. */
function measuredName(metrics) {
  const names = Object.keys(metrics.findLast((metric) => metric.closes)?.validation ?? {});
  return names.includes("auc") ? "auc" : (names[0] ?? null);
}

/** "auc" as "AUC". */
function spoken(name) {
  return name === "auc" ? "AUC" : name;
}

/** Round numbers from `low` to `high`, about `count` of them. */
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) found.push(Number(tick.toPrecision(12)));
  return found;
}

/** Values as numbers of the same kind: 0.05 and 0.1 as "0.05" and "0.10". */
function tickLabels(values) {
  const decimals = Math.max(...values.map((value) => (String(value).split(".")[1] ?? "").length), 0);
  return values.map((value) => (Math.abs(value) >= 1000 ? grouped(value) : value.toFixed(Math.min(decimals, 6))));
}

/** Where things lie: from steps and values to pixels. */
function layout(metrics, epochs, width) {
  const losses = metrics.map((metric) => metric.loss).filter((loss) => loss !== null);
  const name = measuredName(metrics);
  const last = metrics.at(-1)?.step ?? 1;
  const closed = metrics.find((metric) => metric.closes);
  // Once an epoch is over it is known how many steps there will be.
  const end = Math.max(last, closed ? (closed.step / closed.epoch) * epochs : last, 2);
  const measured = metrics.filter((metric) => metric.closes && metric.validation[name] != null).map((metric) => metric.validation[name]);
  const isShare = measured.every((value) => value >= 0 && value <= 1);
  const loss = { low: Math.min(0, ...losses), high: ceiling(losses), top: FRAME.top, height: HEIGHTS.loss };
  const below = {
    low: isShare ? 0 : Math.min(...measured), high: isShare ? 1 : Math.max(...measured),
    top: FRAME.top + HEIGHTS.loss + FRAME.between, height: HEIGHTS.measured,
  };
  const x = (step) => FRAME.left + ((step - 1) / (end - 1)) * (width - FRAME.left - FRAME.right);
  const y = (panel) => (value) => panel.top + panel.height * (1 - (Math.min(value, panel.high) - panel.low) / (panel.high - panel.low || 1));
  return { name, end, isShare, loss, below, x, yLoss: y(loss), yBelow: y(below), width, height: below.top + below.height + FRAME.bottom };
}

/** The upper end of the loss's axis: all of it, but for a few steps that would press the rest flat. */
function ceiling(losses) {
  if (!losses.length) return 1;
  const sorted = [...losses].sort((a, b) => a - b);
  const most = sorted.at(-1);
  const usual = sorted[Math.floor(0.95 * (sorted.length - 1))];
  return (most > 4 * usual && usual > 0 ? 2 * usual : most) * 1.05 || 1;
}

function drawPanel(place, panel, y, title, count) {
  const values = ticks(panel.low, panel.high, count);
  const labels = tickLabels(values);
  return svg(
    "g",
    {},
    svg("text", { class: "ccds-axis-title", x: 0, y: panel.top - 14 }, title),
    ...values.map((value, at) =>
      svg(
        "g",
        {},
        svg("line", { class: "ccds-grid", x1: FRAME.left, x2: place.width - FRAME.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "ccds-tick", x: FRAME.left - 8, y: y(value) + 4, "text-anchor": "end" }, labels[at]),
      ),
    ),
  );
}

/** The path through `points`; where a value is missing it is interrupted. */
function line(points, name) {
  let drawing = false;
  const path = points.map(([x, y]) => {
    if (y === null) {
      drawing = false;
      return "";
    }
    const command = drawing ? "L" : "M";
    drawing = true;
    return `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return svg("path", { class: name, d: path.join("") });
}

function dots(points, name) {
  if (points.length > 80) return [];
  return points.filter(([, y]) => y !== null).map(([x, y]) => svg("circle", { class: name, cx: x.toFixed(1), cy: y.toFixed(1), r: points.length > 40 ? 2 : 3 }));
}

/** The curve as a picture; hovering and arrow keys move along its points. */
function drawCurve(state, run, width, point) {
  const { metrics } = state.curve;
  const place = layout(metrics, run.epochs, width);
  const { x, yLoss, yBelow, loss, below, name } = place;
  const maybe = (y) => (value) => (value === null || value === undefined ? null : y(value));
  const steps = metrics.filter((metric) => !metric.closes).map((metric) => [x(metric.step), maybe(yLoss)(metric.loss)]);
  const closing = metrics.filter((metric) => metric.closes);
  const epochs = closing.map((metric) => [x(metric.step), maybe(yLoss)(metric.loss)]);
  const measured = closing.map((metric) => [x(metric.step), maybe(yBelow)(metric.validation[name])]);
  const along = ticks(0, place.end, Math.max(4, Math.floor(width / 90))).map((step) => Math.max(1, step));
  const base = below.top + below.height;
  return svg(
    "svg",
    { class: "ccds-plot", width, height: place.height, viewBox: `0 0 ${width} ${place.height}`, "aria-hidden": "true" },
    drawPanel(place, loss, yLoss, "Training loss", 5),
    drawPanel(place, below, yBelow, name ? `Validation ${spoken(name)}` : "Validation", place.isShare ? 2 : 3),
    name === "auc" ? svg("line", { class: "ccds-chance", x1: FRAME.left, x2: width - FRAME.right, y1: yBelow(0.5), y2: yBelow(0.5) }) : null,
    name === "auc" ? svg("text", { class: "ccds-tick", x: FRAME.left - 8, y: yBelow(0.5) + 18, "text-anchor": "end" }, "chance") : null,
    ...along.map((step) => svg("text", { class: "ccds-tick", x: x(step), y: base + 18, "text-anchor": "middle" }, grouped(step))),
    svg("text", { class: "ccds-axis-title", x: width - FRAME.right, y: base + 34, "text-anchor": "end" }, "optimizer steps"),
    line(steps, "ccds-line-step"),
    line(epochs, "ccds-line-epoch"),
    dots(epochs, "ccds-dot-epoch"),
    line(measured, "ccds-line-measured"),
    dots(measured, "ccds-dot-measured"),
    point ? svg("line", { class: "ccds-cursor", x1: x(point.step), x2: x(point.step), y1: loss.top, y2: base }) : null,
    point && point.loss !== null ? svg("circle", { class: "ccds-dot-epoch ccds-dot-now", cx: x(point.step), cy: yLoss(point.loss), r: 5 }) : null,
    point && point.closes && point.validation[name] != null ? svg("circle", { class: "ccds-dot-measured ccds-dot-now", cx: x(point.step), cy: yBelow(point.validation[name]), r: 5 }) : null,
  );
}

/** A point of the curve in words. */
function pointWords(metric) {
  const number = (value) => (value === null ? "not a number" : value.toPrecision(3));
  const measured = Object.entries(metric.validation).map(([name, value]) => `, ${spoken(name)} ${value === null ? "can’t be computed" : value.toFixed(3)}`);
  const where = metric.closes ? `Epoch ${grouped(metric.epoch)}, all steps` : `Epoch ${grouped(metric.epoch)}, step ${grouped(metric.step)}`;
  return `${where}: loss ${number(metric.loss)}${measured.join("")}`;
}

/** The metric nearest to a pixel; one that closes an epoch wins over the step that it ended with. */
function nearest(metrics, epochs, width, pixel) {
  const { x } = layout(metrics, epochs, width);
  let found = null;
  for (const metric of metrics) if (!found || Math.abs(x(metric.step) - pixel) <= Math.abs(x(found.step) - pixel)) found = metric;
  return found;
}

/** The same as a table, for whoever doesn't see the picture or wants the numbers; `rows` is its body, which `drawRows` fills. */
function drawTable(name, rows) {
  const head = ["Epoch", "Step", "Mean loss", ...(name ? [`Validation ${spoken(name)}`] : []), "Seconds"];
  return h(
    "table",
    { class: "ccds-values" },
    h("caption", { class: "ccds-said" }, "Loss and validation at the end of each epoch"),
    h("thead", {}, h("tr", {}, ...head.map((title) => h("th", { scope: "col" }, title)))),
    rows,
  );
}

function drawRows(metrics) {
  const name = measuredName(metrics);
  const cells = (metric) => [
    grouped(metric.epoch), grouped(metric.step), metric.loss === null ? "not a number" : metric.loss.toPrecision(4),
    ...(name ? [metric.validation[name] == null ? "–" : metric.validation[name].toFixed(4)] : []), metric.seconds.toFixed(1),
  ];
  return metrics.filter((metric) => metric.closes).map((metric) => h("tr", {}, ...cells(metric).map((cell, at) => h(at ? "td" : "th", at ? {} : { scope: "row" }, cell))));
}
