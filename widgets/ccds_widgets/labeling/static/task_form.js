// The form in which a task is made or changed: a dialog over the screen, for who may curate labels.
//
// What was typed stays where it was typed until it is kept or given up: a refusal writes beside it, never into it.

const TASK_PARTS = ["name", "kind", "cohort", "labels", "guideline", "left_out", "strata", "cues"];
const PART_NAMES = { name: "name", kind: "kind", cohort: "cohort", labels: "labels", guideline: "guideline", left_out: "sections left out", strata: "strata tags", cues: "cue lists" };
const KIND_WORDS = { one: "Labels exclude each other", several: "Each label by itself" };
const NO_CUES = "Empty: the default lists. As in the task’s file: the name of a list, a colon, its cues below it, each after a dash; no, yes, on and off in quotes. A list that isn’t named is the default one.";

/** “labels and guideline”, “labels, guideline and strata tags”. */
function partWords(parts) {
  const words = parts.map((part) => PART_NAMES[part]);
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");
}

const oneALine = (words) => words.join("\n");
const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const WRITTEN = { labels: oneALine, strata: oneALine, cohort: (name) => name ?? "" };
const READ = { labels: linesOf, strata: linesOf, left_out: JSON.parse, cohort: (name) => name || null };

/** How a part stands in its control, and what it says as it stands there. */
const writtenPart = (form, part) => (WRITTEN[part] ?? String)(form[part]);
const readPart = (part, written) => (READ[part] ?? String)(written);

/**
 * The dialog on task `task`, or on a new one where that is null; it is to be put into the page and opened as a modal one.
 *
 *   ask(request)  the kernel's answer
 *   kept(answer, parts)  the task is kept, as the answer says, and which parts of it are others now in words; the dialog closes
 */
