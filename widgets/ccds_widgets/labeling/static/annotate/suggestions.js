// Phrases that would settle unlabelled reports, or take false ones away, each with its counts before it is accepted.

const ASK_AGAIN_MS = 400;
const WEIGHED_UNASKED = 20_000; // reports: the sentences of so many are read in a second, and other requests wait meanwhile

function newSuggestions() {
  return {
    label: null, // for which label
    instead: null, // and to which one false reports would go
    answer: null,
    weighed: new Map(), // text, or id of a phrase of the list → what “not if negated” would change
    weighing: null, // the text that is weighed because somebody asked for it
    asked: 0,
    awaitedAt: null, // the report on the screen when the first one was to get the focus
    error: null,
  };
}

function drawSuggestions(state, act) {
  const { overview, suggestions: mine } = state;
  if (!overview.labels.length) return [emptyState("No labels yet", "Select a few words in a report and give them a label: suggestions are for a label.")];
  const choose = (name, told, value, names, set) =>
    h(
      "label",
      { class: "ccds-check" },
      h("span", {}, told),
      h("select", { class: "ccds-field", "data-focus": name, onchange: (event) => set(event.target.value) }, ...names.map((word) => h("option", { value: word, selected: word === value }, word))),
    );
  const words = overview.labels.map(({ name }) => name);
  const others = words.filter((word) => word !== mine.label);
  return [
    h(
      "div",
      { class: "ccds-suggest-head" },
      choose("suggest-label", "For", mine.label, words, (word) => act.suggest(word)),
      overview.kind === "one" && others.length ? choose("suggest-instead", "false ones to", mine.instead, others, (word) => act.suggest(mine.label, word)) : null,
    ),
    h("p", { class: "ccds-error", role: "alert", hidden: !mine.error }, mine.error ?? ""),
    state.asked ? askedLine(state.asked, act.dropAsked) : null,
    ...drawAnswer(state, act),
  ];
}

function drawAnswer(state, act) {
  const { answer, label, weighed } = state.suggestions;
  if (!answer) return [h("p", { class: "ccds-counting", role: "status" }, "Looking for phrases …")];
  if (answer.reading !== undefined) {
    const share = Math.round(100 * answer.reading);
    return [h("div", { class: "ccds-reading", role: "status" }, h("p", {}, `Reading the words of all reports, once: ${share} %`), h("progress", { max: 100, value: share, "aria-label": "Words read" }))];
  }
  const several = state.overview.kind === "several";
  const better = optionFirst(state).filter((phrase) => weighed.get(phrase.id)?.better);
  const part = (title, hint, rows, none) => [
    h("h3", { class: "ccds-list-head" }, title, h("span", { class: "ccds-muted" }, ` ${hint}`)),
    rows.length ? h("ol", { class: "ccds-suggested", "aria-label": title }, ...rows) : h("p", { class: "ccds-none" }, none),
  ];
  const order = answer.decided
    ? `Ordered by ${counted(answer.decided, "study")} that people decided.`
    : "Nobody has decided a study yet, so that nothing can be said about a gain. First mark some as gold in Confirm (Shift+G), or have a batch confirmed. Until then here are only words near this label and its phrases, the most frequent first.";
  return [
    h("p", { class: "ccds-none" }, order),
    ...(better.length ? part("Not if negated", "for phrases that you have", better.map((phrase) => drawBetter(state, phrase, act)), "") : []),
    ...part("Would settle", "unlabelled reports", answer.settles.map((one) => drawSuggestion(state, one, act)), answer.decided ? "No words stand in two unlabelled reports." : "No words with one of this label or its phrases stand in two unlabelled reports."),
    ...(several || answer.instead !== null
      ? part("Would correct", several ? "false reports: the phrase excludes the label" : `false reports, to ${answer.instead}`, answer.corrects.map((one) => drawSuggestion(state, one, act)), !answer.decided ? "Nobody has decided a study yet, so that none is known to be false." : `No longer phrase around those of ${label} stands in two of its reports.`)
      : part("Would correct", "", [], "A task with one label has no other one for false reports: add a second label.")),
  ];
}

/** Phrases of the list that the option may make better: weighed before anything new is suggested. */
function optionFirst({ overview, suggestions: { label } }) {
  return overview.phrases.filter((phrase) => phrase.label === label && !phrase.negatable && !phrase.excludes && phrase.captured && phrase.matched <= WEIGHED_UNASKED).sort((a, b) => b.captured - a.captured).slice(0, 3);
}

/** “: 5 right, 1 wrong”, where people decided any; nothing where nobody decided a study yet, as the panel's first line says. */
function evidenceWords({ right, wrong }, { decided }) {
  if (!decided) return "";
  return right + wrong ? `: ${grouped(right)} right, ${grouped(wrong)} wrong` : ": people decided none of them";
}

