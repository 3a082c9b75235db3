// The phrases as rows: dragged, moved by keyboard, edited in place, with what each captures.

function drawLists(state, act) {
  const { overview } = state;
  if (!overview.phrases.length) {
    return [emptyState("No phrases yet", "Add one above, or select words in a report on the Annotate screen. A report gets the label of the first phrase that it holds.")];
  }
  return listsOf(overview).flatMap(([name, listed]) => [
    name ? h("h3", { class: "ccds-list-head" }, labelChip(overview.labels, name), h("span", { class: "ccds-muted" }, "decided by its first phrase that matches")) : null,
    h("ol", { class: "ccds-order", "aria-label": name ? `Phrases of ${name}, highest priority first` : "Phrases, highest priority first" }, ...listed.map((phrase, rank) => drawRow(state, phrase, { rank, listed }, act))),
  ]);
}

function drawHead() {
  const column = (word, told) => h("span", { title: told }, word);
  return h(
    "div",
    { class: "ccds-order-head", "aria-hidden": true },
    h("span", {}),
    h("span", {}),
    h("span", {}, "Phrase"),
    column("Captures", "Reports that it decides: no earlier phrase matches them"),
    column("Matches", "Reports that it stands in, whichever phrase decides them"),
    column("Shadowed", "Reports that it matches and an earlier phrase decides"),
    column("Uncertain", "Reports that get its label for what is uncertain"),
    column("Negated", "Reports that hold it, negated at each place, so that it doesn’t match"),
  );
}

function drawRow(state, phrase, { rank, listed }, act) {
  const { tried, editing, dragged } = state;
  const now = { ...phrase, ...tried?.counts.get(phrase.id) };
  const count = (which, word) => {
    const number = which === "matched" ? phrase.matched : now[which];
    const before = phrase[which];
    return h(
      "button",
      {
        class: number ? "ccds-count" : "ccds-count ccds-muted",
        "data-changed": number === before ? undefined : number > before ? "more" : "less",
        "aria-label": `${word} ${counted(number, "report")}: show them`,
        "aria-pressed": String(isShown(state, phrase.id, which)),
        "data-which": which,
        tabindex: -1,
        disabled: !number,
        onclick: () => act.reports({ by: "phrase", phrase: phrase.id, which }),
      },
      grouped(number),
    );
  };
  if (editing?.phrase === phrase.id) return drawEditing(state, phrase, rank, act);
  const icon = (name, sign, hint, run, off = false) =>
    h("button", { class: "ccds-icon", "data-focus": `${name}-${phrase.id}`, "aria-label": `${hint} “${phrase.text}”`, title: hint, disabled: off, onclick: run }, sign);
  const drop = tried && tried.phrase !== phrase.id && tried.over?.id === phrase.id ? tried.over.side : undefined;
  return h(
    "li",
    {
      class: "ccds-order-row",
      draggable: "true",
      "data-phrase": phrase.id,
      "data-dragged": String(dragged === phrase.id),
      "data-drop": drop,
      "data-touched": String(state.touched === phrase.id),
      ondragstart: (event) => act.dragStart(event, phrase.id),
      ondragover: (event) => act.dragOver(event, phrase),
      ondrop: (event) => act.drop(event),
      ondragend: () => act.dragEnd(),
    },
    h("span", { class: "ccds-grip", "aria-hidden": true, title: "Drag to another place" }, "⠿"),
    h("span", { class: "ccds-rank" }, String(rank + 1)),
    h(
      "div",
      { class: "ccds-phrase-words" },
      h(
        "button",
        {
          class: "ccds-phrase-text",
          "data-focus": `phrase-${phrase.id}`,
          "aria-keyshortcuts": "Alt+ArrowUp Alt+ArrowDown e Enter Delete",
          "aria-label": rowWords(phrase, rank),
          onclick: () => act.reports({ by: "phrase", phrase: phrase.id, which: phrase.captured ? "captured" : "matched" }),
          onkeydown: (event) => rowKeys(event, phrase, listed, act),
        },
        phrase.text,
      ),
      h("div", { class: "ccds-phrase-line" }, labelChip(state.overview.labels, phrase.label), ...optionTags(phrase)),
      state.error?.where === phrase.id ? h("p", { class: "ccds-error", role: "alert" }, state.error.line) : null,
    ),
    count("captured", "Captures"),
    count("matched", "Matches"),
    count("shadowed", "Shadowed"),
    count("uncertain", "Uncertain"),
    count("negated", "Negated"),
    h(
      "div",
      { class: "ccds-row-actions" },
      icon("up", "↑", "Higher priority (Alt+↑)", () => act.move(phrase.id, rank - 1), rank === 0),
      icon("down", "↓", "Lower priority (Alt+↓)", () => act.move(phrase.id, rank + 1), rank === listed.length - 1),
      icon("edit", "✎", "Edit (e)", () => act.edit(phrase.id)),
      icon("remove", "×", "Remove (Del)", () => act.remove(phrase.id)),
    ),
  );
}

