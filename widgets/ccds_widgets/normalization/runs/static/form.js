// The form: which recipe, where, and over how many volumes.

const PLACES = [
  ["local", "in this session", "It ends with the session; begun again it does the rest."],
  ["cluster", "on the cluster", "Jobs of the site’s scheduler, which outlive this session and yield to interactive work."],
];

function drawForm(state, act) {
  const recipe = state.recipes.find(({ file }) => file === state.recipe);
  const isTaken = (name) => state.recipes.filter((one) => one.name === name).length > 1;
  const options = state.recipes.map(({ file, name, digest }) => h("option", { value: file, selected: file === state.recipe }, isTaken(name) ? `${name} (${digest.slice(0, 8)})` : name));
  const places = PLACES.map(([where, title]) =>
    h("label", { class: "ccds-which-one" }, h("input", { type: "radio", class: "ccds-said", name: `where-${state.project}`, "data-focus": `where-${where}`, checked: state.where === where, onchange: () => act.where(where) }), title),
  );
  const [, , means] = PLACES.find(([where]) => where === state.where);
  const known = recipe && state.runs.find(({ digest }) => digest === recipe.digest);
  const blocked = !recipe || known?.live || state.busy === "begin" || !state.volumes;
  const button = state.busy === "begin" ? "Starting …" : known && !known.live ? "Run it again" : `Normalize ${counted(state.volumes, "volume")}`;
  return [
    h(
      "div",
      { class: "ccds-toolbar" },
      h("label", { class: "ccds-named" }, "recipe", h("select", { class: "ccds-field", "data-focus": "recipe", onchange: (event) => act.recipe(event.target.value) }, ...options)),
      h("div", { class: "ccds-toolbar", role: "radiogroup", "aria-label": "Where it is run" }, ...places),
      h("button", { class: "ccds-button ccds-primary", "data-focus": "begin", disabled: Boolean(blocked), onclick: act.begin }, button),
    ),
    h("p", { class: "ccds-muted ccds-means" }, known?.live ? "This recipe is at work: see below." : known ? `${means} What this recipe has made already stays; volumes that are new or were replaced are done.` : means),
  ];
}

/** What is said in place of the form. */
function drawNoForm(state, act) {
  if (!state.may_write) return [h("p", { class: "ccds-muted" }, "You may look at the runs of this project, and not begin any.")];
  if (!state.volumes) return [h("p", { class: "ccds-hint" }, "No volumes yet. In a terminal of this session:"), command(`ccds imaging volumes --project ${state.project}`), h("button", { class: "ccds-button", "data-focus": "look", onclick: act.again }, "Look again")];
  return [h("p", { class: "ccds-hint" }, "You have saved no recipe yet: tune one in the preview above, and press “Save recipe”; then it appears here.")];
}
