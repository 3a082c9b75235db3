// The screen: its parts, its keys, and what happens when something is asked for.

const KEYS = [
  ["j  →", "next report"],
  ["k  ←", "previous report"],
  ["n", "next unlabelled report"],
  ["g", "go to a report by its number"],
  ["a", "all reports again, after those of one phrase"],
  ["s", "select words by keyboard: ← → move, Shift+→ Shift+← widen"],
  ["1 … 9", "give the selected words that label"],
  ["l", "write a new label for the selected words"],
  ["f", "first or last in priority"],
  ["Esc", "drop the selection"],
  ["p", "phrase list: ↑ ↓ move, ↵ shows its reports"],
  ["Alt+↑  Alt+↓", "priority of the phrase"],
  ["Del", "remove the phrase"],
  ["u", "undo the last removal"],
  ["?", "this list"],
];

function render({ model, el }) {
  const state = newState();
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const parts = {
    lost: lostBanner(),
    top: part("toolbar", "nav", { "aria-label": "Reports" }),
    progress: part("progress", "section", { "aria-label": "Progress" }),
    error: part("error", "p", { role: "alert", hidden: true }),
    report: part("report", "article", { tabindex: 0, "aria-label": "Report" }),
    bar: part("bar", "div", { role: "dialog", "aria-label": "Label the selected words", hidden: true }),
    phrases: part("list", "div"),
    undo: part("undo", "div", { role: "status" }),
    said: part("said", "p", { role: "status", "aria-live": "polite" }),
    keys: drawKeys(),
  };
  const pane = h("div", { class: "ccds-pane" }, parts.report, parts.bar);
  const side = h(
    "aside",
    { class: "ccds-side", "aria-label": "Phrases" },
    h(
      "header",
      { class: "ccds-side-head" },
      h("h2", {}, "Phrases"),
      h("span", { title: "Reports that the phrase captures: no earlier phrase matches them" }, "Captures"),
      h("span", { title: "Reports that hold the phrase" }, "Matches"),
    ),
    parts.phrases,
    parts.undo,
  );
  const screen = h("div", { class: "ccds-screen", hidden: true }, parts.top, parts.progress, parts.error, h("div", { class: "ccds-columns" }, pane, side));
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the project …"));
  const root = h("div", { class: "ccds ccds-labeling", tabindex: -1 }, parts.lost, cover, screen, parts.said, parts.keys);
  el.append(root);

  const channel = openChannel(model, (lost) => {
    parts.lost.hidden = !lost;
  });
  const act = actions(state, channel, draw, say);
  const ending = new AbortController();
  listen();
  act.open();

  function draw(what = "all") {
    if (state.denied) {
      cover.replaceChildren(emptyState("This app can’t be opened", state.denied));
      cover.setAttribute("role", "alert");
      return;
    }
    if (!state.overview) return;
    cover.hidden = true;
    screen.hidden = false;
    document.querySelector("[data-ccds-project]")?.replaceChildren(state.overview.project);
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    redraw(parts.top, drawToolbar(state, act, parts.keys));
    if (what !== "bar") {
      redraw(parts.report, drawReport(state, act));
      if (what === "report") parts.report.scrollTop = 0;
    }
    if (what === "all") {
      redraw(parts.progress, state.overview.reports ? drawProgress(state) : []);
      redraw(parts.undo, drawUndo(state, act));
    }
    if (what !== "bar") redraw(parts.phrases, drawPhrases(state, act));
    drawChosen();
    if (root.ownerDocument.activeElement === document.body) parts.report.focus({ preventScroll: true });
  }

  function drawChosen() {
    parts.bar.hidden = !state.chosen;
    const range = paintChosen(parts.report, state.chosen);
    if (!range) return;
    redraw(parts.bar, drawBar(state, act));
    range.startContainer.parentElement.scrollIntoView({ block: "nearest" });
    placeBar(parts.bar, pane, range);
  }

  function say(text) {
    parts.said.textContent = text;
  }

  function listen() {
    const { signal } = ending;
    const read = () => {
      const chosen = readSelection(parts.report);
      if (chosen?.error) act.refuse(chosen.error);
      else if (chosen) act.choose(chosen);
      else if (state.chosen) act.unchoose();
    };
    // The mouse may be let go anywhere; what counts is where the selection was begun.
    let selecting = false;
    parts.report.addEventListener("pointerdown", () => (selecting = true), { signal });
    document.addEventListener("pointerup", () => {
      if (selecting) requestAnimationFrame(read);
      selecting = false;
    }, { signal });
    parts.report.addEventListener("scroll", () => state.chosen && drawPlace(), { signal });
    window.addEventListener("resize", () => state.chosen && drawPlace(), { signal });
    document.addEventListener("keydown", (event) => {
      if (event.target !== document.body && !root.contains(event.target)) return;
      if (pressed(event, state, act, parts)) {
        event.preventDefault();
        event.stopPropagation();
      }
    }, { signal, capture: false });
    // In JupyterLab keys would also move between cells.
    root.addEventListener("keyup", (event) => event.stopPropagation(), { signal });
  }

  function drawPlace() {
    const range = paintChosen(parts.report, state.chosen);
    if (range) placeBar(parts.bar, pane, range);
  }

  return () => {
    ending.abort();
    channel.close();
    CSS.highlights?.delete(HIGHLIGHT);
  };
}

