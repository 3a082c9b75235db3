// The recipe: its steps in their order, each with its fields, what it does, and what is wrong beside the step it is wrong with.

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
    step.name === "nyul" ? drawFit(state, step, act) : null,
    h("p", { class: "ccds-effect", "data-effect": step.id }),
    step.advice ? h("p", { class: "ccds-advice" }, step.advice) : null,
    step.error ? h("p", { class: "ccds-error", role: "alert", id: errorId }, step.error) : null,
  );
  return h("li", {}, group);
}

/** Nyúl's landmarks come of all volumes. */
function drawFit(state, step, act) {
  const { volumes } = step.parameters;
  const words = volumes ? `Landmarks of ${counted(volumes, "volume")}.` : "No landmarks yet.";
  const button = h(
    "button",
    { class: "ccds-button", type: "button", "data-focus": `fit-${step.id}`, disabled: !step.on, onclick: act.fit },
    `${volumes ? "Fit again" : "Fit"} on all ${counted(state.volumes.length, "volume")}`,
  );
  return h("div", { class: "ccds-parameter" }, h("span", { class: "ccds-muted" }, words), button);
}

/** What each step does to the first study, in words, and the way to see it; written into the steps that are there. */
function drawEffects(state, steps, act) {
  for (const line of steps.querySelectorAll("[data-effect]")) {
    const place = state.steps.findIndex(({ id }) => String(id) === line.dataset.effect);
    const effect = state.effects?.steps[place];
    const earlier = state.effects?.steps.slice(0, place).findLast(Boolean) ?? state.effects?.start;
    const step = state.steps[place];
    line.hidden = !effect || !step?.on;
    if (line.hidden) continue;
    const look = h(
      "button",
      {
        class: "ccds-link",
        type: "button",
        "data-focus": `until-${step.id}`,
        "aria-pressed": String(state.until === step.id),
        "aria-label": `Show the picture after ${step.name}`,
        onclick: () => act.showAfter(state.until === step.id ? null : step),
      },
      state.until === step.id ? "show after all steps" : "show after this step",
    );
    redraw(line, [h("span", {}, effectWords(earlier, effect)), " ", look]);
  }
}

function effectWords(before, after) {
  const range = (one) => one.range.map(intensity).join(" to ");
  const parts = [];
  if (range(before) !== range(after)) parts.push(`${range(before)} → ${range(after)}`);
  if (spacingWords(before.spacing_mm) !== spacingWords(after.spacing_mm)) parts.push(`${spacingWords(before.spacing_mm)} → ${spacingWords(after.spacing_mm)}`);
  return parts.length ? parts.join(", ") : "Range and spacing stay.";
}

function drawAdding(state, act) {
  const select = h(
    "select",
    { class: "ccds-field", "data-focus": "add", "aria-label": "Add a step", onchange: (event) => act.add(event.target.value) },
    h("option", { value: "" }, "Add a step …"),
    ...state.forms.map(({ name }) => h("option", { value: name }, STEP_WORDS[name] ? `${name}: ${STEP_WORDS[name]}` : name)),
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
