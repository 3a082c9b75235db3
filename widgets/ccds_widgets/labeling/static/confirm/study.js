// One study: its place in its group, its report with the group's phrase marked.

function drawStudy(state, task) {
  const study = currentStudy(state);
  if (!study) return [h("div", { class: "ccds-waiting", role: "status" }, "Fetching the next studies …")];
  const labels = state.gold.get(study.key);
  return [
    h(
      "header",
      { class: "ccds-report-head" },
      h("h2", {}, h("span", { class: "ccds-muted" }, "Study "), h("span", { class: "ccds-key" }, study.key)),
      labels ? h("span", { class: "ccds-chip ccds-chip-none" }, `In the gold set: ${labels.join(", ") || "no label"}`) : null,
    ),
    ...drawSections(study.sections, toneOfPrefill(study, task)),
  ];
}

/** The sections of a report; `tone` is that of its marks. */
function drawSections(sections, tone) {
  return sections.map((section, order) => {
    return h(
      "section",
      { class: "ccds-section", "aria-label": section.name.replaceAll("_", " "), "data-left-out": String(section.left_out) },
      h("h3", {}, section.name.replaceAll("_", " "), section.left_out ? h("span", { class: "ccds-left-out" }, " · left out by this task: no phrase is looked for here") : null),
      isBlank(section)
        ? h("p", { class: "ccds-muted" }, "Empty.")
        : h(
            "p",
            { class: "ccds-text", "data-section": order, dir: "auto" },
            ...section.pieces.map(([text, marked]) => (marked ? h("mark", { class: "ccds-mark", "data-decides": "true", ...tone }, asLines(text)) : asLines(text))),
          ),
    );
  });
}

/** What the studies have in common among which this one stands. */
function groupWords(study) {
  if (study.phrase !== null) return ["Phrase ", h("q", {}, study.phrase)];
  return [study.grouped ? "A phrase that was removed since" : "No phrase matches"];
}

function toneOfPrefill(study, task) {
  return toneOfLabel(task, study.prefill?.[0] ?? study.shown?.[0]);
}

/** The colour of a label; none where nothing is preselected. */
function toneOfLabel(task, name) {
  const { class: none, ...tone } = toneOf(task.labels, name);
  return tone;
}

/** Labels as chips, or a word for none. */
function chips(task, names, none = "no label") {
  return names.length ? names.map((name) => labelChip(task.labels, name)) : [h("span", { class: "ccds-chip ccds-chip-none" }, none)];
}