/** Everything that can be asked for, by mouse or by key. */
function actions(state, channel, draw, say) {
  let asked = 0;

  async function fetchWindow(request, show) {
    asked += 1;
    const mine = asked;
    try {
      const answer = await channel.ask({ kind: "window", revision: state.overview.revision, ...request });
      if (mine === asked && absorb(state, answer)) show(answer);
    } catch (error) {
      act.refuse(error.message);
    }
  }

  const filter = () => ({ phrase: state.filter?.phrase ?? null, matched: state.filter?.matched ?? false });
  const refill = () => {
    if (state.overview.reports) fetchWindow({ report: state.number, ...filter() }, (answer) => draw(answer.overview ? "all" : "bar"));
  };

  async function change(request) {
    if (state.busy) return null;
    state.busy = true;
    state.error = null;
    try {
      const answer = await channel.ask({ report: state.number, ...request });
      absorb(state, answer);
      return answer;
    } catch (error) {
      if (state.chosen) state.barError = error.message;
      else state.error = error.message;
      refill();
      return null;
    } finally {
      state.busy = false;
      draw();
    }
  }

  const act = {
    async open() {
      try {
        absorb(state, await channel.ask({ kind: "ready" }, 0));
        state.number = state.window?.current ?? 0;
        draw();
      } catch (error) {
        state.denied = error.message;
        draw();
      }
    },
    refuse(line) {
      state.error = line;
      draw("bar");
    },
    goTo(number) {
      Object.assign(state, { number, chosen: null, preview: null, barError: null, error: null });
      if (state.reports.has(number)) {
        draw("report");
        if (needsRefill(state)) refill();
      } else {
        draw("report");
        fetchWindow({ report: number, ...filter() }, () => draw("report"));
      }
    },
    step(delta) {
      const number = neighbour(state, delta);
      if (number === null) act.refuse(delta > 0 ? "This is the last report." : "This is the first report.");
      else act.goTo(number);
    },
    nextUnlabelled() {
      const number = nextUnlabelled(state);
      if (number === null) {
        say("All reports are labelled.");
        act.refuse(state.overview.labelled === state.overview.reports ? "All reports are labelled." : "No other report is unlabelled.");
        return;
      }
      state.filter = null;
      act.goTo(number);
      refill();
    },
    jump(text) {
      const number = Number(text.replaceAll(/[\s,]/gu, ""));
      if (!Number.isInteger(number) || number < 1 || number > state.overview.reports) {
        act.refuse(`Expected a number from 1 to ${grouped(state.overview.reports)}; found another one; type it again.`);
        return;
      }
      state.filter = null;
      act.goTo(number - 1);
    },
    show(phrase, matched = false) {
      const { captured, matched: all } = phraseOf(state, phrase);
      if (!all) {
        act.refuse("No report holds this phrase.");
        return;
      }
      const wanted = { phrase, matched: matched || !captured };
      act.unchoose();
      fetchWindow({ report: state.number, ...wanted }, ({ window }) => {
        if (window.current === null) return;
        state.filter = wanted;
        state.number = window.current;
        state.error = null;
        draw("report");
      });
    },
    showAll() {
      state.filter = null;
      draw("report");
      refill();
    },
    async choose(chosen) {
      if (state.chosen && JSON.stringify(state.chosen) === JSON.stringify(chosen)) return;
      Object.assign(state, { chosen, preview: null, barError: null, error: null, place: "last" });
      draw("bar");
      try {
        const answer = await channel.ask({ kind: "preview", ...selected() });
        if (state.chosen === chosen) state.preview = answer;
      } catch (error) {
        if (state.chosen === chosen) state.barError = error.message;
      }
      if (state.chosen === chosen) draw("bar");
    },
    unchoose() {
      if (!state.chosen) return;
      Object.assign(state, { chosen: null, preview: null, barError: null });
      document.getSelection()?.removeAllRanges();
      draw("bar");
    },
    place(place) {
      state.place = place;
      draw("bar");
    },
    async accept(label) {
      if (!state.chosen || state.preview?.known) return;
      const answer = await change({ kind: "insert", ...selected(), label, place: state.place });
      if (!answer) return;
      const phrase = phraseOf(state, answer.inserted);
      act.unchoose();
      say(`“${phrase.text}” labels ${counted(phrase.captured, "report")} ${phrase.label}, matches ${grouped(phrase.matched)}. ${progressLine(state)}`);
      refill();
    },
    async move(phrase, by) {
      if (!(await change({ kind: "move", phrase, by }))) return;
      const rank = state.overview.phrases.findIndex((one) => one.id === phrase) + 1;
      say(`Now phrase ${rank}, captures ${counted(phraseOf(state, phrase).captured, "report")}.`);
      refill();
    },
    async remove(phrase) {
      const { phrases } = state.overview;
      const at = phrases.findIndex((one) => one.id === phrase);
      const beside = phrases[at + 1] ?? phrases[at - 1];
      if (!(await change({ kind: "remove", phrase }))) return;
      say(`Removed “${state.overview.undo}”. ${progressLine(state)}`);
      if (beside) document.querySelector(`[data-focus="phrase-${beside.id}"]`)?.focus();
      refill();
    },
    async undo() {
      const text = state.overview.undo;
      if (text === null || !(await change({ kind: "undo" }))) return;
      say(`“${text}” is back. ${progressLine(state)}`);
      refill();
    },
  };

  function selected() {
    const { section, text } = state.chosen;
    return { report: state.number, key: state.reports.get(state.number).key, section, text };
  }

  return act;
}

