// What the screens of phrases share: labels in their colours, a report's text with its marks, a phrase's options, what a step was.

/** Of the colours that the look knows the one of label `name`. */
function toneOf(labels, name) {
  const tone = labels.find((label) => label.name === name)?.tone;
  return tone === undefined ? { class: "ccds-chip-none" } : { "data-tone": tone % 8, "data-round": Math.floor(tone / 8) % 2 };
}

/** A label's word in its colour. */
function labelChip(labels, name, words = name) {
  const { class: none = "", ...tone } = toneOf(labels, name);
  return h("span", { class: `ccds-chip ${none}`.trim(), ...tone }, words);
}

/** What a phrase says of a report that it decides. */
function verdictWords({ label, uncertain, excludes }, kind) {
  if (kind === "one") return uncertain ?? label;
  if (uncertain) return `${label}: ${uncertain}`;
  return excludes ? `no ${label}` : label;
}

/**
 * Signs that end a line in a report as one that a browser breaks at: it draws a lone carriage return as nothing, and the words
 * around it as one. Sign for sign, so that offsets into the text stay.
 */
const asLines = (text) => text.replace(/\r(?!\n)|[\v\f\x1c-\x1e\x85\u2028\u2029]/gu, "\n");

/** Whether there is nothing to see in a section. */
const isBlank = (section) => section.pieces.every(([text]) => /^[\s\u00ad\u200b-\u200f\u2060\ufeff]*$/u.test(text));

/** A report's sections; `phrases` is a map from id to phrase, `decides` the ids of those that decide its label. */
function drawSections(report, { labels, phrases, decides }) {
  return report.sections.map((section, order) => {
    const id = `ccds-section-${report.number}-${order}`;
    return h(
      "section",
      { class: "ccds-section", "aria-labelledby": id, "data-left-out": String(section.left_out) },
      h("h3", { id }, section.name.replaceAll("_", " "), section.left_out ? h("span", { class: "ccds-left-out" }, " · left out by this task: no phrase is looked for here") : null),
      isBlank(section)
        ? h("p", { class: "ccds-muted" }, "Empty.")
        : h("p", { class: "ccds-text", "data-section": order, dir: "auto" }, ...section.pieces.map((piece) => drawPiece(piece, { labels, phrases, decides }))),
    );
  });
}

const HOW = { negated: "negated here: it doesn’t count", uncertain: "uncertain here" };

/** A piece of text; where phrases cover it, in the colour of the one with the highest priority. Stronger if it decides. */
function drawPiece([written, marks], { labels, phrases, decides }) {
  const text = asLines(written);
  const isHit = marks.some(([, how]) => how === "hit");
  const covering = marks.map(([id, how]) => ({ phrase: phrases.get(id), how })).filter(({ phrase }) => phrase);
  if (!covering.length) return isHit ? h("mark", { class: "ccds-mark ccds-hit", "data-how": "hit" }, text) : document.createTextNode(text);
  const [{ phrase, how }] = covering;
  const told = covering.map((one) => `${one.phrase.text} → ${one.phrase.label}${HOW[one.how] ? `, ${HOW[one.how]}` : ""}`).join("\n");
  const { class: none, ...tone } = toneOf(labels, phrase.label);
  return h(
    "mark",
    {
      class: `ccds-mark${isHit ? " ccds-hit" : ""}`,
      title: told,
      "aria-description": told,
      "data-how": how,
      "data-decides": String(how !== "negated" && decides.includes(phrase.id)),
      ...tone,
    },
    text,
  );
}

/** A phrase's options as a person reads them. */
function optionTags(phrase) {
  const tag = (words) => h("span", { class: "ccds-option" }, words);
  return [
    phrase.excludes ? tag("excludes") : null,
    phrase.negatable ? tag("not if negated") : null,
    phrase.uncertain_label === null ? null : tag(`uncertain → ${phrase.uncertain_label}`),
  ].filter(Boolean);
}

/** A phrase as it is shown, for whoever is asked to change it. */
const seenForm = ({ text, label, negatable, uncertain_label, excludes }) => ({ text, label, negatable, uncertain_label, excludes });

/** Of a phrase the ids of its list, in the order that is shown, for whoever is asked to move it. */
const orderOf = ({ phrases }, { list }) => phrases.filter((one) => one.list === list).map(({ id }) => id);

/** Which of a phrase's labels are among those that are shown; another one is new. */
function knownOf({ labels }, label, uncertain) {
  const isShown = (word) => labels.some(({ name }) => name === word);
  return { known: isShown(label), known_uncertain: isShown(uncertain) };
}

