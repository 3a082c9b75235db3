// The viewer's keys.

const BIG_STEP = 10;
const LOOK_KEYS = [
  ["↑  ↓", "the slice before, the next, of the plane that was clicked last"],
  ["Page ↑  Page ↓", "ten slices back, ten on"],
  ["Home  End", "the first and the last slice"],
  ["Tab", "the next plane"],
  [",  .", "the time point before, the next"],
  ["w", "the next window"],
  ["right button", "drag: level up and down, width left and right"],
  ["x", "crosshair on and off"],
  ["f", "one plane large, and back"],
  ["m", "mask on and off"],
  ["h", "the DICOM header"],
  ["e", "correct the mask, or draw one"],
  ["1 … 9  0", "the label of the brush; the eraser"],
  ["[  ]", "a smaller brush, a larger one"],
  ["Shift", "drag: move the crosshair while a mask is corrected"],
  ["z", "take the last stroke back"],
  ["s", "save the mask"],
  ["Esc", "leave the correction"],
];

/** Does what a key press stands for; whether it stands for something. */
function lookKey(event, state, act) {
  const { key, ctrlKey, metaKey, altKey } = event;
  const isSlid = event.target.matches?.("input:is([type=range], [type=checkbox])"); // keeps the focus after a click, but takes no text
  if (!state.volume || altKey || (isTyping(event) && !isSlid)) return false;
  // Ctrl with z and s does here what it does elsewhere.
  if (ctrlKey || metaKey) return Boolean(state.drawing) && ["z", "s"].includes(key) && correctingKey(key, state, act);
  if (state.drawing && correctingKey(key, state, act)) return true;
  const by = isSlid ? undefined : { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -BIG_STEP, PageDown: BIG_STEP, Home: -Infinity, End: Infinity }[key];
  if (by !== undefined) act.step(by);
  else if (key === "," || key === ".") act.time(state.time + (key === "." ? 1 : -1));
  else if (key === "w") act.nextWindow();
  else if (key === "x") act.cross();
  else if (key === "f") act.enlarge();
  else if (key === "m") act.toggleMask();
  else if (key === "h") act.header();
  else if (key === "e" && state.corrects) act.correct();
  else if (key === "Escape" && state.large) act.enlarge();
  else return false;
  return true;
}

function correctingKey(key, state, act) {
  if (/^[0-9]$/u.test(key)) act.label(Number(key));
  else if (key === "[" || key === "]") act.brush(state.brush + (key === "]" ? 2 : -2));
  else if (key === "z") act.undo();
  else if (key === "s") act.save();
  else if (key === "Escape") act.leave();
  else return false;
  return true;
}
