// Charts in SVG: elements, a plane with axes, marks that can be pointed at and walked through by keys, and what they tell; and the
// same numbers as tables, for screen readers and for copying. Joined behind base.js by the widgets that draw charts.

const SVG = "http://www.w3.org/2000/svg";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ROOM_FOR_A_LABEL = 34;

/** An SVG element with attributes and children; strings become text nodes. */
function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** "81 %" and "39 min" with a space at which no line breaks. */
function held(text) {
  return text.replaceAll(" %", "\u00a0%").replace(/(\d) (s|min|h|d)\b/g, "$1\u00a0$2");
}

/** What stands below a month, and below that where the year is told: at the first, and where it changes. */
function monthLabel(month, at) {
  const [year, number] = month.split("-").map(Number);
  return [MONTHS[number - 1], at === 0 || number === 1 ? String(year) : null];
}

/**
 * A plane of months, or other periods by their names, and numbers.
 *
 * `x(first, last)` is the middle of these months, `y` the place of a number; `step` is the width of a month. `axes` are the
 * lines and words to draw behind everything else; `label(month, at)` are the two words below a month, the second may be null.
 */
function plane({ width, height, months, ticks, format, left = 48, label = monthLabel }) {
  const [top, right, bottom] = [10, 12, 38];
  const step = (width - left - right) / months.length;
  const [low, high] = [ticks[0], ticks.at(-1)];
  const index = (month) => months.indexOf(month);
  const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
  const x = (first, last = first) => left + ((index(first) + index(last) + 1) / 2) * step;
  const every = [1, 2, 3, 6, 12].find((number) => number * step >= ROOM_FOR_A_LABEL) ?? 12;
  const floor = height - bottom;
  const axes = s(
    "g",
    { class: "ccds-axes", "aria-hidden": true },
    ticks.map((tick) => [
      s("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: tick === low ? "ccds-axis" : "ccds-grid" }),
      s("text", { x: left - 8, y: y(tick), dy: "0.32em", "text-anchor": "end" }, format(tick)),
    ]),
    months.map((month, at) => {
      const [below, farBelow] = label(month, at);
      const middle = x(month);
      const labelled = at % every === 0;
      return [
        s("line", { x1: middle, x2: middle, y1: floor, y2: floor + (labelled ? 5 : 3), class: "ccds-axis" }),
        labelled ? s("text", { x: middle, y: floor + 17, "text-anchor": "middle" }, below) : null,
        farBelow ? s("text", { x: middle, y: floor + 31, "text-anchor": "middle", class: "ccds-year" }, farBelow) : null,
      ];
    }),
  );
  return { width, height, top, left, right: width - right, floor, step, x, y, axes };
}

function wholePercent(share) {
  const number = 100 * share;
  return `${Number.isInteger(Number(number.toFixed(4))) ? number.toFixed(0) : number.toFixed(1)}\u00a0%`;
}

/** The drawing itself: `name` is read aloud; what lies in it is walked through by arrow keys. */
function drawing(on, name, ...children) {
  return s("svg", { viewBox: `0 0 ${on.width} ${on.height}`, width: on.width, height: on.height, role: "group", "aria-roledescription": "chart", "aria-label": name }, on.axes, ...children);
}

const SHAPES = [
  (x, y, size) => s("circle", { cx: x, cy: y, r: size }),
  (x, y, size) => s("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size }),
  (x, y, size) => s("path", { d: `M${x} ${y - 1.35 * size}L${x + 1.35 * size} ${y}L${x} ${y + 1.35 * size}L${x - 1.35 * size} ${y}Z` }),
  (x, y, size) => s("path", { d: `M${x} ${y - 1.2 * size}L${x + 1.2 * size} ${y + size}L${x - 1.2 * size} ${y + size}Z` }),
];

/** A rate with its interval at one place of a plane; hollow where it is of few studies. */
function rateMark(on, point, { tone = 0, size = 5, focus, lines }) {
  const { rate } = point;
  const x = on.x(point.first, point.last);
  const within = (share) => Math.min(on.floor, Math.max(on.top, on.y(share)));
  const [low, high] = [within(rate.low), within(rate.high)];
  const over = point.first === point.last ? "" : `M${on.x(point.first)} ${on.y(rate.value)}H${on.x(point.last)}`; // months put together
  return markOf(
    on,
    { x, y: on.y(rate.value), text: point.text, lines, focus, tone, few: rate.few },
    s("path", { class: "ccds-whisker", d: `M${x} ${low}V${high}M${x - 4} ${low}h8M${x - 4} ${high}h8${over}` }),
    SHAPES[tone % SHAPES.length](x, on.y(rate.value), size),
  );
}

/** Anything that stands for a number: found by mouse in the whole height of its month, by keys as the next one. */
function markOf(on, { x, y, text, lines, focus, tone, few = false }, ...children) {
  const mark = s(
    "g",
    { class: "ccds-point", role: "img", tabindex: -1, "aria-label": held(text), "data-focus": focus, "data-tone": tone, "data-few": few, "data-x": x, "data-y": y },
    s("rect", { class: "ccds-hit", x: x - on.step / 2, y: on.top, width: on.step, height: on.floor - on.top }),
    ...children,
  );
  mark.ccdsLines = lines;
  return mark;
}

/**
 * What a mark tells where it is pointed at or focused, and the keys that walk through the marks of its drawing. Listens on
 * `root` once, whatever is drawn in it later; `settle()` makes each new drawing one stop of the tab key.
 */
function tellMarks(root, signal) {
  const tip = h("div", { class: "ccds-tip", "aria-hidden": true, hidden: true });
  root.append(tip);
  const marksOf = (drawn) => [...drawn.querySelectorAll(".ccds-point")];
  const markAt = (event) => event.target.closest?.("svg .ccds-point[tabindex]");
  const tell = (mark) => {
    tip.hidden = !mark;
    if (!mark) return;
    tip.replaceChildren(...mark.ccdsLines.map((line, at) => h(at ? "span" : "b", {}, held(line))));
    const around = root.getBoundingClientRect();
    const at = mark.ownerSVGElement.getBoundingClientRect();
    const [x, y] = [at.left - around.left + Number(mark.dataset.x), at.top - around.top + Number(mark.dataset.y)];
    const half = tip.offsetWidth / 2;
    tip.style.left = `${Math.min(around.width - half - 4, Math.max(half + 4, x))}px`;
    tip.style.top = `${y}px`;
    tip.dataset.below = String(at.top + Number(mark.dataset.y) < tip.offsetHeight + 64);
  };
  const focused = () => tell(root.querySelector(".ccds-point:focus-visible"));
  root.addEventListener("pointerover", (event) => (markAt(event) ? tell(markAt(event)) : focused()), { signal });
  root.addEventListener("pointerleave", focused, { signal });
  root.addEventListener("focusout", () => tell(null), { signal });
  root.addEventListener("focusin", (event) => {
    const mark = markAt(event);
    if (!mark) return;
    marksOf(mark.ownerSVGElement).forEach((other) => other.setAttribute("tabindex", other === mark ? 0 : -1));
    tell(mark);
  }, { signal });
  root.addEventListener("keydown", (event) => {
    const mark = markAt(event);
    if (!mark) return;
    const all = marksOf(mark.ownerSVGElement);
    const at = all.indexOf(mark);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") tell(null);
    else if (to !== undefined) all[Math.min(all.length - 1, Math.max(0, to))].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  return {
    settle() {
      for (const drawn of root.querySelectorAll("svg[role=group]")) {
        const all = marksOf(drawn);
        if (all.length && !all.some((mark) => mark.getAttribute("tabindex") === "0")) all[0].setAttribute("tabindex", 0);
      }
    },
  };
}

/** A table; the first cell of each row names it. */
function table(caption, heads, rows) {
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(([first, ...cells]) => h("tr", {}, h("th", { scope: "row" }, first), cells.map((cell) => h("td", {}, held(String(cell))))))),
  );
}