function taskDialog(task, { ask, kept }) {
  const title = task === null ? "New task" : "Task settings";
  const body = h("div", { class: "ccds-task-form-body" }, h("p", { class: "ccds-counting", role: "status" }, "Opening the form …"));
  const dialog = h("dialog", { class: "ccds-task-form", tabindex: -1, "aria-labelledby": "ccds-task-form-title", onkeydown: onKey, oncancel: (event) => (event.preventDefault(), leave()) }, h("h2", { id: "ccds-task-form-title", tabindex: -1, autofocus: true }, title), body);
  const now = { seen: null, choices: null, controls: {}, busy: false };
  const general = h("p", { class: "ccds-error", role: "alert", hidden: true });
  const question = h("div", { class: "ccds-task-form-question" });
  const save = h("button", { class: "ccds-button", type: "submit", "data-focus": "task-keep" }, task === null ? "Make the task" : "Keep the changes", h("kbd", {}, "Ctrl+↵"));
  start();

  async function start() {
    try {
      const { form, choices } = await ask({ kind: "task form", task });
      Object.assign(now, { seen: form, choices });
    } catch (error) {
      body.replaceChildren(h("p", { class: "ccds-error", role: "alert" }, error.message), closeButton());
      return;
    }
    body.replaceChildren(drawForm());
    now.controls.name.element.focus();
  }

  // --- the controls: element, read() as it is written, put(form)

  function field(part, hint, properties = {}) {
    const element = h("input", { class: "ccds-field", autocomplete: "off", ...about(part, hint), ...properties });
    return textControl(part, hint, element);
  }

  function area(part, hint, rows) {
    return textControl(part, hint, h("textarea", { class: "ccds-field", rows, dir: "auto", spellcheck: part === "guideline" ? "true" : "false", ...about(part, hint) }));
  }

  function textControl(part, hint, element) {
    const control = { element, read: () => element.value, put: (form) => (element.value = writtenPart(form, part)) };
    return known(part, control, h("label", { for: `ccds-task-${part}` }, PART_NAMES[part][0].toUpperCase() + PART_NAMES[part].slice(1)), element, hint);
  }

  function choice(part, options, hint) {
    const element = h("select", { class: "ccds-field", ...about(part, hint) }, ...options.map(([value, words]) => h("option", { value }, words)));
    return textControl(part, hint, element);
  }

  function boxes(part, names, hint) {
    const inputs = names.map((name) => h("input", { type: "checkbox", value: name, "data-focus": `task-${part}-${name}` }));
    const read = () => JSON.stringify(inputs.filter(({ checked }) => checked).map(({ value }) => value).toSorted());
    const put = (form) => inputs.forEach((input) => (input.checked = form[part].includes(input.value)));
    const element = h("div", { class: "ccds-toolbar", role: "group", tabindex: -1, ...about(part, hint), "aria-label": PART_NAMES[part] }, ...inputs.map((input) => h("label", {}, input, ` ${input.value.replaceAll("_", " ")}`)));
    return known(part, { element, read, put }, h("span", { class: "ccds-task-label", "aria-hidden": "true" }, "Sections left out"), names.length ? element : h("p", { class: "ccds-muted" }, "The project has no report yet, so no section."), hint);
  }

  const about = (part, hint) => ({ id: `ccds-task-${part}`, "data-focus": `task-${part}`, "aria-describedby": `ccds-task-${part}-error${hint ? ` ccds-task-${part}-hint` : ""}` });

  function known(part, control, label, element, hint) {
    control.put(now.seen);
    const error = h("p", { class: "ccds-error", id: `ccds-task-${part}-error`, hidden: true });
    now.controls[part] = { ...control, error, drawn: control.read() };
    return h("div", { class: "ccds-task-part", "data-part": part }, label, element, hint ? h("p", { class: "ccds-muted", id: `ccds-task-${part}-hint` }, hint) : null, error);
  }

  function drawForm() {
    const { seen, choices } = now;
    const gone = seen.cohort !== null && !choices.cohorts.includes(seen.cohort);
    const cohorts = [["", "All reports"], ...choices.cohorts.map((name) => [name, name]), ...(gone ? [[seen.cohort, `${seen.cohort} (gone, or not covered any more)`]] : [])];
    const defaults = h("button", { class: "ccds-link", type: "button", "data-focus": "task-default-cues", onclick: () => showDefaults() }, "Write the default lists in");
    const cues = h("details", { class: "ccds-task-cues", open: Boolean(seen.cues) }, h("summary", { "data-focus": "task-cues-open" }, "Cues of negation and uncertainty"), area("cues", NO_CUES, 8), defaults);
    return h(
      "form",
      { novalidate: true, onsubmit: (event) => (event.preventDefault(), keep()), oninput: () => forget() },
      field("name", "", { type: "text" }),
      task === null
        ? choice("kind", Object.entries(KIND_WORDS), "It stays once studies are in a batch.")
        : h("div", { class: "ccds-task-part" }, h("span", { class: "ccds-task-label" }, "Kind"), h("p", {}, KIND_WORDS[seen.kind])),
      area("labels", "One a line, in the order of the number keys.", 4),
      area("guideline", "What a labeler reads beside the screen.", 6),
      choice("cohort", cohorts, "Whose reports alone the task reads."),
      boxes("left_out", choices.sections, "They are shown, and no phrase is looked for in them."),
      area("strata", "One a line.", 4),
      cues,
      h("div", { class: "ccds-task-foot" }, general, question, h("div", { class: "ccds-toolbar" }, save, closeButton())),
    );
  }

  function closeButton() {
    return h("button", { class: "ccds-button", type: "button", "data-focus": "task-leave", onclick: () => leave() }, "Close", h("kbd", {}, "Esc"));
  }

  function showDefaults() {
    const { element } = now.controls.cues;
    element.value = [element.value.trim(), now.choices.cues].filter(Boolean).join("\n\n");
    element.focus();
  }

  // --- what was typed

  const isTyped = (part) => now.controls[part] !== undefined && now.controls[part].read() !== now.controls[part].drawn;

  /** The form as it is typed; a part that nobody touched as it was shown, to the letter. */
  function typed() {
    return Object.fromEntries(TASK_PARTS.map((part) => [part, isTyped(part) ? readPart(part, now.controls[part].read()) : now.seen[part]]));
  }

  async function keep() {
    if (now.busy) return;
    now.busy = true;
    save.setAttribute("aria-disabled", "true"); // not `disabled`, which loses the focus
    question.replaceChildren();
    tell({});
    try {
      const answer = await ask(task === null ? { kind: "make task", typed: typed() } : { kind: "change task", task, seen: now.seen, typed: typed() });
      if (answer.wrong) tell(answer.wrong);
      else if (answer.overtaken) overtaken(answer);
      else {
        dialog.close();
        kept(answer, partWords(answer.parts));
      }
    } catch (error) {
      general.textContent = error.message;
      general.hidden = false;
    } finally {
      now.busy = false;
      save.removeAttribute("aria-disabled");
    }
  }

  /** Writes what is wrong beside the parts; the focus goes to the first. */
  function tell(wrong) {
    general.hidden = true;
    for (const [part, { element, error }] of Object.entries(now.controls)) {
      error.textContent = wrong[part] ?? "";
      error.hidden = !wrong[part];
      if (wrong[part]) element.setAttribute("aria-invalid", "true");
      else element.removeAttribute("aria-invalid");
    }
    const first = TASK_PARTS.find((part) => wrong[part] && now.controls[part]);
    if (!first) return;
    const { element } = now.controls[first];
    element.closest("details")?.setAttribute("open", "");
    element.focus({ preventScroll: true });
    element.closest("[data-part]").scrollIntoView({ block: "nearest" }); // its name and what is wrong, too
  }

  /** The form as it is now; what was typed stands in it again, where both have changed a part with the other's beside. */
  function overtaken({ overtaken: parts, form, choices }) {
    const mine = TASK_PARTS.filter((part) => isTyped(part)).map((part) => [part, now.controls[part].read()]);
    Object.assign(now, { seen: form, choices });
    body.replaceChildren(drawForm());
    for (const [part, value] of mine) now.controls[part].put({ ...form, [part]: readPart(part, value) });
    tell(Object.fromEntries(parts.map((part) => [part, `Somebody else changed this meanwhile. Keep it again to put yours in its place. Now there is: ${toldPart(form, part)}`])));
    for (const part of parts) {
      const control = now.controls[part];
      const take = () => {
        control.put(now.seen);
        forget(part);
        control.element.focus();
      };
      control?.error.append(" ", h("button", { class: "ccds-link", type: "button", "data-focus": `task-${part}-theirs`, onclick: take }, "Take theirs"));
    }
  }

  function toldPart(form, part) {
    const value = form[part];
    if (part === "cues") return value ? "other lists." : "the default lists.";
    if (part === "cohort") return value ? `cohort ${value}.` : "all reports.";
    const words = Array.isArray(value) ? value.join(", ") : value.trim();
    return words ? `“${words}”` : "nothing.";
  }

  /** An error goes when its part is typed into, but not the others'. */
  function forget(part = Object.keys(now.controls).find((name) => now.controls[name].element.contains(document.activeElement))) {
    const control = now.controls[part];
    if (!control || control.error.hidden) return;
    control.error.hidden = true;
    control.element.removeAttribute("aria-invalid");
  }

  // --- leaving

  function leave() {
    const parts = now.seen ? TASK_PARTS.filter((part) => isTyped(part)) : [];
    if (!parts.length) {
      dialog.close();
      return;
    }
    if (question.firstChild) {
      stay();
      return;
    }
    const back = document.activeElement;
    question.replaceChildren(askedLine({ line: `You changed ${partWords(parts)}. Close without keeping that?`, word: "Close it", yes: () => dialog.close() }, () => stay(back)));
    question.firstChild.focus({ preventScroll: true });
  }

  function stay(back) {
    question.replaceChildren();
    back?.focus();
  }

  function onKey(event) {
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) keep();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return dialog;
}
