// The fields of a step's parameters: a box to type into, and where a range makes sense a slider beside it.

function drawField(state, step, field, act, errorId) {
  const unit = unitOf(state, field.unit);
  const value = step.parameters[field.parameter];
  const set = (changed) => (step.parameters = { ...step.parameters, [field.parameter]: changed });
  const part = { state, step, field, act, errorId, unit };
  if (field.kind === "numbers") {
    const values = Array.isArray(value) ? value : [];
    const setOne = (at) => (text) => set(field.start.map((_, other) => (other === at ? typed(text) : (step.parameters[field.parameter]?.[other] ?? ""))));
    if (!field.slide) {
      const inputs = field.start.map((_, at) => drawInput(part, values[at], ` ${at + 1}`, setOne(at), { size: 4, inputmode: "decimal" }));
      return drawParameter(field.label, unit, inputs);
    }
    const rows = field.start.map((_, at) => drawSlid(part, at ? "" : field.label, values[at], ` ${at + 1}`, setOne(at)));
    return h("div", { class: "ccds-slid-rows" }, ...rows);
  }
  if (field.kind === "choice") {
    const select = h(
      "select",
      {
        ...common(part),
        "data-focus": `${field.parameter}-${step.id}`,
        "aria-label": nameOf(part, ""),
        onchange: (event) => act.edit(() => set(event.target.value)),
      },
      ...[...new Set([...field.options, value])].map((option) => h("option", { value: option, selected: option === value }, option)),
    );
    return drawParameter(field.label, unit, [select]);
  }
  if (field.kind === "number" && field.slide) return drawSlid(part, field.label, value, "", (text) => set(typed(text)));
  const number = field.kind === "number";
  const extra = number ? { size: 6, inputmode: "decimal" } : { size: 5, maxlength: 40 };
  return drawParameter(field.label, unit, [drawInput(part, value, "", (text) => set(number ? typed(text) : text.trim()), extra)]);
}

function drawParameter(label, unit, inputs) {
  return h("div", { class: "ccds-parameter" }, h("span", { class: "ccds-muted" }, label), ...inputs, unit ? h("span", { class: "ccds-muted" }, unit) : null);
}

function common({ errorId }) {
  return { class: "ccds-field", "aria-describedby": errorId, "aria-invalid": errorId ? "true" : null };
}

function nameOf({ step, field }, part) {
  return `${step.name} ${field.label}${part}`;
}

function drawInput(part, text, which, change, extra) {
  const { step, field, act } = part;
  return h("input", {
    ...common(part),
    ...extra,
    "data-focus": `${field.parameter}${which}-${step.id}`,
    "aria-label": nameOf(part, which),
    value: String(text ?? ""),
    autocomplete: "off",
    spellcheck: "false",
    oninput: (event) => act.edit(() => change(event.target.value), true),
  });
}

/** A number's box with its slider: while that is held the pictures follow on coarser copies. */
function drawSlid(part, label, value, which, change) {
  const { state, step, field, act, unit } = part;
  const [least, most, by] = rangeOf(state, field);
  const box = drawInput(part, value, which, (text) => {
    change(text);
    slider.value = typed(text);
  }, { size: 6, inputmode: "decimal" });
  const slider = h("input", {
    type: "range",
    class: "ccds-knob",
    min: least,
    max: most,
    step: by,
    value: typeof value === "number" ? value : least,
    "data-focus": `slide-${field.parameter}${which}-${step.id}`,
    "aria-label": `${nameOf(part, which)}, slider`,
    oninput: () => {
      box.value = slider.value;
      act.drag(() => change(slider.value));
    },
    onkeydown: (event) => {
      const pages = { PageUp: 1, PageDown: -1 }[event.key];
      if (!pages) return;
      event.preventDefault();
      slider.value = Number(slider.value) + pages * pageOf(step, by);
      for (const kind of ["input", "change"]) slider.dispatchEvent(new Event(kind, { bubbles: true }));
    },
    onchange: act.drop,
    onpointerup: act.drop, // a slider that is back where it was is no change to a browser
    onblur: act.drop,
  });
  return h("div", { class: "ccds-slid" }, h("span", { class: "ccds-muted ccds-slid-label" }, label), box, h("span", { class: "ccds-muted" }, unit), slider);
}

/** What PgUp and PgDn move a slider by: ten of its steps, of a window a tenth of its width: a tenth of the slider would jump past it. */
function pageOf(step, by) {
  const width = step.name === "window" ? step.parameters.width : null;
  return typeof width === "number" ? Math.max(1, Math.round(width / 10 / by)) * by : 10 * by;
}

/** Least, most and step of a slider; those in HU are the intensities' own where the volume isn't CT. */
function rangeOf(state, field) {
  const [least, most, by] = field.slide;
  if (field.unit !== "HU" || isCt(state) || !firstOf(state)) return [least, most, by];
  const [low, high] = firstOf(state).sides.before.range;
  const fine = (high - low) / 500 || 1;
  return field.parameter === "width" ? [fine, high - low || 1, fine] : [low, high, fine];
}
