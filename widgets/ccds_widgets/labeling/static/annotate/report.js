// One report: its head, its sections, every matched phrase in its label's colour.

function drawReport(state, act) {
  const { overview } = state;
  if (!overview.reports) return [noReports(overview.project)];
  const report = state.reports.get(state.number);
  if (!report) return [h("div", { class: "ccds-waiting", role: "status" }, "Fetching the report …")];
  return [
    reportHead(state, report, act),
    state.overview.phrases.length
      ? null
      : h("p", { class: "ccds-hint" }, "No phrases yet. Select a few words in the report, then give them a label."),
    ...report.sections.map((section, order) => drawSection(state, section, order, report.captured_by)),
  ];
}

function noReports(project) {
  const command = `ccds labeling load --project ${project} --reports reports.csv \\\n  --id-column accession --text-column findings --text-column impression \\\n  --exam-code-column exam_code --date-column study_date`;
  return emptyState(
    "No reports in this project yet",
    "They are loaded on the command line from a CSV file, with the names of its columns:",
    h("code", { class: "ccds-command" }, command),
    "Then reload this page.",
  );
}

function reportHead(state, report, act) {
  const by = phraseOf(state, report.captured_by);
  const verdict = by
    ? [
        h("span", { class: "ccds-chip", ...toneOf(state, by.label) }, by.label),
        h("span", { class: "ccds-muted" }, " by "),
        h("button", { class: "ccds-link", onclick: () => act.show(by.id) }, `“${by.text}”`),
      ]
    : [h("span", { class: "ccds-chip ccds-chip-none" }, "Unlabelled")];
  return h(
    "header",
    { class: "ccds-report-head" },
    h("h2", {}, h("span", { class: "ccds-muted" }, "Study "), h("span", { class: "ccds-key" }, report.key)),
    h("div", { class: "ccds-verdict" }, ...verdict),
  );
}

function drawSection(state, section, order, decides) {
  const id = `ccds-section-${order}`;
  const empty = section.pieces.every(([text]) => !text.trim());
  return h(
    "section",
    { class: "ccds-section", "aria-labelledby": id },
    h("h3", { id }, section.name.replaceAll("_", " ")),
    empty
      ? h("p", { class: "ccds-muted" }, "Empty.")
      : h("p", { class: "ccds-text", "data-section": order, dir: "auto" }, ...section.pieces.map((piece) => drawPiece(state, piece, decides))),
  );
}

/** A piece of text; where phrases cover it, in the colour of the one with the highest priority. Stronger if it decides. */
function drawPiece(state, [text, ids], decides) {
  const phrases = ids.map((id) => phraseOf(state, id)).filter(Boolean);
  if (!phrases.length) return document.createTextNode(text);
  const title = phrases.map((phrase) => `${phrase.text} → ${phrase.label}`).join("\n");
  return h("mark", { class: "ccds-mark", title, "data-decides": String(phrases[0].id === decides), ...toneOf(state, phrases[0].label) }, text);
}
