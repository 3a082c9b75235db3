// The screen: the phrases in their order, and beside them what one looks at.

const KEYS = [
  ["↑  ↓", "another phrase"],
  ["Alt+↑  Alt+↓", "priority of the phrase; Alt+Home and Alt+End: first and last"],
  ["↵", "the reports of the phrase"],
  ["e", "edit words, label and options; ↵ saves, Esc leaves"],
  ["1 … 9", "another label"],
  ["Del", "remove the phrase"],
  ["a", "add a phrase"],
  ["c", "conflicts"],
  ["h", "history"],
  ["i", "import and export"],
  ["b", "labels"],
  ["Esc", "close what stands beside the list"],
  ["Ctrl+Z", "undo"],
  ["Ctrl+Shift+Z", "redo"],
];
const PANEL_KEYS = { c: "conflicts", h: "history", i: "copy", b: "labels" };

function prioritiseScreen(context) {
  const state = newState();
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const parts = {
    top: part("toolbar", "div", { role: "toolbar", "aria-label": "Phrases" }),
    add: part("add", "div"),
    notice: part("notice", "p", { role: "status", hidden: true }),
    error: part("error", "p", { role: "alert", hidden: true }),
    lists: part("lists", "div", { tabindex: -1, "aria-label": "Phrases" }),
    panel: part("panel", "aside", { tabindex: -1, "aria-label": "Beside the list", hidden: true }),
  };
  const head = drawHead();
  const main = h("div", { class: "ccds-prioritise-main" }, parts.top, parts.add, parts.notice, parts.error, head, parts.lists);
  const body = h("div", { class: "ccds-prioritise-body", hidden: true }, main, parts.panel);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the phrases …"));
  const element = h("div", { class: "ccds-prioritise" }, cover, body);
  const act = actions(state, context, draw);

  function draw(what = "all") {
    if (state.denied) {
      cover.replaceChildren(emptyState("This screen can’t be opened", state.denied));
      cover.hidden = false;
      body.hidden = true;
      return;
    }
    if (!state.overview) return;
    cover.hidden = true;
    body.hidden = false;
    if (what === "would") {
      parts.lists.querySelector(".ccds-would")?.replaceChildren(wouldWords(state.editing));
      return;
    }
    if (what === "counts") {
      drawTried();
      return;
    }
    redraw(parts.top, drawTop(state, act));
    if (what === "all") {
      redraw(parts.add, drawAdd(state, act));
      parts.notice.hidden = !state.notice;
      parts.notice.textContent = state.notice ?? "";
      parts.error.hidden = state.error?.where !== "list";
      parts.error.textContent = state.error?.line ?? "";
      head.hidden = !state.overview.phrases.length;
      redraw(parts.lists, drawLists(state, act));
      const touched = state.touched && parts.lists.querySelector(`[data-phrase="${state.touched}"]`);
      if (touched) touched.scrollIntoView({ block: "nearest" });
    }
    parts.panel.hidden = !state.panel;
    redraw(parts.panel, drawPanel(state, act, context));
    for (const count of parts.lists.querySelectorAll(".ccds-count")) {
      const { phrase } = count.closest("[data-phrase]").dataset;
      count.setAttribute("aria-pressed", String(isShown(state, Number(phrase), count.dataset.which)));
    }
  }

  /** Counts and marks while a row is dragged. The rows stay: a row that is replaced is dragged no more. */
  function drawTried() {
    const drawn = h("div", {}, ...drawLists({ ...state, editing: null }, act).filter(Boolean));
    for (const fresh of drawn.querySelectorAll(".ccds-order-row")) {
      const row = parts.lists.querySelector(`[data-phrase="${fresh.dataset.phrase}"]`);
      if (!row) continue;
      for (const name of ["data-dragged", "data-drop"]) {
        if (fresh.hasAttribute(name)) row.setAttribute(name, fresh.getAttribute(name));
        else row.removeAttribute(name);
      }
      const counts = row.querySelectorAll(".ccds-count");
      fresh.querySelectorAll(".ccds-count").forEach((count, at) => counts[at]?.replaceWith(count));
    }
  }

  function pressed(event) {
    if (!state.overview) return false;
    if (stepKey(event, act)) return true;
    if (event.key === "Escape") {
      if (state.asked) {
        act.dropAsked();
        return true;
      }
      if (state.editing) act.leaveEdit();
      else if (state.panel) act.closePanel();
      parts.lists.focus({ preventScroll: true });
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return false;
    if (event.key === "a") parts.add.querySelector("input")?.focus();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") parts.lists.querySelector(".ccds-phrase-text")?.focus();
    else if (event.key in PANEL_KEYS) {
      act.show(PANEL_KEYS[event.key]);
      if (state.panel) parts.panel.focus();
    } else return false;
    return true;
  }

  return { element, keys: KEYS, open: () => act.open(), close: () => act.dragEnd(), pressed };
}

function drawTop(state, act) {
  const { overview } = state;
  const button = (kind, title, key) =>
    h("button", { class: "ccds-button", "data-focus": `show-${kind}`, "aria-pressed": String(state.panel?.kind === kind), onclick: () => act.show(kind) }, title, h("kbd", {}, key));
  return [
    h("span", { class: "ccds-done" }, h("b", {}, counted(overview.phrases.length, "phrase")), h("span", { class: "ccds-muted" }, ` · ${grouped(overview.labelled)} of ${counted(overview.reports, "report")} labelled`)),
    h("span", { class: "ccds-space" }),
    h(
      "div",
      { class: "ccds-toolbar" },
      button("conflicts", "Conflicts", "c"),
      button("history", "History", "h"),
      button("copy", "Import, export", "i"),
      button("labels", "Labels", "b"),
      ...stepButtons(overview, act),
    ),
  ];
}

/** A phrase that is typed; what was typed stays until it is on the list. */
function drawAdd(state, act) {
  const { overview, error, asked } = state;
  const text = h("input", { class: "ccds-field ccds-edit-text", "data-focus": "add-text", "aria-label": "Words of a new phrase", placeholder: "New phrase", maxlength: 500, autocomplete: "off" });
  const label = h("input", { class: "ccds-field ccds-edit-label", "data-focus": "add-name", "aria-label": "Its label", placeholder: "Label", list: "ccds-add-labels", maxlength: 500, autocomplete: "off" });
  const form = h(
    "form",
    {
      class: "ccds-edit-line",
      "aria-label": "Add a phrase",
      onsubmit: async (event) => {
        event.preventDefault();
        state.typed = { text: text.value, label: label.value };
        await act.add(text.value, label.value, { negatable: false, uncertain_label: null, excludes: false });
      },
    },
    text,
    label,
    h("datalist", { id: "ccds-add-labels" }, ...overview.labels.map(({ name }) => h("option", { value: name }))),
    h("button", { class: "ccds-button", type: "submit" }, "Add below the list", h("kbd", {}, "↵")),
  );
  text.value = state.typed?.text ?? "";
  label.value = state.typed?.label ?? "";
  return [
    form,
    asked?.where === "add" ? askedLine(asked, act.dropAsked) : null,
    error?.where === "add" ? h("p", { class: "ccds-error", role: "alert" }, error.line) : null,
  ];
}
