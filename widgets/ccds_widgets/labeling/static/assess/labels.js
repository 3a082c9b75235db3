// What a label snapshot would say now, how wrong soft labels are, and the snapshots that there are.

function drawLabels(state, act) {
  const { labels } = state;
  const { now, busy, stale, took, snapshots } = labels;
  return [
    h(
      "header",
      { class: "ccds-part-head" },
      h("h2", {}, "Labels as they are now"),
      h("button", { class: "ccds-button", "data-focus": "anew", disabled: busy, onclick: act.workOutAnew }, "Work out anew"),
      h("button", { class: "ccds-button ccds-first", "data-focus": "take", disabled: busy || now?.sources.length === 0, onclick: act.take }, "Take a label snapshot"),
    ),
    busy ? h("div", { class: "ccds-waiting ccds-waiting-here", role: "status" }, state.taking ? "Taking the snapshot: every phrase is matched on every report …" : "Matching every phrase on every report …") : null,
    took ? tookLine(took) : null,
    stale && !busy ? h("p", { class: "ccds-hint" }, "Somebody has answered or decided since this was worked out.") : null,
    ...(now ? nowShown(now, state.task()) : []),
    h("section", {}, h("h3", {}, "Label snapshots"), snapshots.length ? h("ul", { class: "ccds-snapshots" }, snapshots.map(snapshotShown)) : h("p", { class: "ccds-muted" }, "None of this task yet. A snapshot never changes; trainings read it, and it says whose word each label is.")),
  ];
}

function tookLine({ id, known, studies, sources }) {
  const parts = sources.map(({ count, name }) => `${grouped(count)} ${name}`).join("; ");
  return h("p", { class: "ccds-hint", role: "status" }, h("b", {}, known ? `Nothing has changed since snapshot ${id}: it is that one. ` : `Snapshot ${id} is taken. `), `${studies}: ${parts}.`);
}

function nowShown(now, task) {
  if (!now.sources.length) return [h("p", { class: "ccds-muted" }, NO_REPORTS)];
  return [
    h("p", {}, h("b", {}, now.studies), ". ", ...now.sources.flatMap(({ key, name, count }, at) => [at ? "; " : "", h("i", { class: "ccds-source-dot", "data-source": key, "aria-hidden": true }), `${grouped(count)} ${name}`]), "."),
    h("div", { class: "ccds-source-bar", "aria-hidden": true }, now.sources.map(({ key, share }) => h("i", { "data-source": key, style: `flex-grow: ${share}` }))),
    h("h3", {}, "How often soft labels are wrong"),
    now.rate
      ? h("p", {}, h("b", {}, held(now.rate)), `. Wrong ones left among soft labels that nobody looked at: ${held(now.left)}.`, now.unknown ? h("span", { class: "ccds-muted" }, ` Not counted: ${now.unknown}.`) : null)
      : h("p", { class: "ccds-muted" }, "Unknown: no soft label is confirmed yet."),
    now.phrases.length ? phraseErrors(now.phrases, task) : h("p", { class: "ccds-muted" }, "No phrase captures a study."),
    now.uncertain.length ? h("p", {}, "By people’s word, ", now.uncertain.join("; "), ".") : null,
  ];
}

function phraseErrors(phrases, task) {
  const highest = Math.max(0.1, ...phrases.map(({ rate }) => rate.high ?? 0));
  const ticks = highest > 0.5 ? SHARES : highest > 0.2 ? [0, 0.1, 0.2, 0.3, 0.4, 0.5] : [0, 0.05, 0.1, 0.15, 0.2];
  return h(
    "table",
    { class: "ccds-intervals ccds-errors", "aria-label": "How often the soft labels of each phrase are wrong" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Phrase"), h("td", { "aria-hidden": true }), ["Wrong", "95 % CI", "Wrong of confirmed", "Captures", "Wrong ones left"].map((head) => h("th", { scope: "col" }, held(head))))),
    h(
      "tbody",
      {},
      phrases.map(({ text, label, rate, captured, left }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, h("span", { class: "ccds-phrase-of" }, text, " "), label ? chip(task, label) : null),
          h("td", { class: "ccds-picture" }, intervalPicture(rate, ticks), rate.value === null ? h("span", { class: "ccds-not-defined" }, rate.text) : null),
          h("td", {}, h("b", {}, held(rate.shown))),
          h("td", {}, held(rate.interval)),
          h("td", {}, rate.of),
          h("td", {}, captured),
          h("td", {}, left),
        ),
      ),
    ),
    h("tfoot", { "aria-hidden": true }, h("tr", {}, h("td", {}), h("td", { class: "ccds-picture" }, axisPicture(ticks, asPercent)), h("td", { colspan: 5 }))),
  );
}

function snapshotShown({ id, digest, studies, when, command }) {
  return h(
    "li",
    {},
    h("div", {}, h("b", {}, id), ` ${studies}, ${when}`),
    h("div", { class: "ccds-muted ccds-small" }, "SHA-256 ", h("span", { class: "ccds-digest" }, digest)),
    h("code", { class: "ccds-command" }, command),
  );
}
