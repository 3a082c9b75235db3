// Beside the report: the labels with the preselected one, what else can be said, the strata tags, the note of a flag.

const KEYED = 9;

function drawChoices(state, task, act) {
  const study = currentStudy(state);
  if (!study) return [];
  const several = task.kind === "several";
  return [
    h("h2", { id: "ccds-choices-title" }, several ? "Which labels?" : "Which label?"),
    state.before ? h("p", { class: "ccds-muted" }, `You had said: ${state.before}.`) : null,
    h(
      "ul",
      { class: "ccds-choices", role: "group", "aria-labelledby": "ccds-choices-title" },
      ...task.labels.map((label, order) => h("li", {}, drawChoice(state, study, label, order, several, act))),
    ),
    h(
      "button",
      { class: "ccds-button ccds-confirm", "data-focus": "confirm", disabled: !several && !study.prefill.length, onclick: act.confirm },
      several && !same(state.chosen, study.prefill) ? "Save these labels" : several ? "Confirm these labels" : study.prefill.length ? `Confirm “${study.prefill[0]}”` : "Nothing is preselected: choose a label",
      h("kbd", {}, "↵"),
    ),
    state.mode === "flag" ? drawFlag(act) : null,
    drawTags(state, study, task, act),
    h(
      "div",
      { class: "ccds-toolbar ccds-further" },
      further("skip", "Skip", "s", act.skip),
      further("flag", "Flag", "f", act.flag),
      further("undo", "Undo", "u", act.undo, !state.history.length),
      state.images || study.images ? further("images", state.images ? "Hide images" : "Images", "i", act.toggleImages) : null,
      state.curates ? further("gold", state.gold.has(study.key) ? "Out of the gold set" : "Gold", "Shift+G", act.gold) : null,
    ),
  ];
}

function further(name, title, key, run, off = false) {
  return h("button", { class: "ccds-button", "data-focus": name, disabled: off, onclick: run }, title, h("kbd", {}, key));
}

function drawChoice(state, study, label, order, several, act) {
  const preselected = study.prefill.includes(label.name);
  const chosen = state.chosen.has(label.name);
  return h(
    "button",
    {
      class: "ccds-choice",
      "data-focus": `choice-${order}`,
      "data-chosen": String(chosen),
      "aria-pressed": String(chosen),
      "aria-keyshortcuts": order < KEYED ? String(order + 1) : undefined,
      "data-tone": label.tone % 8,
      "data-round": Math.floor(label.tone / 8) % 2,
      onclick: () => act.choose(order),
    },
    h("kbd", {}, order < KEYED ? String(order + 1) : "·"),
    several ? h("span", { class: "ccds-box", "aria-hidden": "true" }, chosen ? "✓" : "") : h("span", { class: "ccds-dot", "data-round": Math.floor(label.tone / 8) % 2 }),
    h("span", { class: "ccds-choice-name" }, label.name),
    preselected ? h("span", { class: "ccds-preselected" }, "preselected") : null,
  );
}

function drawFlag(act) {
  const field = h("input", {
    class: "ccds-field",
    "data-focus": "note",
    "aria-label": "What should the fellow look at?",
    placeholder: "What should the fellow look at?",
    maxlength: 2000,
    onkeydown: (event) => {
      if (event.key === "Escape") act.leaveMode();
      else if (event.key === "Enter") act.sendFlag(event.currentTarget.value);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  });
  return h(
    "div",
    { class: "ccds-flag", role: "group", "aria-label": "Flag" },
    field,
    h("button", { class: "ccds-button", onclick: () => act.sendFlag(field.value) }, "Flag", h("kbd", {}, "↵")),
    h("button", { class: "ccds-button", onclick: act.leaveMode }, "Cancel", h("kbd", {}, "Esc")),
  );
}

function drawTags(state, study, task, act) {
  const open = state.mode === "tags";
  const shown = open ? state.draft : new Set(study.tags);
  if (!task.strata.length) return null;
  return h(
    "div",
    { class: "ccds-tags", role: "group", "aria-label": "Strata tags" },
    open
      ? [
          h("p", { class: "ccds-muted" }, "Tags: press their numbers, then ↵"),
          h(
            "div",
            { class: "ccds-labels" },
            ...task.strata.map((tag, order) =>
              h(
                "button",
                { class: "ccds-button ccds-tag", "data-focus": `tag-${order}`, "aria-pressed": String(shown.has(tag)), onclick: () => act.toggleTag(order) },
                h("kbd", {}, order < KEYED ? String(order + 1) : "·"),
                tag,
              ),
            ),
          ),
          h("button", { class: "ccds-button", "data-focus": "tags-done", onclick: act.saveTags }, "Done", h("kbd", {}, "↵")),
        ]
      : [
          h("button", { class: "ccds-button", "data-focus": "tags", onclick: act.openTags }, "Tags", h("kbd", {}, "t")),
          ...[...shown].map((tag) => h("span", { class: "ccds-chip ccds-chip-none" }, tag)),
        ],
  );
}
