// The submissions, one a line.

const TONES = { submitted: 0, approved: 2, released: 2, refused: 6, withdrawn: 7 };

function stateChip(state) {
  return h("span", { class: "ccds-chip", "data-tone": TONES[state] }, state);
}

function drawList(state, act) {
  if (!state.submissions.length) return [];
  return h(
    "ol",
    {},
    state.submissions.map((one) =>
      h(
        "li",
        {},
        h(
          "button",
          { class: "ccds-entry", "data-focus": `submission-${one.id}`, "aria-current": one.id === state.wanted ? "true" : null, "data-mine": one.mine, onclick: () => act.show(one.id) },
          h("span", { class: "ccds-entry-line" }, h("b", {}, one.kind), ` of ${one.author}`, h("span", { class: "ccds-space" }), stateChip(one.state)),
          h("span", { class: "ccds-muted" }, one.submitted),
          h("span", { class: one.mine ? "ccds-turn" : "ccds-muted" }, one.turn),
        ),
      ),
    ),
  );
}

function nothingSubmitted() {
  return emptyState(
    "Nothing was submitted yet",
    "A model, table, figure or notebook leaves this project after two other people approved it. In a lab session its author submits it with",
    h("code", { class: "ccds-command" }, "ccds airlock submit --project ID --kind table --reason \"…\" FILE"),
  );
}
