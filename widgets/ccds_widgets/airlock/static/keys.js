// The keys, and the list of them.

const KEYS = [
  ["j  ↓", "next submission"],
  ["k  ↑", "previous submission"],
  ["f", "next file of the submission"],
  ["n  p", "next, previous page of the file"],
  ["a", "approve: write what you looked at"],
  ["x", "refuse: write what is wrong"],
  ["Ctrl+↵", "give the verdict"],
  ["u", "look for new submissions"],
  ["Esc", "out of the text field"],
  ["?", "this list"],
];

/** Runs what the key stands for; whether it stands for something. */
function pressed(event, state, act, parts) {
  if (parts.keys.open || !state.opened) return false;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    act.decide();
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Escape" && isTyping(event)) {
    parts.detail.focus();
    return true;
  }
  if (isTyping(event) && !["radio", "checkbox"].includes(event.target.type)) return false;
  const arrows = event.target.type === "radio" ? {} : { ArrowDown: () => act.step(1), ArrowUp: () => act.step(-1) };
  const decide = (verdict) => () => {
    if (!state.shown?.mine) return;
    act.choose(verdict);
    parts.detail.querySelector("textarea")?.focus();
  };
  const run = {
    j: () => act.step(1),
    k: () => act.step(-1),
    f: () => act.stepFile(),
    n: () => act.turn(1),
    p: () => act.turn(-1),
    a: decide("approve"),
    x: decide("refuse"),
    u: () => act.refresh(),
    "?": () => parts.keys.showModal(),
    ...arrows,
  }[event.key];
  if (!run || event.target === parts.detail && event.key.startsWith("Arrow")) return false;
  run();
  return true;
}
