// What stands above the charts: which release, where its numbers come from, and each metric in one line.

function drawHead(screen, releases, act) {
  const { release } = screen;
  return [
    h(
      "div",
      { class: "ccds-title" },
      h("h2", {}, release.title),
      h("span", { class: "ccds-release" }, `${release.model} ${release.version}`),
      release.simulated ? h("span", { class: "ccds-chip", "data-tone": 1 }, "simulated scores") : null,
      releases.length > 1
        ? h(
            "label",
            { class: "ccds-choose" },
            "Release ",
            h("select", { class: "ccds-field", "data-focus": "release", onchange: (event) => act.show(event.target.value) }, releases.map((one) => h("option", { value: one.name, selected: one.name === release.name }, `${one.model} ${one.version}`))),
          )
        : null,
    ),
    h("p", {}, release.summary, " ", h("span", { class: "ccds-muted" }, release.rule)),
    h(
      "p",
      { class: "ccds-source" },
      screen.period ? h("b", {}, `${screen.period}. `) : null,
      `${screen.source}, published ${screen.published}. ${screen.promise} `,
      h("span", { class: "ccds-muted", title: "Keyed hash of the rows on record when this was published; an administrator can compare it" }, `Rows ${screen.digest.slice(0, 12)}`),
    ),
  ];
}

function drawVerdicts(screen, chosen, act) {
  return [
    h("legend", { class: "ccds-said" }, "What to look at"),
    ...screen.metrics.map((metric) =>
      h(
        "label",
        { class: "ccds-verdict" },
        h("input", { type: "radio", name: "ccds-metric", class: "ccds-said", "data-focus": `metric-${metric.key}`, "aria-label": held(metric.sentence), checked: metric.key === chosen, onchange: () => act.choose(metric.key) }),
        h("span", { class: "ccds-verdict-name" }, metric.name),
        h("span", { class: "ccds-verdict-value" }, held(metric.value)),
        h("span", { class: "ccds-verdict-when" }, metric.when),
        h("span", {}, held(metric.interval)),
        h("span", {}, held(metric.before)),
        metric.remark ? h("span", { class: "ccds-few" }, metric.remark) : null,
      ),
    ),
  ];
}

function drawWords(screen, metric) {
  return [
    h("p", {}, h("b", {}, held(metric.sentence)), " ", metric.meaning),
    ...metric.software.map((sentence) => h("p", {}, held(sentence))),
    screen.merged ? h("p", { class: "ccds-muted" }, screen.merged) : null,
  ];
}

function chooseRelease(releases, act) {
  return h(
    "div",
    { class: "ccds-empty" },
    h("h2", {}, "Which model?"),
    h("p", {}, "Numbers of several releases are published here."),
    h("ul", { class: "ccds-releases" }, releases.map((one) => h("li", {}, h("button", { class: "ccds-button", "data-focus": one.name, onclick: () => act.show(one.name) }, h("b", {}, one.model), ` ${one.version}`)))),
  );
}

function nothingPublished() {
  return emptyState(
    "Nothing is published yet",
    "Once an administrator of this site publishes a model’s numbers, they stand here after a reload. They do so with",
    h("code", { class: "ccds-command" }, "ccds monitoring publish --model MODEL --version VERSION"),
  );
}
