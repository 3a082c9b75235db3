// Each labeler by themselves: right against the gold set, drift, wrong prefills taken over, pace.

function drawLabelers(state) {
  const { overview, labelers } = state;
  if (!labelers.length) return [nothingRated(overview)];
  const rows = (key) => labelers.map((one) => ({ name: one.name, ...one[key] }));
  const shares = (name, key, head) => intervalTable({ name, heads: ["Labeler", head, "Answers"], rows: rows(key), ticks: SHARES, format: asPercent });
  return [
    h("header", { class: "ccds-part-head" }, h("h2", {}, "How good each labeler is")),
    overview.gold
      ? h("p", { class: "ccds-muted" }, `Against ${counted(overview.gold, "gold study")}, which labelers can’t tell from others.`)
      : h("p", { class: "ccds-hint" }, "There is no gold set yet: nobody knows who is right. A fellow takes studies into it on the screen Confirm."),
    overview.gold ? h("section", {}, h("h3", {}, "Right in each label"), shares("Right in each label", "accuracy", "Right")) : null,
    labelers.some(({ anchoring }) => anchoring.n) ? h("section", {}, h("h3", {}, "Wrong labels that were preselected and taken over"), shares("Wrong prefills taken over", "anchoring", "Taken over")) : null,
    h("div", { class: "ccds-cards" }, labelers.map((one) => card(one, overview.gold))),
  ];
}

function card(one, gold) {
  const figures = [
    ["Gave a label", one.rated],
    ["Right", one.accuracy.text],
    one.cohen ? ["Cohen’s kappa", one.cohen.text] : null,
    one.ac1 ? ["Gwet’s AC1", one.ac1.text] : null,
    ["Wrong prefills taken over", one.anchoring.text],
    ["Pace", one.pace ? paceWords(one.pace) : "nothing timed yet"],
  ].filter(Boolean);
  return h(
    "article",
    { class: "ccds-card", "aria-label": one.name },
    h("h3", {}, one.name),
    h("dl", {}, figures.flatMap(([name, told]) => [h("dt", {}, name), h("dd", {}, held(told))])),
    gold
      ? [
          h("p", { class: "ccds-drift", "data-state": one.drift.state }, h("b", {}, "Over time. "), held(one.drift.text)),
          h("div", { class: "ccds-figure", "data-windows": one.name }),
          h("p", { class: "ccds-muted ccds-small" }, held(one.drift.test)),
          labelTable(one),
        ]
      : null,
  );
}

function paceWords({ shown, interval, spread, studies, pauses }) {
  return `median ${shown}${interval ? ` (95 % CI ${interval})` : ""}, ${spread}; ${studies}${pauses ? `, ${pauses} left out` : ""}`;
}

function labelTable(one) {
  return h(
    "details",
    { class: "ccds-tables" },
    h("summary", {}, "Label by label"),
    table(
      `${one.name}, label by label`,
      ["Label", "Sensitivity", "Specificity", "Cohen’s kappa", "Gwet’s AC1"],
      one.labels.map((label) => [label.label, label.sensitivity.text, label.specificity.text, label.cohen.text, label.ac1.text]),
    ),
  );
}

/** Draws the share of right gold answers by windows into each card; the arrow keys walk through them. */
function drawWindows(root, labelers) {
  for (const place of root.querySelectorAll("[data-windows]")) {
    const one = labelers.find(({ name }) => name === place.dataset.windows);
    if (!one.windows.length) continue;
    const on = plane({ width: place.clientWidth, height: 150, months: one.windows.map(({ name }) => name), ticks: [0, 0.5, 1], format: wholePercent, label: (name) => [name, null] });
    const points = one.windows.map((window) => ({ first: window.name, last: window.name, rate: window.rate, text: window.text, when: window.when }));
    redraw(
      place,
      drawing(on, `${one.name}: share of right gold answers, by ${one.windows.length} windows; the arrow keys move from one to the next`, points.map((point) => rateMark(on, point, { focus: `window-${one.name}-${point.first}`, lines: [`Gold answers ${point.first}`, point.rate.text, point.when] }))),
    );
  }
}
