// The phrase list in its order, the highest priority first; in a task whose labels are decided one by one, a list for each.

function drawPhrases(state, act) {
  const { phrases, kind, labels } = state.overview;
  if (!phrases.length) {
    return [emptyState("No phrases yet", "They stand here in their order: a report gets the label of the first phrase that it holds.")];
  }
  if (kind === "one") return [drawList(state, phrases, "Phrases, highest priority first", act)];
  return labels
    .map(({ name }) => [name, phrases.filter((phrase) => phrase.list === name)])
    .filter(([, listed]) => listed.length)
    .flatMap(([name, listed]) => [h("h3", { class: "ccds-list-head" }, labelChip(labels, name)), drawList(state, listed, `Phrases of ${name}, highest priority first`, act)]);
}

function drawList(state, listed, name, act) {
  return h("ol", { class: "ccds-phrases", "aria-label": name }, ...listed.map((phrase, rank) => drawPhrase(state, phrase, { rank, last: listed.length - 1 }, act)));
}

function drawPhrase(state, phrase, { rank, last }, act) {
  const of = (which) => ({ by: "phrase", phrase: phrase.id, which });
  const shown = state.among?.phrase === phrase.id;
  const icon = (name, sign, run, off, hint) =>
    h("button", { class: "ccds-icon", "data-focus": `${name}-${phrase.id}`, "aria-label": `${hint} “${phrase.text}”`, title: hint, disabled: off, onclick: run }, sign);
  const count = (number, which, what) =>
    h(
      "button",
      {
        class: number ? "ccds-count" : "ccds-count ccds-muted",
        "aria-pressed": String(isAmong(state, of(which))),
        "aria-label": `${what} ${counted(number, "report")}: show them`,
        tabindex: -1,
        onclick: () => act.show(of(which)),
      },
      grouped(number),
    );
  const aside = optionCounts(phrase);
  return h(
    "li",
    { class: "ccds-phrase", "data-phrase": phrase.id, "data-shown": String(shown), "data-touched": String(state.touched === phrase.id) },
    h("span", { class: "ccds-rank" }, String(rank + 1)),
    h(
      "div",
      { class: "ccds-phrase-words" },
      h(
        "button",
        {
          class: "ccds-phrase-text",
          "data-focus": `phrase-${phrase.id}`,
          "aria-keyshortcuts": "Shift+Enter Alt+ArrowUp Alt+ArrowDown o Delete",
          "aria-label": [`${phrase.text}, ${phrase.label}, captures ${grouped(phrase.captured)} of ${grouped(phrase.matched)} matched`, aside].filter(Boolean).join(", "),
          onclick: () => act.show(of("captured")),
          onkeydown: (event) => phraseKeys(event, phrase, act),
        },
        phrase.text,
      ),
      h(
        "div",
        { class: "ccds-phrase-line" },
        labelChip(state.overview.labels, phrase.label),
        ...optionTags(phrase),
      ),
      aside ? h("div", { class: "ccds-aside" }, ...asideButtons(phrase, act, of)) : null,
    ),
    count(phrase.captured, "captured", "Captures"),
    count(phrase.matched, "matched", "Matches"),
    h(
      "div",
      { class: "ccds-phrase-actions" },
      icon("options", "⋯", () => act.openOptions(phrase.id), false, "Options (o)"),
      icon("up", "↑", () => act.move(phrase.id, -1), rank === 0, "Higher priority (Alt+↑)"),
      icon("down", "↓", () => act.move(phrase.id, 1), rank === last, "Lower priority (Alt+↓)"),
      icon("remove", "×", () => act.remove(phrase.id), false, "Remove (Del)"),
    ),
    state.opened === phrase.id ? drawOptions(state, phrase, act) : null,
  );
}

/** The reports that a phrase's options concern. */
function asideButtons(phrase, act, of) {
  const button = (number, word) => (number ? h("button", { class: "ccds-link", tabindex: -1, onclick: () => act.show(of(word)) }, `${grouped(number)} ${word}`) : null);
  return [button(phrase.negated, "negated"), button(phrase.uncertain, "uncertain")].filter(Boolean);
}

function drawOptions(state, phrase, act) {
  const { overview, busy, asked } = state;
  return h(
    "div",
    { class: "ccds-phrase-options", role: "group", "aria-label": `Options of “${phrase.text}”` },
    optionControls(
      { negatable: phrase.negatable, uncertain_label: phrase.uncertain_label, excludes: phrase.excludes },
      { name: `phrase-${phrase.id}`, several: overview.kind === "several", words: uncertainWords(overview).filter((word) => word !== phrase.label), set: (options) => act.changeOptions(phrase, options) },
    ),
    busy ? h("p", { class: "ccds-counting", role: "status" }, "Reading the sentences around it …") : null,
    asked ? askedLine(asked, act.dropAsked) : null,
    h("p", { class: "ccds-error", role: "alert", hidden: !state.rowError }, state.rowError ?? ""),
  );
}

function phraseKeys(event, phrase, act) {
  const row = event.currentTarget.closest("li");
  const rows = [...row.closest(".ccds-list").querySelectorAll(".ccds-phrase")];
  const beside = { ArrowUp: rows[rows.indexOf(row) - 1], ArrowDown: rows[rows.indexOf(row) + 1] }[event.key];
  if (event.ctrlKey || event.metaKey) return;
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) act.move(phrase.id, event.key === "ArrowUp" ? -1 : 1);
  else if (event.key === "Delete" || event.key === "Backspace") act.remove(phrase.id);
  else if (event.shiftKey && event.key === "Enter") act.show({ by: "phrase", phrase: phrase.id, which: "matched" });
  else if (event.key === "o") act.openOptions(phrase.id);
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") beside?.querySelector(".ccds-phrase-text").focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
