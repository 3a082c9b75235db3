// The viewer as a widget of its own: one screen and what it needs around it.

function render({ model, el }) {
  const lost = lostBanner("A mask that was saved is safe; strokes that weren’t are lost.");
  const said = h("p", { class: "ccds-said", role: "status", "aria-live": "polite" });
  const root = h("div", { class: "ccds ccds-viewer", tabindex: -1, "data-lm-suppress-shortcuts": true }, lost);
  el.append(root);
  const ending = new AbortController();
  const channel = openChannel(model, (isLost) => {
    lost.hidden = !isLost;
  });
  const screen = lookScreen({
    channel,
    said: (line) => {
      said.textContent = line;
    },
    help,
    alone: true,
    signal: ending.signal,
  });
  root.append(screen.element, said);
  document.addEventListener("keydown", onKey, { signal: ending.signal });
  keepKeys(root, ending.signal);
  screen.open();

  function help() {
    const dialog = keysDialog([...screen.keys, ["?", "this list"]]);
    dialog.addEventListener("close", () => dialog.remove());
    root.append(dialog);
    dialog.showModal();
  }

  function onKey(event) {
    if (event.target !== document.body && !root.contains(event.target)) return;
    if (root.querySelector("dialog[open]")) return;
    const isHelp = event.key === "?" && !isTyping(event);
    if (isHelp) help();
    else if (!screen.pressed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  return () => {
    screen.close();
    ending.abort();
    channel.close();
  };
}

export default { render };
