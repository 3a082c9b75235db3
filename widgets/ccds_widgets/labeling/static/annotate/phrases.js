// The phrase list in its order, the highest priority first.

function drawPhrases(state, act) {
  const { phrases } = state.overview;
  if (!phrases.length) {
    return [emptyState("No phrases yet", "They stand here in their order: a report gets the label of the first phrase that it holds.")];
  }
  return [
    h("ol", { class: "ccds-phrases", "aria-label": "Phrases, highest priority first" }, ...phrases.map((phrase, rank) => drawPhrase(state, phrase, rank, act))),
  ];
}

function drawPhrase(state, phrase, rank, act) {
  const last = state.overview.phrases.length - 1;
  const shown = state.filter?.phrase === phrase.id;
  const icon = (name, sign, run, off, hint) =>
    h("button", { class: "ccds-icon", "data-focus": `${name}-${phrase.id}`, "aria-label": `${hint} “${phrase.text}”`, title: hint, disabled: off, onclick: run }, sign);
  const count = (number, matched, what) =>
    h(
      "button",
      {
        class: number ? "ccds-count" : "ccds-count ccds-muted",
        "aria-pressed": String(shown && state.filter.matched === matched),
        "aria-label": `${what} ${counted(number, "report")}: show them`,
        tabindex: -1,
        onclick: () => act.show(phrase.id, matched),
      },
      grouped(number),
    );
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
          "aria-keyshortcuts": "Shift+Enter Alt+ArrowUp Alt+ArrowDown Delete",
          "aria-label": `${phrase.text}, ${phrase.label}, captures ${grouped(phrase.captured)} of ${grouped(phrase.matched)} matched`,
          onclick: () => act.show(phrase.id),
          onkeydown: (event) => phraseKeys(event, phrase, act),
        },
        phrase.text,
      ),
      h(
        "div",
        { class: "ccds-phrase-line" },
        h("span", { class: "ccds-chip", ...toneOf(state, phrase.label) }, phrase.label),
        h(
          "div",
          { class: "ccds-phrase-actions" },
          icon("up", "↑", () => act.move(phrase.id, -1), rank === 0, "Higher priority (Alt+↑)"),
          icon("down", "↓", () => act.move(phrase.id, 1), rank === last, "Lower priority (Alt+↓)"),
          icon("remove", "×", () => act.remove(phrase.id), false, "Remove (Del)"),
        ),
      ),
    ),
    count(phrase.captured, false, "Captures"),
    count(phrase.matched, true, "Matches"),
  );
}

function phraseKeys(event, phrase, act) {
  const row = event.currentTarget.closest("li");
  const beside = { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) act.move(phrase.id, event.key === "ArrowUp" ? -1 : 1);
  else if (event.key === "Delete" || event.key === "Backspace") act.remove(phrase.id);
  else if (event.shiftKey && event.key === "Enter") act.show(phrase.id, true);
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") beside?.querySelector(".ccds-phrase-text").focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
