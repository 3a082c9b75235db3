// The keys, and the list of them.

const KEYS = [
  ["[  ]", "the part before, the part after"],
  ["j  ↓", "next study to decide"],
  ["k  ↑", "study before"],
  ["1 … 9", "final word: that label (where labels don’t exclude each other: there or not)"],
  ["↵", "say the labels that are chosen, where they don’t exclude each other"],
  ["w", "write a note to the final word; Esc leaves it"],
  ["h", "show or hide who said what"],
  ["Del", "take the final word back"],
  ["Ctrl+Z", "undo, as many final words as you like"],
  ["Ctrl+Shift+Z", "redo"],
];

/** Runs what the key stands for; whether it stands for something. */
function pressed(event, state, act, parts) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (isTyping(event) && !["checkbox", "radio"].includes(event.target.type)) {
    if (key === "Escape") parts.report.focus();
    else if (key === "Enter" && event.target.id === "ccds-case-note" && state.task().kind === "several") act.say();
    else return false;
    return true;
  }
  if (altKey) return false;
  if (ctrlKey || metaKey) {
    if (key.toLowerCase() !== "z") return false;
    if (shiftKey) act.redo();
    else act.undo();
    return true;
  }
  const run = { "[": () => act.beside(-1), "]": () => act.beside(1) }[key] ?? (state.part === "cases" && state.cases ? caseKey(event, state, act) : null);
  run?.();
  return Boolean(run);
}

function caseKey(event, state, act) {
  const { key, target } = event;
  if (/^[1-9]$/u.test(key)) return () => act.press(Number(key) - 1);
  if (key === "Enter" && state.task().kind === "several" && !target.matches("button:not(.ccds-case-row), summary")) return act.say;
  return {
    j: () => act.goTo(state.at + 1),
    ArrowDown: target.matches("input[type=radio]") ? null : () => act.goTo(state.at + 1),
    k: () => act.goTo(state.at - 1),
    ArrowUp: target.matches("input[type=radio]") ? null : () => act.goTo(state.at - 1),
    h: act.toggleNames,
    w: () => document.getElementById("ccds-case-note")?.focus(),
    Delete: () => state.shown && act.decide(null),
  }[key];
}