/** The labels' names in one line, to be compared. */
const namesOf = ({ labels }) => labels.map(({ name }) => name).join("\n");

/** What a screen of studies says where there are none. */
const NO_REPORTS = "This task reads no report yet. The Annotate screen says how reports are loaded.";

/** How many reports its options concern; nothing where that is none. */
function optionCounts({ negated, uncertain }) {
  return [negated ? `${grouped(negated)} negated` : "", uncertain ? `${grouped(uncertain)} uncertain` : ""].filter(Boolean).join(" · ");
}

/** The controls of a phrase's options; `set(options)` is called with all of them when one changes. */
function optionControls(options, { name, several, words, set }) {
  const list = `ccds-words-${name}`;
  const box = (key, hint, told) =>
    h(
      "label",
      { class: "ccds-check", title: told },
      h("input", { type: "checkbox", "data-focus": `${name}-${key}`, checked: options[key], onchange: (event) => set({ ...options, [key]: event.target.checked }) }),
      h("span", {}, hint),
    );
  const field = h("input", {
    class: "ccds-field ccds-uncertain",
    "data-focus": `${name}-uncertain`,
    "aria-label": "Label where it is uncertain",
    placeholder: "the same",
    list,
    maxlength: 500,
    autocomplete: "off",
    value: options.uncertain_label ?? "",
    onchange: (event) => set({ ...options, uncertain_label: event.target.value.trim() || null }),
  });
  return h(
    "div",
    { class: "ccds-options", role: "group", "aria-label": "Options" },
    box("negatable", "Not if negated", "A place that a word such as “no” reaches in its sentence doesn’t count"),
    h("label", { class: "ccds-check", title: "Where every place that counts is in doubt (“possible”, “cannot exclude”)" }, h("span", {}, "Uncertain →"), field),
    several ? box("excludes", "Excludes", "The phrase stands for the absence of its label") : null,
    h("datalist", { id: list }, ...words.map((word) => h("option", { value: word }))),
  );
}

const STEPS = { inserted: "added", removed: "removed", edited: "changed", moved: "moved" };

/** What a step did: “added “effusion””, “changed the task’s labels”. */
function stepTold({ what, text, more }) {
  if (what === "task") return `changed the task’s ${text}`;
  return `${STEPS[what]} “${text}”${more ? ` and ${counted(more, "more phrase")}` : ""}`;
}

/** The two buttons that take a step back and do it again. */
function stepButtons({ undo, redo }, act) {
  const button = (name, step, keys, run) =>
    h(
      "button",
      { class: "ccds-button", "data-focus": name, disabled: !step, title: step ? `${name === "undo" ? "Undo" : "Redo"}: ${stepTold(step)}` : "Nothing", onclick: run },
      name === "undo" ? "Undo" : "Redo",
      h("kbd", {}, keys),
    );
  return [button("undo", undo, "Ctrl+Z", act.undo), button("redo", redo, "Ctrl+Shift+Z", act.redo)];
}

/** Runs undo or redo where the key is theirs and no text field's own; whether it was. */
function stepKey(event, act) {
  const isText = event.target.matches?.("input:not([type]), input[type=text], textarea");
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || isText) return false;
  if (event.shiftKey) act.redo();
  else act.undo();
  return true;
}

const YES = { sure: "Yes, all of them", new_labels: "Yes, add it" };

/** What the kernel asks before it does `request`: `again` does it with the answer. The focus goes there, and comes back from it. */
function askedOf({ asks, about }, request, again) {
  const back = document.activeElement?.dataset.focus;
  return { line: asks, word: YES[about], back, yes: () => again({ ...request, [about]: true }) };
}

/** The line that asks whether that is meant, with its two answers. */
function askedLine({ line, word, yes }, no) {
  const keys = (event) => {
    const answer = { y: yes, n: no, Escape: no }[event.key];
    if (!answer || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    answer();
  };
  return h(
    "div",
    { class: "ccds-asked", role: "alertdialog", "aria-label": "Are you sure?", tabindex: -1, "data-focus": "asked", onkeydown: keys },
    h("p", {}, line),
    h("button", { class: "ccds-button", type: "button", "data-focus": "asked-yes", onclick: yes }, word, h("kbd", {}, "y")),
    h("button", { class: "ccds-button", type: "button", "data-focus": "asked-no", onclick: no }, "No", h("kbd", {}, "n")),
  );
}

/** Brings the focus to the question, or back to where it came from. */
function focusOn(name) {
  if (name) document.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus();
}
