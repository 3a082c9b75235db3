// What a new training is asked for with.

const NUMBERS = [
  { name: "epochs", label: "Epochs", min: 1, max: 100000, step: 1, hint: "How often all training volumes are seen" },
  { name: "batch_size", label: "Batch size", min: 1, max: 4096, step: 1, hint: "Volumes per optimizer step" },
  { name: "image_size", label: "Image size", min: 8, max: 512, step: 1, hint: "Voxels along each axis that a volume is brought to" },
  { name: "learning_rate", label: "Learning rate", min: 0, max: 10, step: "any", hint: "How far an optimizer step goes" },
  { name: "seed", label: "Seed", min: 0, max: 4294967295, step: 1, hint: "Fixes first weights, order and augmentation" },
];

/** The form itself, made once: what is typed into it isn't drawn over. */
function makeForm(state, act) {
  const fields = NUMBERS.map(({ name, label, hint, ...limits }) => {
    const input = h("input", { class: "ccds-field", name, type: "number", required: true, value: state.form[name], title: hint, ...limits });
    return h("label", { class: "ccds-labelled", "data-field": name }, label, input);
  });
  const bundle = h("select", { class: "ccds-field", name: "bundle" }, ...state.bundles.map(({ name }) => h("option", { value: name, selected: name === state.form.bundle }, name)));
  const gpus = h("select", { class: "ccds-field", name: "gpus" }, ...[0, 1].map((count) => h("option", { value: count, selected: count === state.form.gpus }, String(count))));
  const form = h(
    "form",
    { class: "ccds-new", "aria-label": "New training" },
    h("label", { class: "ccds-labelled" }, "Bundle", bundle),
    ...fields,
    h("label", { class: "ccds-labelled" }, "GPUs", gpus),
    h("button", { class: "ccds-button ccds-primary", type: "submit" }, "Train"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act.launch(read(form, state));
  });
  form.addEventListener("input", () => {
    showOptions(form, state);
    if (form.checkValidity()) act.keep(read(form, state));
  });
  showOptions(form, state);
  return form;
}

/** Fields that the chosen bundle doesn't have are hidden, and not sent. */
function showOptions(form, state) {
  const known = optionsOf(state, form.elements.bundle.value);
  for (const name of ["image_size", "learning_rate"]) {
    const on = known.includes(name);
    form.elements[name].disabled = !on;
    form.elements[name].closest("label").hidden = !on;
  }
}

function optionsOf(state, name) {
  return state.bundles.find((bundle) => bundle.name === name)?.options ?? [];
}

function read(form, state) {
  const values = { bundle: form.elements.bundle.value, gpus: Number(form.elements.gpus.value) };
  for (const { name } of NUMBERS) values[name] = Number(form.elements[name].value);
  for (const name of ["image_size", "learning_rate"]) if (!optionsOf(state, values.bundle).includes(name)) values[name] = null;
  return values;
}

/** What there is to train on, and what is wrong with it. */
function drawVolumes(state) {
  const { volumes, gpu_slots: gpus } = state;
  const side = ([no, yes]) => `${grouped(no + yes)} (${grouped(yes)} with label 1)`;
  const slots = gpus === null ? "The scheduler doesn’t answer." : gpus ? `Site: ${counted(gpus, "GPU slot")}.` : "Site: no GPU.";
  if (volumes.error) return [h("p", { class: "ccds-error", role: "alert" }, volumes.error)];
  return [
    h("p", {}, h("b", {}, counted(total(volumes), "volume")), `: ${side(volumes.training)} to train on, ${side(volumes.validation)} to validate on. `, h("span", { class: "ccds-muted" }, slots)),
  ];
}

function total(volumes) {
  return Object.values(volumes).flat().reduce((sum, count) => sum + count, 0);
}
