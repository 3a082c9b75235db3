// Above the report: where one is, and how far the labelling is.

function drawToolbar(state, act) {
  const { overview, window: near, filter } = state;
  if (!overview.reports) return [];
  const phrase = filter && phraseOf(state, filter.phrase);
  const rank = near.begin + near.numbers.indexOf(state.number) + 1;
  const button = (name, run, hint, ...content) =>
    h("button", { class: "ccds-button", "data-focus": name, title: hint, "aria-label": hint, onclick: run }, ...content);
  const field = h("input", { class: "ccds-field ccds-jump", "data-focus": "jump", "aria-label": "Report number (#)", inputmode: "numeric", value: state.number + 1 });
  return [
    button("previous", () => act.step(-1), "Previous report (k)", "‹"),
    h("form", { class: "ccds-place-of", onsubmit: (event) => (event.preventDefault(), field.blur(), act.jump(field.value)) }, field, h("span", {}, ` of ${grouped(overview.reports)}`)),
    button("next", () => act.step(1), "Next report (j)", "›"),
    button("unlabelled", () => act.nextUnlabelled(), "Next unlabelled report (n)", "Next unlabelled", h("kbd", {}, "n")),
    phrase
      ? h(
          "div",
          { class: "ccds-filter", role: "status" },
          h("span", {}, filter.matched ? "Matched by " : "Captured by ", h("q", {}, phrase.text), near.numbers.includes(state.number) ? `: ${grouped(rank)} of ${grouped(near.total)}` : ""),
          button("all", () => act.showAll(), "All reports again (a)", "All reports"),
        )
      : null,
  ];
}

function drawUndo(state, act) {
  const { undo } = state.overview;
  if (undo === null) return [];
  return [h("span", {}, "Removed ", h("q", {}, undo)), h("button", { class: "ccds-button", "data-focus": "undo", onclick: act.undo }, "Undo", h("kbd", {}, "u"))];
}

/** A share as a person reads it: 0 and 100 only when it is none or all. */
function percentage(part, whole) {
  if (!part || part === whole) return part ? "100" : "0";
  const share = Math.min(99.9, Math.max(0.1, (100 * part) / whole));
  return share.toFixed(share < 10 || share > 99 ? 1 : 0);
}

function drawProgress(state) {
  const { reports, labelled, labels } = state.overview;
  const share = (number) => (reports ? (100 * number) / reports : 0);
  return [
    h("p", { class: "ccds-done" }, h("b", {}, grouped(labelled)), ` of ${counted(reports, "report")} labelled`, h("span", { class: "ccds-muted" }, ` · ${percentage(labelled, reports)} %`)),
    h(
      "div",
      { class: "ccds-meter", role: "img", "aria-label": labels.map((label) => `${label.name} ${grouped(label.captured)}`).join(", ") || "nothing labelled" },
      ...labels.map((label) => {
        const part = h("i", toneOf(state, label.name));
        part.style.width = `${share(label.captured)}%`;
        return part;
      }),
    ),
    h(
      "ul",
      { class: "ccds-legend", "aria-label": "Labels" },
      ...labels.map((label) => h("li", {}, h("span", { class: "ccds-dot", ...toneOf(state, label.name) }), label.name, " ", h("b", {}, grouped(label.captured)))),
      h("li", { class: "ccds-muted" }, h("span", { class: "ccds-dot ccds-dot-none" }), "Unlabelled ", h("b", {}, grouped(reports - labelled))),
    ),
  ];
}
