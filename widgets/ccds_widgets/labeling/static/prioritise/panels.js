// What stands beside the list: the reports of a phrase, conflicts, the history, phrases from elsewhere, the labels.

const PANELS = { reports: "Reports", conflicts: "Conflicts", history: "History", copy: "Import, export", labels: "Labels" };

function drawPanel(state, act, context) {
  const { panel } = state;
  if (!panel) return [];
  const draw = { reports: drawReports, conflicts: drawConflicts, history: drawHistory, copy: drawCopy, labels: drawLabels }[panel.kind];
  return [
    h(
      "header",
      { class: "ccds-panel-head" },
      h("h2", {}, PANELS[panel.kind]),
      h("button", { class: "ccds-icon", "data-focus": "panel-close", "aria-label": "Close (Esc)", title: "Close (Esc)", onclick: act.closePanel }, "×"),
    ),
    h("p", { class: "ccds-error", role: "alert", hidden: state.error?.where !== "panel" }, state.error?.line ?? ""),
    state.asked?.where === "panel" ? askedLine(state.asked, act.dropAsked) : null,
    ...(panel.failed ? [] : panel.loading ? [h("p", { class: "ccds-counting ccds-none", role: "status" }, "Fetching …")] : draw(state, act, context)),
  ];
}

const WHICH = { captured: "captured by", matched: "matched by", shadowed: "in which an earlier phrase shadows", uncertain: "uncertain by", negated: "negated, so not matched by" };

function drawReports(state, act, context) {
  const { answer, among } = state.panel;
  const { overview, phrases } = state;
  const phrase = (id) => phrases.get(id);
  const title =
    among.by === "phrase"
      ? [WHICH[among.which], " ", h("q", {}, phrase(among.phrase).text)]
      : ["in which ", h("q", {}, phrase(among.captured_by).text), " shadows ", h("q", {}, phrase(among.hidden).text)];
  const last = Math.min(answer.begin + answer.reports.length, answer.total);
  const pages = h(
    "div",
    { class: "ccds-pages", role: "group", "aria-label": "Pages" },
    h("button", { class: "ccds-button", "data-focus": "page-before", disabled: !answer.begin, onclick: () => act.reports(among, Math.max(0, answer.begin - answer.reports.length, answer.begin - 10)) }, "‹ Before"),
    h("span", { role: "status" }, answer.total ? `${grouped(answer.begin + 1)} to ${grouped(last)} of ${grouped(answer.total)}` : "none"),
    h("button", { class: "ccds-button", "data-focus": "page-after", disabled: last >= answer.total, onclick: () => act.reports(among, last) }, "After ›"),
  );
  return [
    h("p", { class: "ccds-none" }, `${counted(answer.total, "report")} `, ...title),
    answer.reports.length < answer.total ? pages : null,
    ...answer.reports.map((report) =>
      h(
        "article",
        { class: "ccds-listed-report", "aria-label": `Study ${report.key}` },
        h(
          "header",
          { class: "ccds-report-head" },
          h("span", { class: "ccds-key" }, report.key),
          ...report.verdicts.map((verdict) => labelChip(overview.labels, overview.kind === "one" ? verdictWords(verdict, "one") : verdict.label, verdictWords(verdict, overview.kind))),
          h("button", { class: "ccds-link", onclick: () => context.show("annotate", { report: report.number, among }) }, "Open in Annotate"),
        ),
        ...drawSections(report, { labels: overview.labels, phrases, decides: report.verdicts.map((verdict) => verdict.phrase) }),
      ),
    ),
  ];
}

function drawConflicts(state, act) {
  const { conflicts, pairs } = state.panel.answer;
  const { phrases, overview } = state;
  const known = conflicts.filter((one) => phrases.has(one.captured_by) && phrases.has(one.hidden));
  if (!known.length) return [h("p", { class: "ccds-none" }, "No report holds phrases of different labels.")];
  const words = (id) => {
    const phrase = phrases.get(id);
    return [h("q", {}, phrase.text), " ", labelChip(overview.labels, phrase.label, phrase.excludes ? `no ${phrase.label}` : phrase.label), " ", ...optionTags({ ...phrase, excludes: false })];
  };
  return [
    h("p", { class: "ccds-none" }, `Reports with phrases that say different things: the first one decides and shadows the other. ${counted(pairs, "pair")}${pairs > known.length ? `, the largest ${known.length} here` : ""}.`),
    h(
      "ol",
      { class: "ccds-conflicts", "aria-label": "Pairs of phrases" },
      ...known.map((one) =>
        h(
          "li",
          {},
          h("div", {}, ...words(one.captured_by), " shadows ", ...words(one.hidden)),
          h("button", { class: "ccds-link", "data-focus": `conflict-${one.captured_by}-${one.hidden}`, onclick: () => act.reports({ by: "conflict", captured_by: one.captured_by, hidden: one.hidden }) }, `${counted(one.reports, "report")} shadowed`),
        ),
      ),
    ),
  ];
}

