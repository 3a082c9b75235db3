// What an archive has of criteria, counted: shown by both screens, before anything is copied.

/** A day as a person reads it: the ISO date, unbroken. */
function dates({ first, last }) {
  return h("span", { class: "ccds-days" }, first === last ? first : `${first} to ${last}`);
}

const MOST_CODES = 8;

/** Criteria as one line: exam codes, days, how many consecutive ones. */
function criteriaLine(criteria) {
  const { codes, consecutive } = criteria;
  const more = codes.length - MOST_CODES;
  return [
    h("span", { title: more > 0 ? codes.join(", ") : undefined }, codes.slice(0, MOST_CODES).join(", "), more > 0 ? ` and ${grouped(more)} more` : null),
    ", ",
    dates(criteria),
    consecutive ? `, the first ${counted(consecutive, "study")} as they were acquired` : null,
  ];
}

/** The sum, and what is to be known about it. */
function drawSum(found) {
  const { studies, instances, undecided, left_out: leftOut } = found;
  return [
    h(
      "p",
      { class: "ccds-sum" },
      h("b", {}, counted(studies, "study")),
      h("span", {}, instances === null ? "the archive doesn’t say of how many instances" : counted(instances, "instance")),
    ),
    h("p", { class: "ccds-muted" }, criteriaLine(found.criteria)),
    undecided
      ? h("p", { class: "ccds-note" }, h("b", {}, `${counted(undecided, "study")} undecided. `), "The archive doesn’t say their exam code or date: whether they belong is seen when they are fetched.")
      : null,
    leftOut
      ? h("p", { class: "ccds-note" }, h("b", {}, `${counted(leftOut, "study")} left out. `), "The archive answered with them, and they weren’t asked for.")
      : null,
  ];
}

/** Studies or reports by month, as bars; the arrow keys walk through them. */
function drawMonths(found, width, name, noun = "study") {
  const months = found.months.map(({ month }) => month);
  const on = plane({ width, height: 208, months, ticks: found.ticks, format: grouped });
  return drawing(
    on,
    `${name}, ${counted(months.length, "month")}; the arrow keys move from one to the next`,
    found.months.map(({ month, number }) => {
      const half = Math.min(22, on.step * 0.36);
      const [x, y] = [on.x(month), on.y(number)];
      const bar = number ? s("rect", { class: "ccds-bar", x: x - half, width: 2 * half, y, height: on.floor - y }) : null;
      return markOf(on, { x, y, text: `${month}: ${counted(number, noun)}`, lines: [month, counted(number, noun)], focus: `month-${month}`, tone: 0 }, bar);
    }),
  );
}

/** Draws the months into the figure that `container` has, as wide as that is. */
function fitMonths(container, found, marks, name, noun) {
  const place = container.querySelector(".ccds-figure");
  const width = Math.floor(place?.clientWidth ?? 0);
  if (!found || width < 120) return;
  redraw(place, drawMonths(found, width, name, noun));
  marks.settle();
}

/** One table of numbers of `things`, with bars in proportion to the largest. */
function drawNumbers({ name, rows, more }, things) {
  const largest = Math.max(1, ...rows.map(({ number }) => number));
  return h(
    "div",
    { class: "ccds-numbers" },
    h(
      "table",
      { "aria-label": `${things} by ${name.toLowerCase()}` },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, name), h("td", { "aria-hidden": true }), h("th", { scope: "col" }, things))),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, row.unknown ? h("i", {}, "not said") : row.name),
            h("td", { class: "ccds-number-bar", "aria-hidden": true }, row.number ? h("i", { style: `inline-size: ${(100 * row.number) / largest}%` }) : null),
            h("td", {}, grouped(row.number)),
          ),
        ),
      ),
    ),
    more ? h("p", { class: "ccds-muted" }, `and ${grouped(more)} more`) : null,
  );
}

function drawTables(found, things = "Studies") {
  return h("div", { class: "ccds-number-tables" }, found.tables.map((one) => drawNumbers(one, things)));
}

const ELSEWHERE = {
  site: ["The site asks the archive. ", "From your session it can’t be reached: you keep criteria and leave them to the site, which asks and fetches."],
  nowhere: ["This site has no archive yet. ", "You can choose and keep criteria; nothing can be asked or fetched."],
};

/** Who asks the archive, where it isn't whoever looks. */
function drawElsewhere({ where, why }) {
  if (where === "here") return null;
  const [who, what] = ELSEWHERE[where];
  return h("div", { class: "ccds-site", role: "note" }, h("b", {}, who), what, h("span", { class: "ccds-muted" }, why));
}

/** How far asking the archive is. */
function drawAsking(counting, act) {
  const { month, months, done, studies, stops } = counting;
  return h(
    "div",
    { class: "ccds-asking" },
    h(
      "p",
      { role: "status" },
      h("b", {}, stops ? "Stopping …" : months ? `Asking about ${month}` : "Reaching the archive …"),
      h("span", { class: "ccds-muted" }, months ? ` month ${done + 1} of ${grouped(months)}, ${counted(studies, "study")} so far` : ""),
    ),
    h(
      "div",
      { class: "ccds-asking-line" },
      h("progress", { "aria-label": "Months that were asked about", max: months ?? 1, value: months ? done : undefined }),
      h("button", { class: "ccds-button", type: "button", "data-focus": "stop", disabled: stops, onclick: act.stop }, "Stop", h("kbd", {}, "x")),
    ),
  );
}