/** “mends 5, spoils 1”, where people decided any of what the option changes. */
function weighedWords({ mended, spoiled }) {
  return mended + spoiled ? `mends ${grouped(mended)} that people decided, spoils ${grouped(spoiled)}` : "people decided none of them";
}

function drawBetter(state, phrase, act) {
  const found = state.suggestions.weighed.get(phrase.id);
  return suggestionRow(`better-${phrase.id}`, act, {
    text: phrase.text,
    view: { by: "phrase", phrase: phrase.id, which: "if negated" },
    label: labelChip(state.overview.labels, phrase.label),
    lines: [`Changes ${counted(found.changes, "report")}${state.suggestions.answer.decided ? `: ${weighedWords(found)}` : ""}. Then captures ${grouped(found.captured)}; ${grouped(found.negated)} negated.`],
    accept: "Not if negated",
    run: () => act.changeOptions(phrase, { negatable: true, uncertain_label: phrase.uncertain_label, excludes: phrase.excludes }),
    busy: state.busy,
  });
}

function drawSuggestion(state, one, act) {
  const found = one.excludes || one.label !== state.suggestions.label ? null : state.suggestions.weighed.get(one.text);
  const taken = one.takes_from.map(({ phrase, reports }) => ({ phrase: phraseOf(state, phrase), reports })).filter(({ phrase }) => phrase);
  const takes = taken.slice(0, 2).map(({ phrase, reports }) => `${grouped(reports)} from “${phrase.text}”`);
  const better = Boolean(found?.better);
  return suggestionRow(`suggestion-${one.text}`, act, {
    text: one.text,
    view: { by: "words", text: one.text, whole: true },
    label: labelChip(state.overview.labels, one.label, one.excludes ? `no ${one.label}` : one.label),
    lines: [
      `Changes ${counted(one.changes, "report")}${evidenceWords(one, state.suggestions.answer)}. Captures ${grouped(one.captures)} of ${grouped(one.matched)} matched${takes.length ? `, takes ${takes.join(", ")}${taken.length > 2 ? " and others" : ""}` : ""}.`,
      better ? `Not if negated: captures ${grouped(found.captured)}, leaves ${grouped(found.negated)} negated out${found.mended + found.spoiled ? `: ${weighedWords(found)}` : ""}.` : "",
    ],
    gains: one.gains || !state.suggestions.answer.decided, // where nobody decided, none can be shown: the panel's first line says so
    accept: better ? "Not if negated" : "Accept",
    run: () => act.acceptSuggestion(one, better),
    plain: better ? () => act.acceptSuggestion(one, false) : null,
    weigh: !one.excludes && one.label === state.suggestions.label && !found && one.matched > WEIGHED_UNASKED ? () => act.weighNow(one) : null,
    busy: state.busy || state.suggestions.weighing === one.text,
  });
}

function suggestionRow(name, act, { text, view, label, lines, gains = true, accept, run, plain, weigh, busy }) {
  const keys = (event) => {
    const row = event.currentTarget.closest("li");
    const rows = [...row.closest(".ccds-list").querySelectorAll(".ccds-suggestion")];
    const beside = { ArrowUp: rows[rows.indexOf(row) - 1], ArrowDown: rows[rows.indexOf(row) + 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") (event.shiftKey && plain ? plain : run)();
    else if (event.key === "v") act.show(view);
    else if (event.key === "w" && weigh) weigh();
    else if (event.key in { ArrowUp: 1, ArrowDown: 1 }) beside?.querySelector(".ccds-phrase-text").focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return h(
    "li",
    { class: "ccds-suggestion", "data-gains": String(gains) },
    h(
      "button",
      { class: "ccds-phrase-text", "data-focus": name, "aria-keyshortcuts": "Enter Shift+Enter v", "aria-label": [text, gains ? "" : "no gain", ...lines].filter(Boolean).join(". "), onclick: () => act.show(view), onkeydown: keys },
      text,
    ),
    h("div", { class: "ccds-phrase-line" }, label, gains ? null : h("span", { class: "ccds-option", title: "By what people decided it would set as many reports wrong as right, or that can’t be said yet" }, "no gain shown")),
    ...lines.filter(Boolean).map((line) => h("p", { class: "ccds-aside" }, line)),
    h(
      "div",
      { class: "ccds-suggestion-actions" },
      h("button", { class: "ccds-button", disabled: busy, tabindex: -1, onclick: run }, accept, h("kbd", {}, "↵")),
      plain ? h("button", { class: "ccds-button", disabled: busy, tabindex: -1, onclick: plain }, "As it is", h("kbd", {}, "Shift+↵")) : null,
      h("button", { class: "ccds-button", tabindex: -1, onclick: () => act.show(view) }, "View", h("kbd", {}, "v")),
      weigh ? h("button", { class: "ccds-button", disabled: busy, tabindex: -1, title: "Reads the sentences of all its reports, which takes a while", onclick: weigh }, busy ? "Reading …" : "Weigh “not if negated”", h("kbd", {}, "w")) : null,
    ),
  );
}
