// How labelers agree: which question, which coefficient, its rows as dots with intervals, and two by two as a matrix.

function drawAgreement(state, act) {
  const { overview, agreement } = state;
  if (!overview.ratings) return [nothingRated(overview)];
  const { measures } = agreement;
  const measure = measures.find((one) => one.key === state.measure) ?? measures[0];
  return [
    h(
      "header",
      { class: "ccds-part-head" },
      h("h2", {}, "How well labelers agree"),
      overview.questions.length > 1 ? questionChooser(state, act) : h("b", {}, agreement.question),
    ),
    h("p", { class: "ccds-muted" }, agreement.basis, overview.labelers.length < 2 ? ` Only ${overview.labelers[0]} has answered: nobody can be compared but with the gold set.` : ""),
    overview.gold ? null : h("p", { class: "ccds-hint" }, "There is no gold set yet. A fellow takes a study into it on the screen Confirm; then each labeler is compared with it."),
    h("fieldset", { class: "ccds-measures" }, h("legend", { class: "ccds-said" }, "Coefficient"), measures.map((one) => measureTile(one, one === measure, act))),
    h("p", {}, h("b", {}, `${measure.name}. `), measure.meaning, h("span", { class: "ccds-muted" }, ` ${measure.source}.`)),
    measure.rows.length
      ? intervalTable({ name: measure.name, heads: ["Who", "Value", "Studies"], rows: measure.rows, ticks: measure.ticks, format: (tick) => tick.toFixed(1) })
      : h("p", { class: "ccds-muted" }, "Nobody can be compared yet: it takes two labelers with the same study, or a gold answer."),
    agreement.labelers.length > 2 ? matrix(measure, agreement.labelers) : null,
  ];
}

function questionChooser(state, act) {
  return h(
    "label",
    { class: "ccds-choose" },
    "Question ",
    h(
      "select",
      { class: "ccds-field", "data-focus": "question", onchange: (event) => act.question(Number(event.target.value)) },
      ...state.overview.questions.map((name, at) => h("option", { value: at, selected: at === state.question }, name)),
    ),
  );
}

function measureTile(measure, chosen, act) {
  const { whole } = measure;
  return h(
    "label",
    { class: "ccds-measure" },
    h("input", { type: "radio", name: "ccds-measure", class: "ccds-said", "data-focus": `measure-${measure.key}`, checked: chosen, onchange: () => act.measure(measure.key) }),
    h("span", { class: "ccds-measure-name" }, measure.name),
    h("span", { class: "ccds-measure-value" }, whole ? whole.shown : "–"),
    h("span", { class: "ccds-muted" }, held(whole ? (whole.value === null ? whole.text : `${whole.interval}, n ${grouped(whole.n)}`) : measure.key === "cohen" ? "of two: see below" : "no two labelers yet")),
  );
}

/** Each two labelers: the colour says how much, the number says it exactly. */
function matrix(measure, labelers) {
  const between = new Map(measure.rows.filter(({ group }) => group === "pair").map((row) => [row.labelers.join("\n"), row]));
  const of = (one, other) => between.get([one, other].join("\n")) ?? between.get([other, one].join("\n"));
  const cell = (one, other) => {
    if (one === other) return h("td", { class: "ccds-same" }, "–");
    const row = of(one, other);
    const strength = row.value === null ? 0 : Math.round(70 * Math.max(0, row.value));
    return h(
      "td",
      { style: `--strength: ${strength}%`, title: held(row.text), "aria-label": held(`${one} and ${other}: ${row.text}`) },
      h("b", {}, row.shown),
      h("span", {}, row.value === null ? "not defined" : `n ${grouped(row.n)}`),
    );
  };
  return h(
    "section",
    {},
    h("h3", {}, `${measure.name}, two by two`),
    h(
      "div",
      { class: "ccds-scroll", tabindex: 0, role: "region", "aria-label": `${measure.name}, two by two` },
      h(
        "table",
        { class: "ccds-matrix" },
        h("thead", {}, h("tr", {}, h("td", {}), labelers.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, labelers.map((one) => h("tr", {}, h("th", { scope: "row" }, one), labelers.map((other) => cell(one, other))))),
      ),
    ),
  );
}

function nothingRated({ batches }) {
  return batches
    ? emptyState("Nothing is answered yet", "As soon as labelers confirm studies of a batch, their agreement stands here.")
    : emptyState("No batch yet", "A fellow makes a batch of studies on the screen Confirm and says who answers it. Studies that two labelers answer show how well they agree; studies of the gold set mixed in show how often each is right.");
}
