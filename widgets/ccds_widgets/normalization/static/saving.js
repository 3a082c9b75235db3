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
      h("button", { class: "ccds-button ccds-primary", "data-focus": "save", disabled: !state.result || state.older }, "Save recipe"),
    ),
    state.saveError ? h("p", { class: "ccds-error", role: "alert", id: errorId }, state.saveError) : null,
  ];
}

function drawSaved({ saved }, act) {
  if (!saved) return [];
  const hash = (name, value, hint) => [h("dt", { title: hint }, name), h("dd", { class: "ccds-hash", "data-hash": name }, value)];
  const command = h("code", { class: "ccds-command" }, saved.command);
  return [
    h("p", { role: "status" }, saved.was_there ? "This recipe is saved already: " : "Saved: ", h("b", {}, saved.file)),
    h("dl", {}, ...hash("recipe", saved.recipe, "SHA-256 of steps and output")),
    h("p", { class: "ccds-muted" }, "In a terminal of this session, the same for this volume:"),
    command,
    h("button", { class: "ccds-button", "data-focus": "copy", type: "button", onclick: () => act.copy(command) }, "Copy the command"),
    h("p", { class: "ccds-muted" }, "It prints the hash of what you see here, voxels and affine:"),
    h("dl", {}, ...hash("output", saved.output, "SHA-256 of voxels and affine at full resolution")),
  ];
}
