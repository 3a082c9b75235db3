// The keys, and the list of them.

const KEYS = [
  ["j  →", "next report"],
  ["k  ←", "previous report"],
  ["n", "next unlabelled report"],
  ["#", "go to a report by its number"],
  ["a", "all reports again, after those of one phrase"],
  ["s", "select words by keyboard: ← → move, Shift+→ Shift+← widen"],
  ["1 … 9", "give the selected words that label"],
  ["l", "write a new label for the selected words"],
  ["f", "first or last in priority"],
  ["Esc", "drop the selection"],
  ["p", "phrase list: ↑ ↓ move, ↵ shows the reports it captures"],
  ["Shift+↵", "all reports that the phrase matches"],
  ["Alt+↑  Alt+↓", "priority of the phrase"],
  ["Del", "remove the phrase"],
  ["u", "undo the last removal"],
];

/** Runs what the key stands for; whether it stands for something. */
function pressed(event, state, act, parts) {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.overview?.reports) return false;
  const { key } = event;
  if (key === "Escape") {
    if (event.target.matches?.("input")) parts.report.focus();
    act.unchoose();
    return true;
  }
  if (isTyping(event)) return event.target.type === "radio" && /^[1-9lf]$/u.test(key) && chosenKey(key, state, act, parts);
  if (state.chosen && (chosenKey(key, state, act, parts) || wordKey(event, state, act, parts))) return true;
  const plain = {
    j: () => act.step(1),
    ArrowRight: () => act.step(1),
    k: () => act.step(-1),
    ArrowLeft: () => act.step(-1),
    n: () => act.nextUnlabelled(),
    a: () => act.showAll(),
    "#": () => parts.top.querySelector("input")?.select(),
    s: () => {
      const first = stepWords(parts.report, null);
      if (first) act.choose(first);
    },
    p: () => (parts.phrases.querySelector("[data-shown=true] .ccds-phrase-text") ?? parts.phrases.querySelector(".ccds-phrase-text"))?.focus(),
    u: () => act.undo(),
  }[key];
  plain?.();
  return Boolean(plain);
}

function chosenKey(key, state, act, parts) {
  if (/^[1-9]$/u.test(key)) {
    const label = state.overview.labels[Number(key) - 1];
    if (label) act.accept(label.name);
  } else if (key === "l") parts.bar.querySelector(".ccds-field")?.focus();
  else if (key === "f") act.place(state.place === "first" ? "last" : "first");
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
