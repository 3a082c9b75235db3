// What stands above and between the charts: where the numbers come from, what is shown, one period in figures and words.

function drawHead(screen) {
  return [
    h("div", { class: "ccds-title" }, h("h2", {}, "What the cluster is used for"), screen.pretended ? h("span", { class: "ccds-chip", "data-tone": 1 }, "pretended figures") : null),
    h("p", { class: "ccds-source" }, screen.source, " ", h("span", { class: "ccds-muted" }, screen.meanings)),
  ];
}

function drawChoice(screen, act) {
  return [
    h(
      "fieldset",
      { class: "ccds-grains" },
      h("legend", { class: "ccds-said" }, "Show by"),
      screen.grains.map((one) =>
        h(
          "label",
          { class: "ccds-grain" },
          h("input", { type: "radio", name: "ccds-grain", class: "ccds-said", "data-focus": `grain-${one.key}`, checked: one.key === screen.grain, onchange: () => act.show({ grain: one.key, period: null }) }),
          one.name,
        ),
      ),
    ),
    h(
      "label",
      { class: "ccds-which" },
      `In detail: `,
      h(
        "select",
        { class: "ccds-field", "data-focus": "period", onchange: (event) => act.show({ period: event.target.value }) },
        screen.periods.toReversed().map((one) => h("option", { value: one.name, selected: one.name === screen.chosen.name }, one.when)),
      ),
    ),
    h("span", { class: "ccds-muted" }, screen.chosen.days),
  ];
}

function drawTiles(screen) {
  return screen.chosen.tiles.map((tile) =>
    h(
      "div",
      { class: "ccds-verdict" },
      h("span", { class: "ccds-verdict-name" }, tile.name),
      h("span", {}, h("span", { class: "ccds-verdict-value" }, held(tile.value)), tile.n ? h("span", { class: "ccds-n" }, tile.n) : null),
      tile.lines.map((line) => h("span", {}, held(line))),
    ),
  );
}

function drawWords(screen) {
  return screen.chosen.sentences.map((sentence, at) => h("p", {}, at ? null : h("b", {}, `${screen.chosen.when}. `), held(sentence)));
}

function drawEnds(ends) {
  return h(
    "div",
    { class: "ccds-group" },
    h("h4", {}, ends.title),
    h("p", { class: "ccds-muted" }, ends.total),
    ends.rows.length
      ? h(
          "table",
          { "aria-label": `${ends.title}: how they ended` },
          h("tbody", {}, ends.rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.name), h("td", {}, h("b", {}, row.count)), h("td", { class: "ccds-group-bar" }, s("svg", { width: "100%", height: 14, "aria-hidden": true, "data-tone": 7 }, s("rect", { class: "ccds-idle", width: `${100 * row.share}%`, height: 14 })))))),
        )
      : null,
  );
}

function nothingPublished() {
  return emptyState(
    "Nothing is published yet",
    "Once an administrator of this site publishes what the cluster was used for, it stands here after a reload. They do so each night with",
    h("code", { class: "ccds-command" }, "ccds cluster publish"),
  );
}
