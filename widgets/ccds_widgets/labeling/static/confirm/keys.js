// The keys of the screen, and the list of them.

const KEYS = [
  ["↵  Space", "confirm what is preselected (or the chosen labels)"],
  ["1 … 9", "another label; where several are possible: choose or drop it, then ↵"],
  ["s", "skip: somebody else should say"],
  ["f", "flag for the fellow, with a note"],
  ["t", "strata tags: press their numbers, then ↵"],
  ["Ctrl+Z  u", "undo, as many steps as you like"],
  ["Ctrl+Shift+Z", "redo"],
  ["↑  ↓", "scroll the report"],
];

const IMAGES_KEYS = [
  ["i", "the study’s images; ↑ ↓ then turn their slices, PgUp PgDn ten at once"],
];

const FELLOWS_KEYS = [
  ["Shift+G", "into the gold set with the label shown (or the chosen ones), or out of it"],
  ["Shift+1 … Shift+9", "into the gold set with that label, where labels exclude each other"],
  ["b", "batches: make one, assign it, take it away"],
];

/** Runs what the key stands for; whether it stands for something. */
function pressedKey(event, state, act) {
  const { key } = event;
  if (isTyping(event)) return false;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z" && !event.altKey) return once(event, event.shiftKey ? act.redo : act.undo);
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (key === "b" && state.curates) return once(event, act.toggleBatches);
  if (state.view === "batches") return key === "Escape" && once(event, state.asked ? act.dropAsked : act.toggleBatches);
  if ((key === "Enter" || key === " ") && event.target.closest?.("button, summary, a")) return false;
  if (state.mode === "tags") return tagKey(event, act);
  if (key === "u") return once(event, act.undo);
  if (!currentStudy(state)) return false;
  const digit = /^(?:Digit|Numpad)([1-9])$/u.exec(event.code);
  if (digit && event.shiftKey) return state.curates && once(event, () => act.goldAs(Number(digit[1]) - 1));
  if (/^[1-9]$/u.test(key)) return once(event, () => act.choose(Number(key) - 1));
  if (state.images && ["ArrowUp", "ArrowDown", "PageUp", "PageDown"].includes(key)) {
    act.turn({ ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[key]);
    return true;
  }
  const run = { Enter: act.confirm, " ": act.confirm, s: act.skip, f: act.flag, t: act.openTags, i: state.images || currentStudy(state).images ? act.toggleImages : undefined, G: state.curates ? act.gold : undefined }[key];
  return run ? once(event, run) : false;
}

function tagKey(event, act) {
  const { key } = event;
  if (/^[1-9]$/u.test(key)) return once(event, () => act.toggleTag(Number(key) - 1));
  if (key === "Escape") return once(event, act.leaveMode);
  return ["Enter", " ", "t"].includes(key) && once(event, act.saveTags);
}

/** A key that is held down counts once: nobody means to confirm a whole batch with it. */
function once(event, run) {
  if (!event.repeat) run();
  return true;
}
