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
    h(
      "label",
      { class: "ccds-code" },
      h("span", { class: "ccds-muted" }, "Study key"),
      h("input", { class: "ccds-field", type: "search", "data-focus": "key", value: state.key, maxlength: 64, placeholder: "begins with", autocomplete: "off", spellcheck: "false", onchange: (event) => act.filter({ key: event.target.value.trim().toLowerCase() }) }),
      h("kbd", {}, "/"),
    ),
  ];
}

function drawStudies(state, act) {
  const { studies, reading, counts } = state.list;
  const progress = reading && counts.unread ? h("p", { class: "ccds-hint", role: "status" }, `Reading headers: ${counted(counts.unread, "study")} to go …`) : null;
  if (!studies.length) return [progress, h("p", { class: "ccds-muted ccds-none" }, state.key ? `No study’s key begins with “${state.key}”.` : "No study is like that.")];
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
