// One scanner's small chart: a line for each volume, dots along three axes, or bars of orientations.

const LEFT = 32; // pixels for the names of axes
const RIGHT = 10;
const ROW = 18; // of an axis, or an orientation
const MOST_HEIGHT = 132;
const LEAST_STEP = 3; // pixels from line to line; nearer ones would melt into a block
const LABEL = 52; // of a tick's number

/** What stands when nothing is known yet. */
function nothingYet(text) {
  return h("p", { class: "ccds-muted ccds-nothing" }, text);
}

/** Each volume a line from its first to its last quantile, thick between the quarters, by its median; a band where they are many. */
function drawQuantiles(found, unlike, at, width, act, name) {
  const sorted = [...found].sort((one, other) => one.value[2] - other.value[2]);
  const isBand = MOST_HEIGHT / sorted.length < LEAST_STEP;
  const step = isBand ? MOST_HEIGHT / sorted.length : Math.min(7, Math.floor(MOST_HEIGHT / sorted.length));
  const height = Math.max(20, Math.ceil(sorted.length * step) + 8);
  const rows = sorted.map((one, order) => ({ ...one, y: 4 + (order + 0.5) * step }));
  const lines = rows.filter(({ place }) => !isBand || unlike.has(place)).map(({ place, value, y }) => {
    const [low, quarter, median, third, high] = value.map(at);
    const odd = unlike.has(place);
    const dot = Math.min(2.4, Math.max(1, step / 2 - 0.2));
    return s(
      "g",
      { class: odd ? "ccds-odd" : "ccds-one", onclick: odd ? () => act.choose(place) : null },
      s("title", {}, `${act.name(place)}: ${value.map(number).join(", ")}`),
      s("line", { class: "ccds-whole", x1: low, x2: high, y1: y, y2: y }),
      s("line", { class: "ccds-middle", x1: quarter, x2: third, y1: y, y2: y, "stroke-width": isBand ? 2 : Math.max(1, Math.min(4, Math.floor(step * 0.6))) }),
      s("circle", { cx: median, cy: y, r: odd ? Math.max(2.4, dot) : dot }),
      odd ? s("rect", { class: "ccds-hit", x: 0, y: y - 5, width, height: 10 }) : null,
    );
  });
  const band = isBand ? drawBand(rows, at, name) : [];
  const medians = sorted.map(({ value }) => value[2]);
  return s("svg", { width, height, role: "img", "aria-label": `${name}: ${counted(found.length, "volume")}, medians from ${number(medians[0])} to ${number(medians.at(-1))}` }, ...band, ...lines);
}

/** Lines too many to be told apart, as areas between their quantiles, and a line through their medians. */
function drawBand(rows, at, name) {
  const points = (those, quantile) => those.map(({ value, y }) => `${at(value[quantile])},${y}`);
  const area = (low, high) => [...points(rows, low), ...points(rows.toReversed(), high)].join(" ");
  return [
    s("polygon", { class: "ccds-band-whole", points: area(0, 4) }, s("title", {}, `${name}: ${counted(rows.length, "volume")}, by their medians`)),
    s("polygon", { class: "ccds-band-middle", points: area(1, 3) }),
    s("polyline", { class: "ccds-band-median", points: points(rows, 2).join(" ") }),
  ];
}

/** Each volume a dot on each of the patient's axes; those of one value stand above each other a little. */
function drawDots(found, unlike, at, width, act, name) {
  const rows = AXES.map((axis, row) => {
    const middle = ROW * (row + 0.5) + 2;
    const plain = found.filter(({ place }) => !oddOn(unlike.get(place), axis));
    const odd = found.filter(({ place }) => oddOn(unlike.get(place), axis));
    const dot = ({ place, value }, isOdd) =>
      s(
        "g",
        { class: isOdd ? "ccds-odd" : "ccds-one", onclick: isOdd ? () => act.choose(place) : null },
        s("title", {}, `${act.name(place)}: ${number(value[row])}`),
        s("circle", { cx: at(value[row]), cy: middle + (((place * 7) % 9) - 4), r: isOdd ? 3.6 : 2.6 }),
      );
    return [
      s("text", { x: 0, y: middle + 4 }, axis),
      s("line", { class: "ccds-base", x1: LEFT, x2: width - RIGHT, y1: middle, y2: middle }),
      ...plain.map((one) => dot(one, false)),
      ...odd.map((one) => dot(one, true)),
    ];
  });
  const told = AXES.map((axis, row) => {
    const values = found.map(({ value }) => value[row]);
    return `${axis} ${number(Math.min(...values))} to ${number(Math.max(...values))}`;
  });
  return s("svg", { width, height: 3 * ROW + 4, role: "img", "aria-label": `${name}: ${counted(found.length, "volume")}, ${told.join(", ")}` }, ...rows.flat());
}

function oddOn(what, axis) {
  return Boolean(what?.some((one) => one.what.endsWith(axis)));
}

/** How many volumes have each orientation. */
function drawOrientations(found, width, most, name) {
  const counts = new Map();
  for (const { value } of found) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort((one, other) => other[1] - one[1]);
  const long = Math.max(20, width - LEFT - RIGHT - 40);
  const rows = sorted.map(([code, count], row) => {
    const bar = Math.max(2, (count / most) * long);
    return [
      s("text", { x: 0, y: row * ROW + 14, class: "ccds-code" }, code),
      s("rect", { class: "ccds-bar", x: LEFT + 4, y: row * ROW + 4, width: bar, height: ROW - 6, rx: 2 }),
      s("text", { x: LEFT + bar + 10, y: row * ROW + 14 }, grouped(count)),
    ];
  });
  return s("svg", { width, height: sorted.length * ROW + 4, role: "img", "aria-label": `${name}: ${sorted.map(([code, count]) => `${code} ${count}`).join(", ")}` }, ...rows.flat());
}

/** The ticks above a column. */
function drawAxis([low, high], width, left, unit) {
  const at = scale([low, high], left, width - RIGHT);
  const marks = ticks([low, high], Math.max(3, Math.floor((width - left) / 75)));
  const apart = marks.length > 1 ? at(marks[1]) - at(marks[0]) : LABEL;
  const every = Math.ceil(LABEL / apart); // of so many ticks one has its number
  const named = marks.map((value, place) => ({ value, place })).filter(({ place }) => (marks.length - 1 - place) % every === 0);
  const words = new Map(named.map(({ value, place }) => [value, `${number(value)}${place === marks.length - 1 && unit ? ` ${unit}` : ""}`]));
  return s(
    "svg",
    { class: "ccds-axis", width, height: 18, "aria-hidden": "true" },
    ...marks.map((value) =>
      s("g", {}, s("line", { x1: at(value), x2: at(value), y1: 14, y2: 18 }), s("text", { x: at(value), y: 11, "text-anchor": "middle" }, words.get(value) ?? "")),
    ),
  );
}
