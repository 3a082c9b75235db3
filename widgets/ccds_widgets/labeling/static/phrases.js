// The phrase list in order of priority, and how far the labelling is.

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
        "aria-pressed": shown && state.filter.matched === matched,
        "aria-label": `${what} ${counted(number, "report")}: show them`,
        tabindex: -1,
        onclick: () => act.show(phrase.id, matched),
      },
      grouped(number),
    );
  return h(
    "li",
    { class: "ccds-phrase", "data-phrase": phrase.id, "data-shown": shown },
    h("span", { class: "ccds-rank" }, String(rank + 1)),
    h(
      "div",
      { class: "ccds-phrase-words" },
      h(
        "button",
        {
          class: "ccds-phrase-text",
          "data-focus": `phrase-${phrase.id}`,
          "aria-keyshortcuts": "Alt+ArrowUp Alt+ArrowDown Delete",
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
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") beside?.querySelector(".ccds-phrase-text").focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function drawProgress(state) {
  const { reports, labelled, labels } = state.overview;
  const share = (number) => (reports ? (100 * number) / reports : 0);
  const percent = labelled === reports && reports ? "100" : Math.min(99.9, share(labelled)).toFixed(share(labelled) < 10 ? 1 : 0);
  return [
    h("p", { class: "ccds-done" }, h("b", {}, grouped(labelled)), ` of ${counted(reports, "report")} labelled`, h("span", { class: "ccds-muted" }, ` · ${percent === "100" && labelled < reports ? "99.9" : percent} %`)),
    h(
      "div",
      { class: "ccds-meter", role: "img", "aria-label": labels.map((label) => `${label.name} ${grouped(label.captured)}`).join(", ") || "nothing labelled" },
      ...labels.map((label) => {
        const part = h("i", toneOf(state, label.name));
        part.style.width = `${share(label.captured)}%`;
        return part;
      }),
    ),
    h(
      "ul",
      { class: "ccds-legend", "aria-label": "Labels" },
      ...labels.map((label) => h("li", {}, h("span", { class: "ccds-dot", ...toneOf(state, label.name) }), label.name, " ", h("b", {}, grouped(label.captured)))),
      h("li", { class: "ccds-muted" }, h("span", { class: "ccds-dot ccds-dot-none" }), "Unlabelled ", h("b", {}, grouped(reports - labelled))),
    ),
  ];
}
