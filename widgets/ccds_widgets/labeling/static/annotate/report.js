// One report: its head, its sections, every matched phrase in its label's colour.

function drawReport(state, act, project) {
  const { overview } = state;
  if (!overview.reports) return [noReports(project)];
  const report = state.reports.get(state.number);
  if (!report) return [h("div", { class: "ccds-waiting", role: "status" }, "Fetching the report …")];
  const decides = report.verdicts.map(({ phrase }) => phrase);
  return [
    reportHead(state, report, act),
    overview.phrases.length
      ? null
      : h("p", { class: "ccds-hint" }, "No phrases yet. Select a few words in the report, then give them a label."),
    ...drawSections(report, { labels: overview.labels, phrases: state.phrases, decides }),
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
  const { labels, kind } = state.overview;
  const verdicts = report.verdicts.flatMap((verdict) => {
    const by = phraseOf(state, verdict.phrase);
    const words = verdictWords(verdict, kind);
    return [
      labelChip(labels, kind === "one" ? words : verdict.label, words),
      h("span", { class: "ccds-muted" }, " by "),
      h("button", { class: "ccds-link", onclick: () => act.show({ by: "phrase", phrase: by.id, which: "captured" }) }, `“${by.text}”`),
    ];
  });
  return h(
    "header",
    { class: "ccds-report-head" },
    h("h2", {}, h("span", { class: "ccds-muted" }, "Study "), h("span", { class: "ccds-key" }, report.key)),
    h("div", { class: "ccds-verdict" }, ...(verdicts.length ? verdicts : [h("span", { class: "ccds-chip ccds-chip-none" }, "Unlabelled")])),
  );
}
