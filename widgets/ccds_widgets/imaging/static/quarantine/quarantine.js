// The screen "Quarantine": what couldn't become a volume and why, and making volumes; see the shell for what a screen is.

const QUARANTINE_KEYS = [
  ["j  ↓", "next series"],
  ["k  ↑", "previous series"],
  ["n  p", "next, previous page"],
  ["l", "let it pass, with a note"],
  ["m", "make volumes of the studies that wait"],
  ["a", "show all again"],
  ["u", "look again"],
  ["Esc", "out of a form"],
];

function quarantineScreen({ channel, said, signal, show }) {
  const state = newState();
  const pictures = openPictures(channel, signal);
  const parts = {
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    run: h("section", { class: "ccds-run", "aria-label": "Volumes" }),
    matrix: h("section", { "aria-label": "Counts" }),
    head: h("div", { class: "ccds-rows-head" }),
    rows: h("section", { "aria-label": "Series in quarantine" }),
  };
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Looking into the quarantine …"));
  const none = h("div", { hidden: true });
  const body = h("main", { class: "ccds-quarantine-body", tabindex: -1, "aria-label": "Quarantine" }, parts.error, none, parts.matrix, parts.head, parts.rows);
  const whole = h("div", { class: "ccds-quarantine-whole", hidden: true }, parts.run, body);
  const element = h("div", { class: "ccds-quarantine" }, cover, whole);
  const act = actions(state, channel, draw, said, (place) => show("look", place));

  function draw(move = false) {
    if (!state.opened) {
      if (state.error) redraw(cover, emptyState("The quarantine can’t be shown", state.error));
      return;
    }
    cover.hidden = true;
    whole.hidden = false;
    const { list, passing } = state;
    const filtered = state.code !== null || state.scanner !== null;
    const empty = !list.counts.length && !filtered && !passing?.result;
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    redraw(parts.run, drawRun(state, act));
    none.hidden = !empty;
    for (const part of [parts.matrix, parts.head, parts.rows]) part.hidden = empty;
    if (empty) {
      redraw(none, emptyState("Nothing is in quarantine", state.waiting ? "Studies wait for their volumes: make them, above. What can’t be checked comes here, with its reason." : "Every series that was converted became a volume that was checked."));
      return;
    }
    const wasPassing = parts.rows.querySelector("form");
    redraw(parts.matrix, list.counts.length ? drawMatrix(state, act) : null);
    redraw(parts.head, h("h2", {}, filtered ? dotted(state.code ?? "every reason", state.scanner === null ? "every scanner" : state.scanner || UNKNOWN_SCANNER) : "All in quarantine"), filtered ? h("button", { class: "ccds-button", "data-focus": "all", onclick: () => act.filter(null, null) }, "Show all", h("kbd", {}, "a")) : null, h("span", { class: "ccds-space" }), pager(list, (number) => `${grouped(number)} series`, (begin) => act.turn(begin)));
    redraw(parts.rows, drawRows(state, act, pictures));
    if (passing && !passing.result && !passing.converting && !wasPassing) parts.rows.querySelector("form input")?.focus();
    if (move) parts.rows.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  function pressed(event) {
    if (!state.opened || event.ctrlKey || event.metaKey || event.altKey) return false;
    const { key } = event;
    if (key === "Escape" && state.passing && !state.passing.converting) {
      act.cancel();
      body.focus();
      return true;
    }
    if (isTyping(event)) return false;
    const run = {
      j: () => act.step(1),
      k: () => act.step(-1),
      ArrowDown: () => act.step(1),
      ArrowUp: () => act.step(-1),
      n: () => act.page(1),
      p: () => act.page(-1),
      l: () => act.beginPass(state.list.rows[state.at]),
      m: () => act.run("begin"),
      a: () => act.filter(null, null),
      u: () => act.refresh(),
    }[key];
    if (!run) return false;
    run();
    return true;
  }

  return {
    element,
    open() {
      if (!state.opened) act.open();
      else act.resume();
    },
    close: () => act.pause(),
    pressed,
    keys: QUARANTINE_KEYS,
  };
}
