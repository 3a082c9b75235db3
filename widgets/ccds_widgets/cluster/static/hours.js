// GPU-hours: over the periods, split over classes, and of one period by project and by person.

const TONES = { first: 0, second: 1, batch: 2 };

/** The fills of the classes, told apart without colour, too: plain, hatched, dotted. Once in the page, for all charts. */
function fills() {
  const pattern = (key, ...children) => s("pattern", { id: `ccds-fill-${key}`, width: 6, height: 6, patternUnits: "userSpaceOnUse", "data-tone": TONES[key] }, s("rect", { width: 6, height: 6, class: "ccds-fill-soft" }), ...children);
  return s(
    "svg",
    { width: 0, height: 0, "aria-hidden": true, class: "ccds-fills" },
    s("defs", {}, pattern("second", s("path", { d: "M-1.5 1.5L1.5 -1.5M0 6L6 0M4.5 7.5L7.5 4.5", class: "ccds-fill-line" })), pattern("batch", s("circle", { cx: 3, cy: 3, r: 1.4, class: "ccds-fill-dot" }))),
  );
}

/** A rectangle of one class. */
function bar(key, place) {
  return s("rect", { class: "ccds-bar", "data-class": key, "data-tone": TONES[key], ...place });
}

function classesLegend(screen) {
  return h("ul", { class: "ccds-legend" }, screen.classes.map((one) => h("li", {}, s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": true }, bar(one.key, { x: 1, y: 1, width: 12, height: 12 })), one.name)));
}

/** The plane of a chart over the screen's periods, with the chosen one marked. */
function planeOf(screen, width, rest) {
  const on = plane({ width, months: screen.periods.map((one) => one.name), label: (_, at) => screen.labels[at], ...rest });
  on.axes.prepend(s("rect", { class: "ccds-chosen", x: on.x(screen.chosen.name) - on.step / 2, y: on.top, width: on.step, height: on.floor - on.top }));
  return on;
}

/** A mark that shows its period in detail where it is clicked. */
function periodMark(on, one, what, act, ...children) {
  const mark = markOf(on, { x: on.x(one.name), focus: `${what.key}-${one.name}`, ...what }, children);
  mark.addEventListener("click", () => act.show({ period: one.name }));
  return mark;
}

function drawHours(screen, width, act) {
  const on = planeOf(screen, width, { height: 248, ticks: screen.hour_ticks, format: (value) => value.toLocaleString("en-US") });
  return drawing(
    on,
    `GPU-hours by ${screen.unit}, ${screen.periods.length} values; the arrow keys move from one to the next`,
    screen.periods.map((one) => {
      const half = Math.min(22, on.step * 0.36);
      let below = 0;
      const bars = screen.classes.map(({ key }, at) => {
        const [from, to] = [on.y(below), on.y(below + one.hours[at])];
        below += one.hours[at];
        return one.hours[at] ? bar(key, { x: on.x(one.name) - half, width: 2 * half, y: to, height: from - to }) : null;
      });
      const lines = [`${one.when}: ${one.total} GPU-hours`, ...screen.classes.map(({ name }, at) => `${name}: ${one.said[at]}`)];
      return periodMark(on, one, { key: "hours", y: on.y(below), text: one.text, lines, tone: 0 }, act, bars);
    }),
  );
}

function drawGroup(screen, group) {
  const heads = [group.key === "person" ? "Person" : "Project", "GPU-hours", "", ...screen.classes.map((one) => one.name)];
  return h(
    "div",
    { class: "ccds-group" },
    h("h4", {}, group.name),
    group.rows.length
      ? h(
          "table",
          { "aria-label": `GPU-hours ${group.name.toLowerCase()}, ${screen.chosen.when}` },
          h("thead", {}, h("tr", {}, heads.map((head) => (head ? h("th", { scope: "col" }, head) : h("td", {}))))),
          h(
            "tbody",
            {},
            group.rows.map((row) => {
              let left = 0;
              const bars = screen.classes.map(({ key }, at) => {
                const place = { x: `${100 * left}%`, width: `${100 * row.shares[at]}%`, y: 0, height: 14 };
                left += row.shares[at];
                return row.shares[at] ? bar(key, place) : null;
              });
              return h("tr", {}, h("th", { scope: "row" }, row.name), h("td", {}, h("b", {}, row.total)), h("td", { class: "ccds-group-bar" }, s("svg", { width: "100%", height: 14, "aria-hidden": true }, bars)), row.said.map((said) => h("td", {}, said)));
            }),
          ),
        )
      : h("p", { class: "ccds-muted" }, "Nobody held a GPU."),
  );
}