function progressLine({ overview }) {
  return `${grouped(overview.labelled)} of ${counted(overview.reports, "report")} labelled.`;
}

/** Runs what the key stands for; whether it stands for something. */
function pressed(event, state, act, parts) {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.overview?.reports || parts.keys.open) return false;
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
    g: () => parts.top.querySelector("input")?.select(),
    s: () => {
      const first = stepWords(parts.report, null);
      if (first) act.choose(first);
    },
    p: () => (parts.phrases.querySelector("[data-shown=true] .ccds-phrase-text") ?? parts.phrases.querySelector(".ccds-phrase-text"))?.focus(),
    u: () => act.undo(),
    "?": () => parts.keys.showModal(),
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

function drawToolbar(state, act, keys) {
  const { overview, window: near, filter } = state;
  if (!overview.reports) return [];
  const phrase = filter && phraseOf(state, filter.phrase);
  const rank = near.begin + near.numbers.indexOf(state.number) + 1;
  const button = (name, run, hint, ...content) =>
    h("button", { class: "ccds-button", "data-focus": name, title: hint, "aria-label": hint, onclick: run }, ...content);
  const field = h("input", { class: "ccds-field ccds-jump", "data-focus": "jump", "aria-label": "Report number (g)", inputmode: "numeric", value: state.number + 1 });
  return [
    button("previous", () => act.step(-1), "Previous report (k)", "‹"),
    h("form", { class: "ccds-place-of", onsubmit: (event) => (event.preventDefault(), act.jump(field.value), field.blur()) }, field, h("span", {}, ` of ${grouped(overview.reports)}`)),
    button("next", () => act.step(1), "Next report (j)", "›"),
    button("unlabelled", () => act.nextUnlabelled(), "Next unlabelled report (n)", "Next unlabelled", h("kbd", {}, "n")),
    phrase
      ? h(
          "div",
          { class: "ccds-filter", role: "status" },
          h("span", {}, filter.matched ? "Matched by " : "Captured by ", h("q", {}, phrase.text), near.numbers.includes(state.number) ? `: ${grouped(rank)} of ${grouped(near.total)}` : ""),
          button("all", () => act.showAll(), "All reports again (a)", "All reports"),
        )
      : null,
    h("span", { class: "ccds-space" }),
    button("keys", () => keys.showModal(), "Keys (?)", "Keys", h("kbd", {}, "?")),
  ];
}

function drawUndo(state, act) {
  const { undo } = state.overview;
  if (undo === null) return [];
  return [h("span", {}, "Removed ", h("q", {}, undo)), h("button", { class: "ccds-button", "data-focus": "undo", onclick: act.undo }, "Undo", h("kbd", {}, "u"))];
}

function drawKeys() {
  const dialog = h("dialog", { class: "ccds-keys", "aria-label": "Keys" });
  dialog.append(
    h("h2", {}, "Keys"),
    h("dl", {}, ...KEYS.flatMap(([keys, what]) => [h("dt", {}, ...keys.split("  ").map((key) => h("kbd", {}, key))), h("dd", {}, what)])),
    h("button", { class: "ccds-button", onclick: () => dialog.close() }, "Close", h("kbd", {}, "Esc")),
  );
  return dialog;
}

export default { render };
