// The fields for the first and the last study date. They are made once and never drawn anew: a browser's date field is typed part by
// part, and one that takes its place begins with the first part again.

const EARLIEST_YEAR = 1000; // a year before that is one that is being typed: 0002, 0020, 0202

/** The fields of the form in `state`; `act.set(name, value, isPartial)` takes a day. `show()` brings them to what the form has. */
function dayFields(state, act) {
  const inputs = { first: field("first"), last: field("last") };
  const wrong = { first: h("div", {}), last: h("div", {}) };
  const covered = h("p", { class: "ccds-muted" });
  const element = h(
    "fieldset",
    {},
    h("legend", {}, "Study dates"),
    h("div", { class: "ccds-ask-line" }, h("label", { class: "ccds-labelled" }, "First day", inputs.first), h("label", { class: "ccds-labelled" }, "Last day", inputs.last)),
    wrong.first,
    wrong.last,
    covered,
  );

  function field(name) {
    return h("input", {
      class: "ccds-field",
      type: "date",
      "data-focus": name,
      onchange: () => take(name),
      onblur: () => take(name, true),
      onkeydown: (event) => event.key === "Enter" && take(name, true),
    });
  }

  /** A day counts as soon as it is whole; where somebody is done with the field, so does what isn't. */
  function take(name, isDone = false) {
    const { value, validity } = inputs[name];
    const isWhole = Number(value.slice(0, value.indexOf("-"))) >= EARLIEST_YEAR;
    if (!isWhole && !isDone) return;
    const isPartial = !value && validity.badInput;
    if (value !== state.form[name] || isPartial !== Boolean(state.partial[name])) act.set(name, value, isPartial);
  }

  function show() {
    const { approved, form } = state;
    for (const [name, input] of Object.entries(inputs)) {
      // Not even the same bounds are given twice: a browser takes away what was typed of a day.
      if (input.min !== approved.first) input.min = approved.first;
      if (input.max !== approved.last) input.max = approved.last;
      if (input !== document.activeElement && !state.partial[name] && input.value !== form[name]) input.value = form[name];
      for (const [attribute, value] of Object.entries(described(state, name))) value ? input.setAttribute(attribute, value) : input.removeAttribute(attribute);
      if (wrong[name].textContent !== (state.wrong[name] ?? "")) wrong[name].replaceChildren(...[fieldError(state, name)].filter(Boolean)); // a line is told once
    }
    const isAll = form.first === approved.first && form.last === approved.last;
    redraw(covered, `Covered: ${approved.first} to ${approved.last}, both days included. `, isAll ? null : h("button", { class: "ccds-link", type: "button", "data-focus": "whole", onclick: act.wholeTime }, "All of it"));
  }

  return { element, show };
}

/** What is wrong with the days of the form, by field. */
function wrongDays({ form, approved, partial }) {
  const wrong = {};
  for (const name of ["first", "last"]) {
    if (partial[name]) wrong[name] = `Expected a ${name} study date; found part of one, or one that no calendar has; give the whole date.`;
    else if (!form[name]) wrong[name] = `Expected a ${name} study date; found none; give the whole date.`;
    else if (form[name] < approved.first || form[name] > approved.last) wrong[name] = `Expected a day from ${approved.first} to ${approved.last}, as the IRB application covers; found ${form[name]}; choose one of these.`;
  }
  if (!wrong.first && !wrong.last && form.last < form.first) wrong.last = `Expected a last study date that isn’t before the first one, ${form.first}; found ${form.last}; change one of them.`;
  return wrong;
}