function drawHistory(state, act) {
  const { changes, total, begin } = state.panel.answer;
  if (!total) return [h("p", { class: "ccds-none" }, "Nothing was changed yet.")];
  const kinds = { do: "", undo: " · undone", redo: " · redone" };
  return [
    h("p", { class: "ccds-none" }, `${counted(total, "change")}, the newest first.`),
    h(
      "ol",
      { class: "ccds-history", "aria-label": "Changes" },
      ...changes.map((one) =>
        h(
          "li",
          {},
          h("p", {}, h("b", {}, one.person), " ", ...whatChanged(one), h("span", { class: "ccds-muted" }, kinds[one.kind])),
          h("p", { class: "ccds-aside" }, h("time", { datetime: one.at }, new Date(one.at).toLocaleString()), one.what === "task" ? labelWords(one) : ` · ${changeWords(one)}`),
        ),
      ),
    ),
    changes.length < total && h(
      "div",
      { class: "ccds-pages", role: "group", "aria-label": "Pages" },
      h("button", { class: "ccds-button", "data-focus": "page-before", disabled: !begin, onclick: () => act.history(Math.max(0, begin - 50)) }, "‹ Newer"),
      h("button", { class: "ccds-button", "data-focus": "page-after", disabled: begin + changes.length >= total, onclick: () => act.history(begin + changes.length) }, "Older ›"),
    ),
  ];
}

function whatChanged(one) {
  if (one.what === "task") return [stepTold({ what: "task", text: one.parts })];
  return [`${STEPS[one.what]} `, h("q", {}, (one.after ?? one.before).text)];
}

/** Which labels came and went, where a change of the task was one of labels. */
function labelWords({ labels }) {
  if (!labels) return "";
  const [before, after] = labels;
  const came = after.filter((name) => !before.includes(name)).map((name) => `added “${name}”`);
  const went = before.filter((name) => !after.includes(name)).map((name) => `removed “${name}”`);
  return ` · ${[...came, ...went].join(", ") || `new order: ${after.join(", ")}`}`;
}

/** What differs, in words. */
function changeWords({ before, after }) {
  const options = (form) => [form.label, form.excludes ? "excludes" : "", form.negatable ? "not if negated" : "", form.uncertain_label ? `uncertain → ${form.uncertain_label}` : ""].filter(Boolean).join(", ");
  if (!before || !after) return `${options(before ?? after)}, at place ${(before ?? after).position + 1}`;
  const parts = [];
  if (before.text !== after.text) parts.push(`was “${before.text}”`);
  if (options(before) !== options(after)) parts.push(`${options(before)} → ${options(after)}`);
  if (before.position !== after.position) parts.push(`from place ${before.position + 1} to ${after.position + 1}`);
  return parts.join("; ");
}

/** A word as a shell takes it. */
function quotedWord(word) {
  return /^[\w.-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function drawCopy(state, act, context) {
  const { sources, overview } = state;
  const command = (words) => h("code", { class: "ccds-command" }, words);
  const { name } = context.task();
  return [
    h("h3", { class: "ccds-list-head" }, "From another task of this project"),
    sources.length
      ? h("ul", { class: "ccds-sources" }, ...sources.map((one) => h("li", {}, one.name, " ", h("button", { class: "ccds-button", "data-focus": `copy-${one.id}`, disabled: state.busy, onclick: () => act.copy(one) }, "Copy its phrases below the list"))))
      : h("p", { class: "ccds-none" }, "This project has no other task."),
    h("h3", { class: "ccds-list-head" }, "From a file, or from another project"),
    h("p", { class: "ccds-none" }, `A session reaches its own project only, and a page takes no files. On the command line a phrase list of “${name}” is written to a file, and read into any project that you may label in:`),
    command(`ccds labeling export --project ${context.project} --task ${quotedWord(name)} --out phrases.csv`),
    command("ccds labeling import --project OTHER --task TASK --phrases phrases.csv"),
    h("p", { class: "ccds-none" }, overview.phrases.length ? "What the list has already stays as it is; new phrases come below." : "They come in the file’s order."),
  ];
}

function drawLabels(state, act) {
  const { labels } = state.overview;
  const names = labels.map(({ name }) => name);
  const icon = (name, at, sign, hint, run, off = false) => h("button", { class: "ccds-icon", "data-focus": `${name}-label-${at}`, "aria-label": `${hint} “${names[at]}”`, title: hint, disabled: off, onclick: run }, sign);
  const swapped = (at, by) => names.map((word, place) => (place === at ? names[at + by] : place === at + by ? names[at] : word));
  const field = h("input", { class: "ccds-field", "data-focus": "add-label", "aria-label": "New label", placeholder: "New label", maxlength: 500, autocomplete: "off" });
  return [
    h("p", { class: "ccds-none" }, "Their order is that of the number keys 1 to 9, on all screens. A label keeps its colour."),
    h(
      "ol",
      { class: "ccds-label-list", "aria-label": "Labels" },
      ...labels.map(({ name }, at) =>
        h(
          "li",
          {},
          h("kbd", {}, at < 9 ? String(at + 1) : "–"),
          labelChip(labels, name),
          h("span", { class: "ccds-space" }),
          icon("up", at, "↑", "Earlier key", () => act.labels(swapped(at, -1)), at === 0),
          icon("down", at, "↓", "Later key", () => act.labels(swapped(at, 1)), at === names.length - 1),
          icon("remove", at, "×", "Remove", () => act.labels(names.filter((word) => word !== name))),
        ),
      ),
    ),
    h("form", { class: "ccds-new-label ccds-none", onsubmit: (event) => (event.preventDefault(), act.labels([...names, field.value])) }, field, h("button", { class: "ccds-button", type: "submit" }, "Add")),
  ];
}
