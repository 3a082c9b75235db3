// The recipe: its steps in their order, each with its fields, and what is wrong beside the step that it is wrong with.

function drawSteps(state, act) {
  if (!state.steps.length) return [h("li", { class: "ccds-no-steps ccds-muted" }, "No steps: the voxels stay as they are. Add one below.")];
  return state.steps.map((step, place) => drawStep(state, step, place, act));
}

function drawStep(state, step, place, act) {
  const errorId = `${state.prefix}-step-error-${step.id}`;
  const form = state.forms.find((one) => one.name === step.name);
  const icon = (name, sign, run, off, hint) =>
    h("button", { class: "ccds-icon", type: "button", "data-focus": `${name}-${step.id}`, "aria-label": `${hint} ${step.name}`, title: hint, disabled: off, onclick: run }, sign);
  const group = h(
    "div",
    { class: "ccds-step", "data-on": String(step.on), "data-wrong": String(Boolean(step.error)), role: "group", "aria-label": `Step ${place + 1}, ${step.name}` },
    h(
      "div",
      { class: "ccds-step-head" },
      h(
        "label",
        { class: "ccds-step-name" },
        h("input", { type: "checkbox", "data-focus": `on-${step.id}`, checked: step.on, onchange: (event) => act.edit(() => (step.on = event.target.checked)) }),
        h("b", {}, step.name),
        h("span", { class: "ccds-muted" }, STEP_WORDS[step.name] ?? ""),
      ),
      icon("up", "↑", () => act.move(step, -1), place === 0, "Earlier:"),
      icon("down", "↓", () => act.move(step, 1), place === state.steps.length - 1, "Later:"),
      icon("remove", "×", () => act.remove(step), false, "Remove"),
    ),
    h("div", { class: "ccds-step-fields" }, ...(form?.fields ?? []).map((field) => drawField(state, step, field, act, step.error && errorId))),
    step.error ? h("p", { class: "ccds-error", role: "alert", id: errorId }, step.error) : null,
  );
  return h("li", {}, group);
}

function drawField(state, step, field, act, errorId) {
  const unit = unitOf(state, field.unit);
  const value = step.parameters[field.parameter];
  const name = (part) => `${step.name} ${field.label}${part}`;
  const common = { class: "ccds-field", "aria-describedby": errorId, "aria-invalid": errorId ? "true" : null };
  const input = (text, part, change, extra) =>
    h("input", {
      ...common,
      ...extra,
      "data-focus": `${field.parameter}${part}-${step.id}`,
      "aria-label": name(part),
      value: String(text ?? ""),
      autocomplete: "off",
      spellcheck: "false",
      oninput: (event) => act.edit(() => change(event.target.value), true),
    });
  const set = (changed) => (step.parameters = { ...step.parameters, [field.parameter]: changed });
  const inputs = {
    text: () => [input(value, "", (text) => set(text.trim()), { size: 5, maxlength: 40 })],
    number: () => [input(value, "", (text) => set(typed(text)), { size: 6, inputmode: "decimal" })],
    numbers: () =>
      field.start.map((_, at) => {
        const values = Array.isArray(value) ? value : [];
        return input(values[at], ` ${at + 1}`, (text) => set(field.start.map((_, other) => (other === at ? typed(text) : (step.parameters[field.parameter]?.[other] ?? "")))), { size: 4, inputmode: "decimal" });
      }),
    choice: () => [
      h(
        "select",
        { ...common, "data-focus": `${field.parameter}-${step.id}`, "aria-label": name(""), onchange: (event) => act.edit(() => set(event.target.value)) },
        ...[...new Set([...field.options, value])].map((option) => h("option", { value: option, selected: option === value }, option)),
      ),
    ],
  }[field.kind]();
  return h("div", { class: "ccds-parameter" }, h("span", { class: "ccds-muted" }, field.label), ...inputs, unit ? h("span", { class: "ccds-muted" }, unit) : null);
}

function drawAdding(state, act) {
  const select = h(
    "select",
    { class: "ccds-field", "data-focus": "add", "aria-label": "Add a step", onchange: (event) => act.add(event.target.value) },
    h("option", { value: "" }, "Add a step …"),
    ...state.forms.map(({ name }) => h("option", { value: name }, `${name}: ${STEP_WORDS[name] ?? ""}`)),
  );
  const output = h(
    "select",
    { class: "ccds-field", "data-focus": "output", "aria-label": "Output", onchange: (event) => act.edit(() => (state.output = event.target.value)) },
    ...["float32", "int16"].map((type) => h("option", { value: type, selected: type === state.output }, type)),
  );
  return [
    h("div", { class: "ccds-adding" }, select, h("label", { class: "ccds-parameter" }, h("span", { class: "ccds-muted" }, "output"), output)),
    state.trouble.output ? h("p", { class: "ccds-error", role: "alert" }, state.trouble.output) : null,
  ];
}
