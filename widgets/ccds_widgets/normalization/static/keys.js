// The keys, and the list of them.

const KEYS = [
  ["→  ↑", "next slice, towards R, A or S"],
  ["←  ↓", "previous slice"],
  ["PgUp  PgDn", "ten slices on or back"],
  ["Home  End", "first or last slice"],
  ["a  c  s", "axial, coronal, sagittal"],
  ["d", "next display window of the picture before"],
  ["n", "name and save the recipe"],
  ["Tab, then ←  →", "a parameter’s slider: the pictures follow"],
  ["Esc", "from a field back to the slices"],
  ["?", "this list"],
];

/** Runs what the key stands for; whether it stands for something. */
function pressed(event, state, act, parts) {
  if (event.ctrlKey || event.metaKey || event.altKey || parts.keys.open || !firstOf(state)) return false;
  const { key, target } = event;
  if (key === "Escape" && isTyping(event)) {
    parts.slider.focus();
    return true;
  }
  if (isTyping(event) && !["range", "radio", "checkbox"].includes(target.type)) return false;
  const moves = key.startsWith("Arrow") || key.startsWith("Page") || ["Home", "End"].includes(key);
  if (moves && (target.type === "radio" || target.classList.contains("ccds-knob"))) return false; // its own
  const last = lineOf(state).count - 1;
  const run = {
    ArrowRight: () => act.step(1),
    ArrowUp: () => act.step(1),
    ArrowLeft: () => act.step(-1),
    ArrowDown: () => act.step(-1),
    PageUp: () => act.step(10),
    PageDown: () => act.step(-10),
    Home: () => act.goTo(0),
    End: () => act.goTo(last),
    a: () => act.plane("axial"),
    c: () => act.plane("coronal"),
    s: () => act.plane("sagittal"),
    d: () => act.nextDisplay(),
    n: () => parts.saving.querySelector("input")?.select(),
    "?": () => parts.keys.showModal(),
  }[key];
  run?.();
  return Boolean(run);
}
