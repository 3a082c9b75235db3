// The keys, and the list of them.

const KEYS = [
  ["j  →", "next report"],
  ["k  ←", "previous report"],
  ["n", "next unlabelled report"],
  ["#", "go to a report by its number"],
  ["/", "search; then j and k go through the hits"],
  ["a", "all reports again"],
  ["w", "select words by keyboard, from the hit or the first match in view on: ← → move, Shift+→ Shift+← widen"],
  ["1 … 9", "give the selected words that label"],
  ["l", "write a new label for the selected words"],
  ["f", "first or last in priority"],
  ["-", "not if negated"],
  ["~", "another label where it is uncertain"],
  ["x", "excludes the label, where each is decided by itself"],
  ["Esc", "drop the selection"],
  ["p", "phrase list: ↑ ↓ move, ↵ shows the reports it captures"],
  ["Shift+↵", "all reports that the phrase matches"],
  ["o", "options of the phrase"],
  ["Alt+↑  Alt+↓", "priority of the phrase"],
  ["Del", "remove the phrase"],
  ["s", "suggestions: ↑ ↓ move, ↵ accepts, v shows the reports"],
  ["Ctrl+Z  u", "undo"],
  ["Ctrl+Shift+Z", "redo"],
];

/** Runs what the key stands for; whether it stands for something. */
function pressed(event, state, act, parts) {
  if (!state.overview?.reports) return false;
  if (stepKey(event, act)) return true;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { key } = event;
  if (key === "Escape" && state.asked) {
    act.dropAsked();
    return true;
  }
  if (key === "Escape") {
    if (event.target.matches?.("input, select")) parts.report.focus();
    act.unchoose();
    if (state.opened !== null) act.openOptions(state.opened);
    return true;
  }
  // A box takes the space bar, a choice of two the arrows; every other key is ours.
  const isBox = event.target.matches?.("input[type=radio], input[type=checkbox]");
  if (isTyping(event) && !(isBox && key.length === 1 && key !== " ")) return false;
  if (state.chosen && (chosenKey(key, state, act, parts) || wordKey(event, state, act, parts))) return true;
  const plain = {
    j: () => act.step(1),
    ArrowRight: () => act.step(1),
    k: () => act.step(-1),
    ArrowLeft: () => act.step(-1),
    n: () => act.nextUnlabelled(),
    a: () => act.showAll(),
    "#": () => parts.top.querySelector('[data-focus="jump"]')?.select(),
    "/": () => parts.top.querySelector('[data-focus="search"]')?.select(),
    w: () => {
      const first = firstWords(parts.report);
      if (first) act.choose(first);
    },
    p: () => {
      if (state.panel !== "phrases") act.panel("phrases");
      (parts.side.querySelector("[data-shown=true] .ccds-phrase-text") ?? parts.side.querySelector(".ccds-phrase-text"))?.focus();
    },
    s: () => act.toSuggestions(),
    u: () => act.undo(),
  }[key];
  plain?.();
  return Boolean(plain);
}

function chosenKey(key, state, act, parts) {
  if (/^[1-9]$/u.test(key)) {
    const label = state.overview.labels[Number(key) - 1];
    if (label) act.accept(label.name);
  } else if (key === "l") parts.bar.querySelector('[data-focus="new-label"]')?.focus();
  else if (key === "f") act.place(state.place === "first" ? "last" : "first");
  else if (key === "-") act.setOptions({ ...state.options, negatable: !state.options.negatable });
  else if (key === "~") parts.bar.querySelector('[data-focus="new-uncertain"]')?.focus();
  else if (key === "x" && state.overview.kind === "several") act.setOptions({ ...state.options, excludes: !state.options.excludes });
  else return false;
  return true;
}

function wordKey(event, state, act, parts) {
  const delta = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!delta) return false;
  const chosen = stepWords(parts.report, state.chosen, delta, event.shiftKey);
  document.getSelection()?.removeAllRanges();
  if (chosen) act.choose(chosen);
  return true;
}
