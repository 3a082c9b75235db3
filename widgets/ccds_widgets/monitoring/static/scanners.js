// The same metric scanner by scanner: small charts on one scale, each software version with its own mark and its whole interval.

const NARROWEST = 220;
const GAP = 16;

function scannersLegend(metric, why) {
  const hidden = metric.devices.some((device) => device.hidden.length);
  return h(
    "p",
    { class: "ccds-muted" },
    "One scale for all. The band is the rate of all months of one software version with its 95 % interval; a dashed line marks the month from which new software is shown. ",
    `Hollow: ${metric.few}. `,
    hidden ? `Grey is not shown: ${why}.` : null,
  );
}

/** As many columns as have room, all rows alike full: five charts are 5, or 3 and 2. */
function drawScanners(metric, months, room) {
  const most = Math.max(1, Math.floor((room + GAP) / (NARROWEST + GAP)));
  const rows = Math.ceil(metric.devices.length / most);
  const columns = Math.ceil(metric.devices.length / rows);
  const width = Math.floor((room - GAP * (columns - 1)) / columns);
  return h(
    "div",
    { class: "ccds-scanners", style: `grid-template-columns: repeat(${columns}, minmax(0, 1fr)); gap: ${GAP}px` },
    metric.devices.map((device) => h("figure", {}, scannerWords(metric, device), device.software.length ? drawScanner(metric, device, months, width) : null)),
  );
}

function drawScanner(metric, device, months, width) {
  const on = plane({ width, height: 196, months, ticks: metric.device_ticks, format: wholePercent, left: 44 });
  const known = device.software.flatMap((one) => one.points.filter((point) => point.rate));
  return drawing(
    on,
    `${metric.name} on ${device.name} by month, ${known.length} values; the arrow keys move from one to the next`,
    device.hidden.map((span) => s("rect", { class: "ccds-hidden", x: on.x(span.first) - on.step / 2, width: on.x(span.last) - on.x(span.first) + on.step, y: on.top, height: on.floor - on.top })),
    device.software.map((one, tone) => drawSoftware(on, one, tone)),
    device.software.slice(1).map((one) => drawChange(on, one)),
    device.software.map((one, tone) =>
      one.points
        .filter((point) => point.rate)
        .map((point) => rateMark(on, point, { tone, size: 3.5, focus: `${device.name}-${tone}-${point.first}`, lines: linesOf(metric, point, [`software ${one.version}`]) })),
    ),
  );
}

/** The rate of all months of a software version, and its interval, behind the months'. */
function drawSoftware(on, one, tone) {
  if (!one.rate) return null;
  const [begin, end] = [on.x(one.points[0].first) - on.step / 2, on.x(one.points.at(-1).last) + on.step / 2];
  return s(
    "g",
    { class: "ccds-band", "data-tone": tone, "aria-hidden": true },
    s("rect", { x: begin, width: end - begin, y: on.y(one.rate.high), height: Math.max(1, on.y(one.rate.low) - on.y(one.rate.high)) }),
    s("line", { x1: begin, x2: end, y1: on.y(one.rate.value), y2: on.y(one.rate.value) }),
  );
}

function drawChange(on, one) {
  const x = on.x(one.points[0].first) - on.step / 2;
  const leftOf = x > (on.left + on.right) / 2;
  return s(
    "g",
    { class: "ccds-change", "aria-hidden": true },
    s("line", { x1: x, x2: x, y1: on.top, y2: on.floor }),
    s("text", { x: x + (leftOf ? -5 : 5), y: on.floor - 6, "text-anchor": leftOf ? "end" : "start" }, `${one.version} from ${MONTHS[Number(one.points[0].first.slice(5)) - 1]}`),
  );
}

/** The scanner's name, and in words what its software versions reach. */
function scannerWords(metric, device) {
  return [
    h("h4", {}, device.name),
    h(
      "ul",
      { class: "ccds-software" },
      device.software.map((one, tone) =>
        h(
          "li",
          {},
          s("svg", { width: 12, height: 12, viewBox: "0 0 12 12", "aria-hidden": true, "data-tone": tone, class: "ccds-shape" }, SHAPES[tone % SHAPES.length](6, 6, 4)),
          one.rate ? h("span", {}, h("b", {}, held(one.rate.shown)), held(` (${one.rate.interval})`)) : h("span", { class: "ccds-muted" }, "no rate"),
          h("span", { class: "ccds-muted" }, ` ${one.version}`),
          one.rate?.few ? h("span", { class: "ccds-few" }, `only ${one.rate.whole} ${metric.wholes}`) : null,
        ),
      ),
      device.note ? h("li", { class: "ccds-muted" }, device.note) : null,
    ),
  ];
}
