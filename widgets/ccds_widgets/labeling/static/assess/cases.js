// Studies that wait for the fellow's word: a list, and beside it the report, what each said, and the labels to choose from.

const WHICH = [
  ["disputed", "Disagreements"],
  ["flagged", "Flagged"],
  ["skipped", "Skipped"],
  ["decided", "Decided"],
  ["refused", "Refused answers"],
];

const NOTHING_HERE = {
  disputed: ["No disagreement to decide", "Labelers who answer the same study and differ stand here, first those on which they are split most."],
  flagged: ["Nothing is flagged", "A labeler who wants you to look at a study flags it with a note."],
  skipped: ["Nothing is skipped", "A study that a labeler skipped, and that nobody has said anything else about, stands here until somebody does."],
  decided: ["No final word yet", "What you decide stands here, and can be taken back."],
  refused: ["No answer was refused", "An answer that came too late, or under a study that had gone to somebody else, is kept here and counts for nothing."],
};

function drawCases(state, act) {
  const { overview, cases } = state;
  const chooser = h(
    "fieldset",
    { class: "ccds-which" },
    h("legend", { class: "ccds-said" }, "List"),
    WHICH.map(([which, name]) =>
      h(
        "label",
        { class: "ccds-which-one" },
        h("input", { type: "radio", name: "ccds-which", class: "ccds-said", "data-focus": `which-${which}`, checked: which === cases.which, onchange: () => act.list(which) }),
        name,
        h("b", {}, ` ${grouped(overview.totals[which])}`),
      ),
    ),
  );
  const names = h("label", { class: "ccds-names" }, h("input", { type: "checkbox", "data-focus": "names", checked: state.names, onchange: act.toggleNames }), "Show names", h("kbd", {}, "h"));
  const steps = h(
    "span",
    { class: "ccds-case-steps" },
    h("button", { class: "ccds-button", "data-focus": "undo", disabled: overview.undo === null, onclick: act.undo }, "Undo", h("kbd", {}, "Ctrl+Z")),
    h("button", { class: "ccds-button", "data-focus": "redo", disabled: overview.redo === null, onclick: act.redo }, "Redo", h("kbd", {}, "Ctrl+Shift+Z")),
  );
  return [h("div", { class: "ccds-cases-bar" }, chooser, h("span", { class: "ccds-space" }), names, steps)];
}

function drawCaseList(state, act) {
  const { cases } = state;
  if (!cases.total) return [emptyState(...NOTHING_HERE[cases.which])];
  const more = cases.total > cases.rows.length;
  return [
    h(
      "ol",
      { class: "ccds-case-list", start: cases.begin + 1 },
      cases.rows.map((row, at) =>
        h(
          "li",
          {},
          h(
            "button",
            { class: "ccds-case-row", "data-focus": `case-${at}`, "aria-current": at === state.at ? "true" : undefined, onclick: () => act.goTo(at) },
            h("span", { class: "ccds-muted" }, grouped(cases.begin + at + 1)),
            h("span", { class: "ccds-case-words" }, h("span", { class: "ccds-key" }, row.study), rowWords(state, row)),
          ),
        ),
      ),
    ),
    more
      ? h(
          "div",
          { class: "ccds-case-pages" },
          h("button", { class: "ccds-button", "data-focus": "earlier", disabled: !cases.begin, onclick: () => act.page(-1) }, "Earlier"),
          h("span", {}, `${grouped(cases.begin + 1)}–${grouped(cases.begin + cases.rows.length)} of ${grouped(cases.total)}`),
          h("button", { class: "ccds-button", "data-focus": "later", disabled: cases.begin + cases.rows.length >= cases.total, onclick: () => act.page(1) }, "Later"),
        )
      : null,
  ];
}

function rowWords(state, row) {
  const task = state.task();
  switch (state.cases.which) {
    case "disputed":
      return h("span", { class: "ccds-votes" }, row.votes.map(({ label, present, count }) => chip(task, label, `${present ? "" : " absent"} ${count}`)), row.tied ? h("span", { class: "ccds-muted" }, "tied") : null);
    case "flagged":
      return h("span", { class: "ccds-votes" }, h("q", {}, row.notes[0].note), row.gold ? h("span", { class: "ccds-muted" }, "gold set") : null);
    case "skipped":
      return h("span", { class: "ccds-muted" }, `skipped by ${row.labelers.map((name, at) => nameOf(state, name, at)).join(", ")}`);
    case "decided":
      return h("span", { class: "ccds-votes" }, chips(task, row.said), h("span", { class: "ccds-muted" }, row.at));
    default:
      return h("span", { class: "ccds-votes" }, h("span", { class: "ccds-muted" }, `${nameOf(state, row.labeler, 0)}, ${row.at}: ${row.why}`));
  }
}

