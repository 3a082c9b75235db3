// Saving the recipe, and the command that does the same without this page.

function drawSaving(state, act) {
  const errorId = `${state.prefix}-save-error`;
  const field = h("input", {
    class: "ccds-field",
    "data-focus": "name",
    "aria-label": "Name of the recipe",
    "aria-describedby": state.saveError ? errorId : null,
    placeholder: "head CT, brain window",
    maxlength: 100,
    value: state.name,
    autocomplete: "off",
    oninput: (event) => act.rename(event.target.value),
  });
  return [
    h(
      "form",
      { class: "ccds-save", onsubmit: (event) => (event.preventDefault(), act.save()) },
      field,
      h("button", { class: "ccds-button ccds-primary", "data-focus": "save", disabled: !firstOf(state) || (isOlder(state) && !state.busy) }, "Save recipe"),
    ),
    state.saveError ? h("p", { class: "ccds-error", role: "alert", id: errorId }, state.saveError) : null,
  ];
}

function drawSaved({ saved }, act) {
  if (!saved) return [];
  const hash = (name, value, hint) => [h("dt", { title: hint }, name), h("dd", { class: "ccds-hash", "data-hash": name }, value)];
  const command = (name, text) => {
    const code = h("code", { class: "ccds-command", "data-command": name }, text);
    return [code, h("button", { class: "ccds-button", "data-focus": `copy-${name}`, type: "button", onclick: () => act.copy(code) }, "Copy the command")];
  };
  return [
    h("p", { role: "status" }, saved.was_there ? "This recipe is saved already: " : "Saved: ", h("b", {}, saved.file)),
    h("dl", {}, ...hash("recipe", saved.recipe, "SHA-256 of steps and output")),
    h("details", {}, h("summary", {}, "The file"), h("pre", { class: "ccds-command ccds-yaml" }, saved.yaml)),
    h("p", { class: "ccds-muted" }, "In a terminal of this session, over every volume of the project:"),
    ...command("run", saved.run),
    h("p", { class: "ccds-muted" }, "The same for this volume alone:"),
    ...command("apply", saved.command),
    h("p", { class: "ccds-muted" }, "Both make of this volume what you see here: the hash of voxels and affine is"),
    h("dl", {}, ...hash("output", saved.output, "SHA-256 of voxels and affine at full resolution")),
  ];
}
