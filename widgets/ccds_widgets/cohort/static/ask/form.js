// The form: exam codes, days, consecutive studies; nothing can be chosen that the application doesn't cover.

const MOST_CHIPS = 300;

/** A line at a field that says what is wrong with it, and whose field says so, too. */
function fieldError(state, name) {
  const line = state.wrong[name];
  return line ? h("p", { class: "ccds-error", id: `ccds-ask-${name}-wrong`, role: "alert" }, line) : null;
}

function described(state, name) {
  return { "aria-invalid": state.wrong[name] ? "true" : undefined, "aria-describedby": state.wrong[name] ? `ccds-ask-${name}-wrong` : undefined };
}

function drawCodes(state, act) {
  const { approved, form } = state;
  const sought = state.typed.trim().toLowerCase();
  const fitting = approved.codes.filter((code) => code.toLowerCase().includes(sought));
  const chip = (code) =>
    h(
      "button",
      { class: "ccds-code", type: "button", "data-focus": `code-${code}`, "aria-pressed": String(form.codes.has(code)), onclick: () => act.toggle(code) },
      h("span", { "aria-hidden": true }, form.codes.has(code) ? "✓" : "+"),
      code,
    );
  const field = h("input", {
    class: "ccds-field",
    "data-focus": "typed",
    "aria-label": "Exam code: type to find one, Enter chooses it",
    placeholder: "Type an exam code",
    maxlength: 64,
    autocomplete: "off",
    spellcheck: "false",
    ...described(state, "typed"),
    oninput: (event) => act.type(event.target.value),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      act.add(event.target);
    },
  });
  field.value = state.typed;
  return h(
    "fieldset",
    {},
    h("legend", {}, "Exam codes"),
    h(
      "div",
      { class: "ccds-ask-line" },
      field,
      h("button", { class: "ccds-button", type: "button", "data-focus": "all", disabled: form.codes.size === approved.codes.length, onclick: act.all }, "All"),
      h("button", { class: "ccds-button", type: "button", "data-focus": "none", disabled: !form.codes.size, onclick: act.none }, "None"),
    ),
    fieldError(state, "typed"),
    fitting.length
      ? h("div", { class: "ccds-codes", role: "group", "aria-label": "Exam codes that the IRB application covers" }, fitting.slice(0, MOST_CHIPS).map(chip))
      : h("p", { class: "ccds-muted" }, "None of the codes that the IRB application covers. Enter says why this one can’t be chosen."),
    fitting.length > MOST_CHIPS ? h("p", { class: "ccds-muted" }, `and ${grouped(fitting.length - MOST_CHIPS)} more: type to find them`) : null,
    fieldError(state, "codes"),
    h("p", { class: "ccds-muted" }, `${grouped(form.codes.size)} of ${grouped(approved.codes.length)} that the IRB application covers`),
  );
}

function drawDates(state, act) {
  const { approved, form } = state;
  const day = (name, label) => {
    const input = h("input", {
      class: "ccds-field",
      type: "date",
      "data-focus": name,
      min: approved.first,
      max: approved.last,
      ...described(state, name),
      onchange: (event) => act.set(name, event.target.value),
    });
    input.value = form[name];
    return h("label", { class: "ccds-labelled" }, label, input);
  };
  return h(
    "fieldset",
    {},
    h("legend", {}, "Study dates"),
    h("div", { class: "ccds-ask-line" }, day("first", "First day"), day("last", "Last day")),
    fieldError(state, "first"),
    fieldError(state, "last"),
    h("p", { class: "ccds-muted" }, `Covered: ${approved.first} to ${approved.last}, both days included. `, form.first !== approved.first || form.last !== approved.last ? h("button", { class: "ccds-link", type: "button", "data-focus": "whole", onclick: act.wholeTime }, "All of it") : null),
  );
}

function drawConsecutive(state, act) {
  const { form } = state;
  const number = h("input", {
    class: "ccds-field ccds-count",
    "data-focus": "consecutive",
    inputmode: "numeric",
    maxlength: 8,
    "aria-label": "How many consecutive studies",
    disabled: !form.only,
    ...described(state, "consecutive"),
    onchange: (event) => act.set("consecutive", event.target.value.trim()),
  });
  number.value = form.consecutive;
  return h(
    "fieldset",
    {},
    h("legend", {}, "How many"),
    h(
      "div",
      { class: "ccds-ask-line" },
      h("label", { class: "ccds-choice" }, h("input", { type: "checkbox", "data-focus": "only", checked: form.only, onchange: (event) => act.set("only", event.target.checked) }), "Only the first"),
      number,
      "studies",
    ),
    fieldError(state, "consecutive"),
    h("p", { class: "ccds-muted" }, "As they were acquired, none left out: what validation and deployment are judged on."),
  );
}

/** What the form does: asks the archive, or says that the site does. */
function drawDoing(state, act) {
  if (state.counting) return drawAsking(state.counting, act);
  return [
    state.notFromHere
      ? null
      : h("button", { class: "ccds-button ccds-primary", type: "button", "data-focus": "count", disabled: state.busy, onclick: act.count }, "Count", h("kbd", {}, "c")),
    state.stopped && !state.found ? h("p", { class: "ccds-muted" }, "Stopped: nothing was counted.") : null,
    state.error ? h("p", { class: "ccds-error", role: "alert" }, state.error) : null,
  ];
}

function drawKeeping(state, act) {
  const name = h("input", {
    class: "ccds-field",
    "data-focus": "name",
    maxlength: 40,
    placeholder: "such as heads-2024",
    autocomplete: "off",
    spellcheck: "false",
    ...described(state, "name"),
    oninput: (event) => {
      state.name = event.target.value;
    },
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      act.keep();
    },
  });
  name.value = state.name;
  return h(
    "fieldset",
    {},
    h("legend", {}, "Keep these criteria"),
    h("div", { class: "ccds-ask-line" }, h("label", { class: "ccds-labelled ccds-wide" }, "Name", name), h("button", { class: "ccds-button ccds-low", type: "button", "data-focus": "keep", disabled: state.busy, onclick: act.keep }, "Keep")),
    fieldError(state, "name"),
    state.keptAs ? h("p", { class: "ccds-done" }, `Kept as ${state.keptAs}.`, " ", fetchLink(state, act)) : h("p", { class: "ccds-muted" }, "Other criteria under the same name are its next version; nothing is overwritten."),
  );
}

function fetchLink(state, act) {
  return state.canFetch ? h("button", { class: "ccds-link", type: "button", "data-focus": "go-fetch", onclick: () => act.fetch(state.keptAs) }, "Fetch them") : null;
}
