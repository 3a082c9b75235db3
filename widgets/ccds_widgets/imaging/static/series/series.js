// The screen "Series": which series of each study is chosen, and why; see the shell for what a screen is.

const SERIES_KEYS = [
  ["j  ↓", "next study"],
  ["k  ↑", "previous study"],
  ["n  p", "next, previous page of studies"],
  ["1 … 9", "choose the series of that number, with a note; others by the digit on their button"],
  ["0", "choose none of them"],
  ["/", "find a study by its key"],
  ["v", "look at the volume"],
  ["r", "the rules"],
  ["Ctrl+↵", "what would other rules change"],
  ["u", "look again"],
  ["Esc", "out of a form, back to the studies"],
];

function seriesScreen({ channel, said, signal, show }) {
  const state = newState();
  const pictures = openPictures(channel, signal);
  const parts = {
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    filters: h("div", { class: "ccds-filtering" }),
    list: h("nav", { class: "ccds-list", "aria-label": "Studies" }),
    foot: h("div", { class: "ccds-list-foot" }),
    head: h("header", { class: "ccds-head" }),
    series: h("section", { "aria-label": "Series" }),
    choosing: h("section", { "aria-label": "Overrule" }),
    said: h("section", { "aria-label": "What people said" }),
    rules: h("section", { class: "ccds-rules", "aria-label": "Rules", hidden: true }),
  };
  const study = h("div", { class: "ccds-sheet", hidden: true }, parts.head, parts.series, parts.choosing, parts.said);
  const detail = h("main", { class: "ccds-detail", tabindex: -1, "aria-label": "Study" }, parts.error, study, parts.rules);
  const act = actions(state, channel, draw, said, (place) => show("look", place));
  const search = searchField(state, act);
  const aside = h("div", { class: "ccds-aside" }, h("div", { class: "ccds-list-head" }, parts.filters, search.form), parts.list, parts.foot);
  const columns = h("div", { class: "ccds-columns", hidden: true }, aside, detail);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Reading the studies …"));
  const element = h("div", { class: "ccds-selection" }, cover, columns);
  let inSight = null; // the study that was scrolled to last

  /** Draws what changed; while somebody types rules nothing of what they type in is touched. */
  function draw(typing = false) {
    if (!state.opened) {
      if (state.error) redraw(cover, emptyState("The studies can’t be shown", state.error));
      return;
    }
    const { list, editing, shown } = state;
    const none = !list.counts.all && state.code === null && !state.key && !editing;
    columns.hidden = none;
    cover.hidden = !none;
    if (none) {
      redraw(cover, emptyState("No studies with images yet", "Fetch some: choose exam codes and dates in the cohort app, or in a lab session with", h("code", { class: "ccds-command" }, "ccds imaging find ..."), "Rules for which series becomes a volume can be kept before.", rulesButton()));
      return;
    }
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    redraw(parts.filters, drawFilters(state, act));
    redraw(parts.list, drawStudies(state, act));
    const current = parts.list.querySelector("[aria-current]");
    if (current && state.wanted !== inSight) { // who scrolls the list while headers are read stays where they are
      current.scrollIntoView({ block: "nearest" });
      inSight = state.wanted;
    }
    if (document.activeElement === parts.list) current?.focus({ preventScroll: true }); // what had the focus is on another page
    redraw(parts.foot, pager(list, (number) => counted(number, "study"), (begin) => act.turn(begin)), rulesButton());
    study.hidden = Boolean(editing) || !shown;
    parts.rules.hidden = !editing;
    if (editing) {
      if (typing) {
        redraw(parts.rules.querySelector(".ccds-tried"), drawTried(editing));
        redraw(parts.rules.querySelector(".ccds-toolbar"), drawKeep(state, act));
      } else redraw(parts.rules, drawRules(state, act));
      return;
    }
    if (!shown) return;
    const wasChoosing = parts.choosing.querySelector("form");
    redraw(parts.head, drawHead(state));
    redraw(parts.series, drawSeries(state, act, pictures));
    redraw(parts.choosing, drawChoosing(state, act));
    redraw(parts.said, drawSaid(state));
    if (state.choosing && !wasChoosing) parts.choosing.querySelector("input").focus();
  }

  function rulesButton() {
    return h("button", { class: "ccds-button", "data-focus": "rules", "aria-expanded": String(Boolean(state.editing)), onclick: () => (state.editing ? act.closeRules() : act.openRules()) }, "Rules", h("kbd", {}, "r"));
  }

  function pressed(event) {
    if (!state.opened) return false;
    const { key } = event;
    if (key === "Enter" && (event.ctrlKey || event.metaKey) && state.editing && state.may_write) {
      act.tryRules();
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (key === "Escape") {
      if (state.choosing) act.cancel();
      else if (search.holds(event.target)) search.reset();
      else if (state.editing && !isTyping(event)) act.closeRules();
      else if (!isTyping(event)) return false;
      detail.focus();
      return true;
    }
    if (isTyping(event)) return false;
    if (/^[0-9]$/u.test(key) && state.shown && !state.editing) {
      const one = digitsOf(state.shown.all_series).get(Number(key));
      if (key === "0") act.choose(null);
      else if (one && canChoose(one)) act.choose(one.name);
      return true;
    }
    const run = {
      j: () => act.step(1),
      k: () => act.step(-1),
      ArrowDown: () => act.step(1),
      ArrowUp: () => act.step(-1),
      n: () => act.page(1),
      p: () => act.page(-1),
      v: () => act.lookAtChosen(),
      "/": () => search.select(),
      r: () => (state.editing ? act.closeRules() : act.openRules()),
      u: () => act.look(),
    }[key];
    if (!run || (state.editing && key !== "r")) return false;
    run();
    return true;
  }

  return {
    element,
    open() {
      if (!state.opened) act.open();
      else act.look();
    },
    close: () => act.pause(),
    pressed,
    keys: SERIES_KEYS,
  };
}