/** Who said it; a letter in place of the name where names are hidden. */
function nameOf(state, name, at) {
  return state.names ? name : `Labeler ${String.fromCharCode(65 + (at % 26))}`;
}

function drawCase(state, act) {
  const { shown } = state;
  if (!state.cases.total) return [];
  if (!shown) return [h("div", { class: "ccds-waiting", role: "status" }, "Fetching the report …")];
  return [
    h(
      "header",
      { class: "ccds-case-head" },
      h("h2", {}, h("span", { class: "ccds-muted" }, "Study "), h("span", { class: "ccds-key" }, shown.study)),
      h("span", { class: "ccds-muted" }, `${grouped(state.cases.begin + state.at + 1)} of ${grouped(state.cases.total)}`),
    ),
    ...drawSections(shown.report, { labels: state.task().labels, phrases: new Map(shown.phrases.map((phrase) => [phrase.id, phrase])), decides: shown.report.verdicts.map(({ phrase }) => phrase) }),
  ];
}

/** What each said, whose word counts, and the labels to choose from. */
function drawVerdict(state, act) {
  const { shown } = state;
  if (!state.cases.total || !shown) return [];
  const task = state.task();
  const refused = state.cases.which === "refused" ? state.cases.rows[state.at] : null;
  return [
    h("h3", {}, "What each said"),
    shown.answers.length ? h("ul", { class: "ccds-answers" }, shown.answers.map((one, at) => answerLine(state, one, at))) : h("p", { class: "ccds-muted" }, "No answer counts."),
    refused ? h("p", { class: "ccds-hint" }, "Refused: ", refused.said ? chips(task, refused.said) : h("span", {}, refused.how), ` by ${nameOf(state, refused.labeler, 0)}, ${refused.at}: ${refused.why}. `, refused.note ? h("q", {}, refused.note) : null) : null,
    shown.gold ? h("p", {}, h("b", {}, "Gold set: "), chips(task, shown.gold.said)) : null,
    h("h3", {}, "Your final word"),
    shown.final ? h("p", { class: "ccds-final" }, chips(task, shown.final.said), h("span", { class: "ccds-muted" }, ` by ${shown.final.person}, ${shown.final.at}`), shown.final.note ? h("q", {}, shown.final.note) : null) : null,
    labelButtons(state, act),
    h(
      "div",
      { class: "ccds-note" },
      h("label", { for: "ccds-case-note" }, "Note ", h("kbd", {}, "w")),
      h("input", { id: "ccds-case-note", class: "ccds-field", "data-focus": "note", maxlength: 2000, placeholder: "why, if it isn’t plain", autocomplete: "off" }),
    ),
    shown.final ? h("button", { class: "ccds-button", "data-focus": "back", onclick: () => act.decide(null) }, "Take the word back", h("kbd", {}, "Del")) : null,
  ];
}

function answerLine(state, one, at) {
  return h(
    "li",
    {},
    h("b", {}, nameOf(state, one.labeler, at)),
    one.said ? h("span", { class: "ccds-votes" }, chips(state.task(), one.said)) : null,
    h("span", { class: "ccds-muted" }, held(`${one.planted === "wrong" && one.kind === "confirm" ? "took over a label preselected wrong" : one.how}, ${one.seconds}`)),
    one.note ? h("q", {}, one.note) : null,
  );
}

function labelButtons(state, act) {
  const task = state.task();
  const several = task.kind === "several";
  return h(
    "div",
    { class: "ccds-final-labels", role: "group", "aria-label": several ? "Labels that are there; Enter says them" : "The label; one press says it" },
    task.labels.map(({ name }, at) => {
      const chosen = several ? state.chosen.has(name) : state.shown.final?.said[0] === name;
      const key = at < 9 ? h("kbd", {}, String(at + 1)) : null;
      return h("button", { class: "ccds-chip ccds-chip-button", "data-focus": `label-${at}`, "aria-pressed": String(chosen), ...toneOf(task.labels, name), onclick: () => act.press(at) }, key, name);
    }),
    several ? h("button", { class: "ccds-button ccds-first", "data-focus": "say", onclick: act.say }, "Say it", h("kbd", {}, "↵")) : null,
  );
}
