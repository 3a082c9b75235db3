// Above the report: where one is, what is searched, and how far the labelling is.

function drawToolbar(state, act) {
  const { overview, window: near, among, search } = state;
  if (!overview.reports) return [];
  const rank = near.begin + near.numbers.indexOf(state.number) + 1;
  const button = (name, run, hint, ...content) =>
    h("button", { class: "ccds-button", "data-focus": name, title: hint, "aria-label": hint, onclick: run }, ...content);
  const field = h("input", { class: "ccds-field ccds-jump", "data-focus": "jump", "aria-label": "Report number (#)", inputmode: "numeric", value: state.number + 1 });
  const words = h("input", { class: "ccds-field ccds-search", "data-focus": "search", "aria-label": "Search reports (/)", placeholder: "Search", maxlength: 500, autocomplete: "off", value: search.text });
  return [
    button("previous", () => act.step(-1), "Previous report (k)", "‹"),
    h("form", { class: "ccds-place-of", onsubmit: (event) => (event.preventDefault(), field.blur(), act.jump(field.value)) }, field, h("span", {}, ` of ${grouped(overview.reports)}`)),
    button("next", () => act.step(1), "Next report (j)", "›"),
    button("unlabelled", () => act.nextUnlabelled(), "Next unlabelled report (n)", "Next unlabelled", h("kbd", {}, "n")),
    among
      ? h(
          "div",
          { class: "ccds-filter", role: "status" },
          h("span", {}, ...amongWords(state), near.numbers.includes(state.number) ? `: ${grouped(rank)} of ${grouped(near.total)}` : ""),
          button("all", () => act.showAll(), "All reports again (a)", "All reports"),
        )
      : null,
    h("span", { class: "ccds-space" }),
    h(
      "form",
      { class: "ccds-search-form", role: "search", onsubmit: (event) => (event.preventDefault(), words.blur(), act.search({ ...search, text: words.value })) },
      words,
      h("kbd", {}, "/"),
      h("label", { class: "ccds-check" }, h("input", { type: "checkbox", "data-focus": "whole", checked: search.whole, onchange: (event) => act.search({ text: words.value, whole: event.target.checked }) }), h("span", {}, "Whole words")),
    ),
  ];
}

const WHICH = { captured: "Captured by ", matched: "Matched by ", shadowed: "Shadowed for ", uncertain: "Uncertain by ", negated: "Negated, so not matched by ", "if negated": "Changed by “not if negated” of " };

/** What is walked through, in words. */
function amongWords(state) {
  const { among } = state;
  const quoted = (text) => h("q", {}, text);
  if (among.by === "phrase") return [WHICH[among.which], quoted(phraseOf(state, among.phrase).text)];
  if (among.by === "words") return ["Holding ", quoted(among.text)];
  return [quoted(phraseOf(state, among.captured_by).text), " shadows ", quoted(phraseOf(state, among.hidden).text)];
}

/** A share as a person reads it: 0 and 100 only when it is none or all. */
function percentage(part, whole) {
  if (!part || part === whole) return part ? "100" : "0";
  const share = Math.min(99.9, Math.max(0.1, (100 * part) / whole));
  return share.toFixed(share < 10 || share > 99 ? 1 : 0);
}

function drawProgress(state) {
  const { reports, labelled, labels, kind } = state.overview;
  const share = (number) => (reports ? (100 * number) / reports : 0);
  const told = (label) => (kind === "one" ? grouped(label.captured) : `${grouped(label.captured)} · no ${grouped(label.absent)}`);
  const shown = labels.filter((label) => label.captured || label.absent || labels.length < 9);
  return [
    h("p", { class: "ccds-done" }, h("b", {}, grouped(labelled)), ` of ${counted(reports, "report")} labelled`, h("span", { class: "ccds-muted" }, ` · ${percentage(labelled, reports)} %`)),
    // Labels that are decided by themselves overlap: their shares make no bar.
    kind === "one" ? drawMeter(labels, share, shown.map((label) => `${label.name} ${told(label)}`).join(", ")) : null,
    h(
      "ul",
      { class: "ccds-legend", "aria-label": "Labels" },
      ...shown.map((label) => h("li", {}, h("span", { ...toneOf(labels, label.name), class: "ccds-dot" }), label.name, " ", h("b", {}, told(label)))),
      h("li", { class: "ccds-muted" }, h("span", { class: "ccds-dot ccds-dot-none" }), "Unlabelled ", h("b", {}, grouped(reports - labelled))),
    ),
  ];
}

function drawMeter(labels, share, told) {
  const parts = labels.map((label) => {
    const part = h("i", toneOf(labels, label.name));
    part.style.width = `${share(label.captured)}%`;
    return part;
  });
  return h("div", { class: "ccds-meter", role: "img", "aria-label": told || "nothing labelled" }, ...parts);
}
