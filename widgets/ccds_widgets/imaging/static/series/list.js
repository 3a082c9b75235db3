// The studies: filters, one a line, pages.

function drawFilters(state, act) {
  const { counts, codes } = state.list;
  return [
    h(
      "div",
      { class: "ccds-filters", role: "group", "aria-label": "Show" },
      FILTERS.filter(([which]) => which !== "unread" || counts.unread || state.which === which).map(([which, title, what]) =>
        h(
          "button",
          { class: "ccds-button ccds-filter", "data-focus": `filter-${which}`, "aria-pressed": String(state.which === which), title: `${counts[which]} ${what}`, onclick: () => act.filter({ which }) },
          title,
          h("b", {}, grouped(counts[which])),
        ),
      ),
    ),
    h(
      "label",
      { class: "ccds-code" },
      h("span", { class: "ccds-muted" }, "Exam code"),
      h(
        "select",
        { class: "ccds-field", "data-focus": "code", onchange: (event) => act.filter({ code: event.target.value || null }) },
        h("option", { value: "", selected: state.code === null }, "every"),
        codes.map(({ code, studies }) => h("option", { value: code, selected: state.code === code }, `${code} (${grouped(studies)})`)),
      ),
    ),
  ];
}

/** Stays while the list is drawn anew: nothing that is typed is lost, and nothing counts before it is sent. */
function searchField(state, act) {
  const send = (key) => key !== state.key && act.filter({ key });
  const field = h("input", { class: "ccds-field", type: "search", maxlength: 64, placeholder: "begins with", autocomplete: "off", spellcheck: "false", oninput: () => field.value || send("") });
  const form = h(
    "form",
    { role: "search", onsubmit: (event) => (event.preventDefault(), send(field.value.trim().toLowerCase())) },
    h("label", { class: "ccds-code" }, h("span", { class: "ccds-muted" }, "Study key"), field, h("kbd", {}, "/")),
  );
  return {
    form,
    select: () => field.select(),
    holds: (element) => element === field,
    /** Back to what the list shows. */
    reset: () => (field.value = state.key),
  };
}

function drawStudies(state, act) {
  const { studies, reading, counts } = state.list;
  const progress = reading && counts.unread ? h("p", { class: "ccds-hint", role: "status" }, `Reading headers: ${counted(counts.unread, "study")} to go …`) : null;
  if (!studies.length) return [progress, h("p", { class: "ccds-muted ccds-none" }, state.key && state.code === null && !counts.all ? `No study’s key begins with “${state.key}”.` : "No study is like that.")];
  return [
    progress,
    h(
      "ol",
      {},
      studies.map((one) =>
        h(
          "li",
          {},
          h(
            "button",
            { class: "ccds-entry", "data-focus": `study-${one.key}`, "aria-current": one.key === state.wanted ? "true" : null, onclick: () => act.show(one.key) },
            h("span", { class: "ccds-entry-line" }, h("span", { class: "ccds-key" }, one.key), h("span", { class: "ccds-space" }), h("span", { class: "ccds-muted" }, one.codes.join(", ") || "no exam code")),
            h("span", { class: "ccds-entry-line" }, chosenLine(one), h("span", { class: "ccds-space" }), one.overruled_by ? h("span", { class: "ccds-chip", "data-tone": 5, title: `Overruled by ${one.overruled_by}` }, "overruled") : null),
          ),
        ),
      ),
    ),
  ];
}

function chosenLine({ read, chosen, series }) {
  if (!read) return h("span", { class: "ccds-muted" }, "not read yet");
  if (!chosen) return h("span", { class: "ccds-no-series" }, series ? `no series of ${series}` : "nothing readable");
  return h("span", {}, dotted(seriesName(chosen), chosen.modality, chosen.plane, counted(chosen.images, "slice")));
}
