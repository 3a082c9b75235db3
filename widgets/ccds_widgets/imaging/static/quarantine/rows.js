// The series in quarantine, one a row: what is wrong, what to do, and letting it pass.

function drawRows(state, act, pictures) {
  const { rows } = state.list;
  if (!rows.length) return h("p", { class: "ccds-muted ccds-none" }, "No series is like that. ", h("button", { class: "ccds-link", "data-focus": "all-of-none", onclick: () => act.filter(null, null) }, "Show all"));
  return h("ol", { class: "ccds-rows" }, rows.map((row, at) => drawRow(row, at, state, act, pictures)));
}

function drawRow(row, at, state, act, pictures) {
  const of = row.series ? row.series : "the whole study";
  return h(
    "li",
    { class: "ccds-row", tabindex: -1, "data-focus": `row-${row.study}-${row.series}`, "aria-current": at === state.at ? "true" : null, onclick: () => act.at(at) },
    row.series ? pictures.of(row.study, row.series, `Middle slice of ${of}`) : h("span", { class: "ccds-picture ccds-no-picture" }, "nothing readable"),
    h(
      "div",
      { class: "ccds-row-what" },
      row.code
        ? [
            h("p", {}, h("span", { class: "ccds-chip", "data-tone": 6 }, row.code), h("span", { class: "ccds-meaning" }, row.meaning)),
            h("p", {}, h("span", { class: "ccds-muted" }, "Seen: "), row.line),
            h("p", {}, h("span", { class: "ccds-muted" }, "What to do: "), row.to_do),
          ]
        : h("p", {}, h("span", { class: "ccds-chip", "data-tone": 2 }, "in quarantine no more")),
      drawNotes(row),
      drawPassing(row, state, act),
    ),
    h(
      "dl",
      { class: "ccds-row-of" },
      fact("Study", h("span", { class: "ccds-key" }, row.study)),
      row.series ? fact("Series", h("span", { class: "ccds-key", title: row.series }, row.series.slice(0, 15), "…")) : null,
      row.series ? fact("Of", dotted(row.modality, row.scanner || UNKNOWN_SCANNER)) : null,
      fact("Files", grouped(row.files)),
      fact("Converted", `${moment(row.at)}, ${row.person}`),
    ),
  );
}

/** What came of it. */
function drawPassed({ study, series, result: { error, status, line } }, act) {
  if (status === "accepted") return h("p", { class: "ccds-hint", role: "status" }, `Let pass: ${line}. `, h("button", { class: "ccds-link", "data-focus": "look", onclick: () => act.lookAt({ study, series }) }, "Look at it"));
  return h("p", { class: "ccds-error", role: "status" }, error ?? (status === "none" ? `Converted again: ${line}` : `Converted again, and it stays in quarantine: ${line}`));
}

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

function drawPassing(row, state, act) {
  const { passing, may_write: mayWrite } = state;
  const mine = passing && isOf(row, passing) ? passing : null;
  if (mine?.result) return drawPassed(mine, act);
  if (mine?.converting) return h("p", { class: "ccds-hint", role: "status" }, "Converting again …");
  if (!row.if_passed || !mayWrite) return row.if_passed ? h("p", { class: "ccds-muted" }, `Who may write this project’s images can let it pass; then ${row.if_passed}.`) : null;
  if (!mine) return h("p", {}, h("button", { class: "ccds-button", "data-focus": `pass-${row.study}-${row.series}`, disabled: Boolean(passing?.converting), onclick: () => act.beginPass(row) }, "Let it pass …", h("kbd", {}, "l")), h("span", { class: "ccds-muted ccds-then" }, `Then ${row.if_passed}.`));
  return noteForm(mine, {
    label: "Let it pass",
    placeholder: "Why it may pass: the people of the project read it",
    keep: "Let it pass",
    busy: state.busy,
    send: () => act.pass(),
    cancel: () => act.cancel(),
  });
}
