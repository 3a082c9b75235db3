// Choosing exam codes and study dates: nothing can be chosen that the application doesn't cover. Used by the screens Ask and Reports,
// whose state has `approved`, `form`, `partial` (days that aren't whole), `typed` and `wrong` (field → line).

/** What was chosen before in this tab, as far as it is approved; else everything. Codes and days only: nothing about a patient. */
function chosenBefore(key, approved) {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  const codes = kept?.codes.filter((code) => approved.codes.includes(code)) ?? [];
  return {
    codes: new Set(codes.length ? codes : approved.codes),
    first: kept?.first || approved.first,
    last: kept?.last || approved.last,
    only: kept?.only ?? false,
    consecutive: kept?.consecutive ?? "100",
  };
}

function keepChosen(key, form) {
  sessionStorage.setItem(key, JSON.stringify({ ...form, codes: [...form.codes] }));
}

/** The form as the kernel takes it. */
function criteriaOf(form) {
  return { codes: [...form.codes].sort(), first: form.first, last: form.last, consecutive: form.only ? Number(form.consecutive) : null };
}

/** What is wrong with the form before anything is sent, by field: a line each. */
function wrongIn(state) {
  const { form } = state;
  const wrong = wrongDays(state);
  if (!form.codes.size) wrong.codes = "Expected at least one exam code; found none; choose one.";
  const number = Number(form.consecutive);
  if (form.only && !(Number.isInteger(number) && number >= 1)) wrong.consecutive = "Expected a whole number of studies, at least 1; found something else; write, say, 100.";
  return wrong;
}

const MOST_CHIPS = 300;

/** A line at a field that says what is wrong with it, and whose field says so, too. */
function fieldError(state, name) {
  const line = state.wrong[name];
  if (!line) return null;
  const words = line.split(/(\d{4}-\d\d-\d\d)/u).map((part, at) => (at % 2 ? h("span", { class: "ccds-days" }, part) : part)); // no day is broken in two
  return h("p", { class: "ccds-error", id: `ccds-field-${name}-wrong`, role: "alert" }, words);
}

function described(state, name) {
  return { "aria-invalid": state.wrong[name] ? "true" : undefined, "aria-describedby": state.wrong[name] ? `ccds-field-${name}-wrong` : undefined };
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

/** The field for a name; `hint` says what keeping means, `link` leads on from what was kept. */
function drawKeeping(state, act, hint, link = null) {
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
    state.keptAs ? h("p", { class: "ccds-done" }, `Kept as ${state.keptAs}. `, link) : h("p", { class: "ccds-muted" }, hint),
  );
}

/** What somebody does with these fields; `changed()` is called after each change, `open()` asks anew what is approved. */
function choosing(state, { channel, said }, draw, changed, open) {
  /** Why an exam code can't be chosen; nothing where an amendment has added it meanwhile. */
  async function refused(code) {
    try {
      await channel.ask({ kind: "check", code });
    } catch (error) {
      return error.message;
    }
    await open();
    return null;
  }

  return {
    type(text) {
      state.typed = text;
      delete state.wrong.typed;
      draw();
    },
    /** Chooses a code that was typed; the kernel says why one that isn't covered can't be. */
    async add(field) {
      const typed = field.value.trim();
      if (!typed) return;
      const fitting = state.approved.codes.filter((code) => code.toLowerCase().includes(typed.toLowerCase()));
      const code = state.approved.codes.find((one) => one.toLowerCase() === typed.toLowerCase()) ?? (fitting.length === 1 ? fitting[0] : null);
      if (code) {
        state.form.codes.add(code);
        state.typed = field.value = ""; // the field that is drawn next takes over what stands in this one
        state.wrong = {};
        said(`${code} is chosen.`);
        changed();
        return;
      }
      const line = await refused(typed);
      if (line) state.wrong = { ...state.wrong, typed: line };
      draw();
    },
    toggle(code) {
      const { codes } = state.form;
      if (!codes.delete(code)) codes.add(code);
      delete state.wrong.codes;
      changed();
    },
    all() {
      state.form.codes = new Set(state.approved.codes);
      state.wrong = {};
      changed();
    },
    none() {
      state.form.codes = new Set();
      changed();
    },
    set(name, value, isPartial = false) {
      state.form[name] = value;
      state.partial[name] = isPartial;
      state.wrong = wrongDays(state);
      changed();
    },
    wholeTime() {
      Object.assign(state.form, { first: state.approved.first, last: state.approved.last });
      Object.assign(state, { partial: {}, wrong: {} });
      changed();
    },
    /** Puts criteria that are kept into the form, as far as they are still covered; how many exam codes aren't. */
    put({ codes, first, last, consecutive }) {
      const covered = codes.filter((code) => state.approved.codes.includes(code));
      state.form = { codes: new Set(covered), first, last, only: Boolean(consecutive), consecutive: String(consecutive ?? state.form.consecutive) };
      Object.assign(state, { partial: {}, wrong: {} });
      changed();
      return codes.length - covered.length;
    },
  };
}
