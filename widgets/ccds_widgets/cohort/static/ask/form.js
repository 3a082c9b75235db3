// What the form has beside exam codes and days: consecutive studies, counting, keeping.

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
  if (state.counting) return [drawAsking(state.counting, act)];
  return [
    state.reach.where !== "here"
      ? null
      : h("button", { class: "ccds-button ccds-primary", type: "button", "data-focus": "count", disabled: state.busy, onclick: act.count }, "Count", h("kbd", {}, "c")),
    state.stopped && !state.found ? h("p", { class: "ccds-muted" }, "Stopped: nothing was counted.") : null,
    state.error ? h("p", { class: "ccds-error", role: "alert" }, state.error) : null,
  ];
}

function fetchLink(state, act) {
  return state.canFetch ? h("button", { class: "ccds-link", type: "button", "data-focus": "go-fetch", onclick: () => act.fetch(state.keptAs) }, "Fetch them") : null;
}
