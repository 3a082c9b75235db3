// The criteria that the project keeps: each version, with its digest, who kept it and when.

function drawKept(state, act) {
  const { kept, damaged } = state;
  return [
    h("h2", {}, "Kept criteria"),
    ...damaged.map((line) => h("p", { class: "ccds-error" }, line)),
    kept.length
      ? h(
          "div",
          { class: "ccds-scroll" },
          h(
            "table",
            { class: "ccds-plain", "aria-label": "Kept criteria" },
            h("thead", {}, h("tr", {}, ["Name", "Criteria", "Digest", "Kept by", "When", ""].map((head) => h("th", { scope: "col" }, head)))),
            h("tbody", {}, kept.map((one) => row(one, state, act))),
          ),
        )
      : h("p", { class: "ccds-muted" }, "None yet. Choose exam codes and study dates, give them a name, and keep them: studies are fetched by kept criteria only."),
  ];
}

function row(one, state, act) {
  return h(
    "tr",
    { "data-named": one.named },
    h("th", { scope: "row" }, one.named),
    h("td", { class: "ccds-criteria" }, criteriaLine(one)),
    h("td", {}, h("code", { title: one.digest }, one.digest.slice(0, 12))),
    h("td", {}, one.by),
    h("td", {}, moment(one.at)),
    h(
      "td",
      { class: "ccds-row-acts" },
      h("button", { class: "ccds-button", type: "button", "data-focus": `use-${one.named}`, "aria-label": `Put ${one.named} into the form`, onclick: () => act.use(one) }, "Use"),
      state.canFetch ? h("button", { class: "ccds-button", type: "button", "data-focus": `fetch-${one.named}`, "aria-label": `Fetch ${one.named}`, onclick: () => act.fetch(one.named) }, "Fetch …") : null,
    ),
  );
}