/** Whether those reports of a phrase stand beside the list. */
function isShown({ panel }, phrase, which) {
  return panel?.among?.phrase === phrase && panel.among.which === which;
}

/** A row for whoever hears it. */
function rowWords(phrase, rank) {
  const options = [phrase.excludes ? "excludes" : "", phrase.negatable ? "not if negated" : "", phrase.uncertain_label ? `uncertain as ${phrase.uncertain_label}` : ""];
  return [
    `${rank + 1}: ${phrase.text}, ${phrase.label}`,
    ...options.filter(Boolean),
    `captures ${grouped(phrase.captured)} of ${grouped(phrase.matched)} matched, shadowed ${grouped(phrase.shadowed)}`,
    optionCounts(phrase),
  ].filter(Boolean).join(", ");
}

function rowKeys(event, phrase, listed, act) {
  const rank = listed.indexOf(phrase);
  const rows = [...event.currentTarget.closest(".ccds-lists").querySelectorAll(".ccds-phrase-text")];
  const at = rows.indexOf(event.currentTarget);
  if (event.ctrlKey || event.metaKey) return;
  const moved = { ArrowUp: rank - 1, ArrowDown: rank + 1, Home: 0, End: listed.length - 1 }[event.key];
  if (event.altKey && moved !== undefined) {
    if (moved >= 0 && moved < listed.length) act.move(phrase.id, moved);
  } else if (event.altKey) return;
  else if (event.key === "ArrowUp") rows[at - 1]?.focus();
  else if (event.key === "ArrowDown") rows[at + 1]?.focus();
  else if (event.key === "e" || event.key === "F2") act.edit(phrase.id);
  else if (event.key === "Delete" || event.key === "Backspace") act.remove(phrase.id);
  else if (/^[1-9]$/u.test(event.key)) act.relabel(phrase, Number(event.key) - 1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** A row as a form: words, label, options, and what they would do. */
function drawEditing(state, phrase, rank, act) {
  const { editing, overview, asked, error, busy } = state;
  const text = h("input", { class: "ccds-field ccds-edit-text", "data-focus": "edit-text", "aria-label": "Words", maxlength: 500, autocomplete: "off", value: editing.text, oninput: (event) => act.draft({ text: event.target.value }) });
  const label = h("input", { class: "ccds-field ccds-edit-label", "data-focus": "edit-label", "aria-label": "Label", list: "ccds-edit-labels", maxlength: 500, autocomplete: "off", value: editing.label, oninput: (event) => act.draft({ label: event.target.value }) });
  return h(
    "li",
    { class: "ccds-order-row ccds-order-editing", "data-phrase": phrase.id },
    h("span", {}),
    h("span", { class: "ccds-rank" }, String(rank + 1)),
    h(
      "form",
      { class: "ccds-edit", "aria-label": `Edit “${phrase.text}”`, onsubmit: (event) => (event.preventDefault(), act.save()) },
      h("div", { class: "ccds-edit-line" }, text, label, h("datalist", { id: "ccds-edit-labels" }, ...overview.labels.map(({ name }) => h("option", { value: name })))),
      optionControls(editing.options, { name: "edit", several: overview.kind === "several", words: overview.kind === "several" ? ["uncertain"] : overview.labels.map(({ name }) => name).filter((name) => name !== editing.label), set: (options) => act.draft({ options }, true) }),
      h("p", { class: "ccds-aside ccds-would", role: "status" }, wouldWords(editing)),
      asked?.where === phrase.id ? askedLine(asked, act.dropAsked) : null,
      h("p", { class: "ccds-error", role: "alert", hidden: error?.where !== phrase.id }, error?.line ?? ""),
      h(
        "div",
        { class: "ccds-edit-line" },
        h("button", { class: "ccds-button", type: "submit", disabled: busy }, "Save", h("kbd", {}, "↵")),
        h("button", { class: "ccds-button", type: "button", onclick: () => act.leaveEdit() }, "Cancel", h("kbd", {}, "Esc")),
      ),
    ),
  );
}

function wouldWords({ counts, trouble }) {
  if (trouble) return trouble;
  if (!counts) return "Counting …";
  const aside = optionCounts(counts);
  return `Would match ${counted(counts.matched, "report")} and capture ${grouped(counts.captured)}${aside ? `; ${aside}` : ""}.`;
}
