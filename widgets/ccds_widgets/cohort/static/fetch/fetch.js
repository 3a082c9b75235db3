// The screen Fetch: its parts, when they are drawn, and its keys.

const KEYS = [
  ["f", "fetch what waits; stop fetching"],
  ["q", "ask the archive about the chosen criteria"],
  ["y", "put what it answered into the queue; Esc: not now"],
  ["x", "stop asking"],
  ["[  ]", "the list before, the list after"],
  ["j  ↓", "next study"],
  ["k  ↑", "study before"],
  ["r", "try the study again"],
  ["Shift+R", "try all that failed again"],
  ["a", "fetch the study ahead of all others"],
  ["s", "fetch one study by its accession number"],
  ["/", "find a study by its key"],
  ["n  p", "next, previous page"],
];

function fetchScreen(context) {
  const state = {
    mayWrite: false,
    reach: { where: "here", why: null },
    counts: null, // null until the first answer
    worker: null,
    pace: "",
    mostAttempts: 0,
    causes: [],
    requested: [],
    kept: [],
    damaged: [],
    wanted: { which: "missing", begin: 0, cause: null, study: null }, // the list that is asked for
    list: { which: "missing", begin: 0, total: 0, page: 50, cause: null, study: null, rows: [] }, // and the one that is there
    counting: null,
    confirm: null,
    single: { busy: false, told: null },
    chosen: null,
    current: null,
    sought: "",
    busy: false,
    starting: false,
    runBefore: undefined, // when the run before the one that starts began
    error: null, // of what was done last; stays until something else is done
    lookError: null,
    askError: null,
    startFailed: null,
    done: null,
  };
  const parts = {
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    queue: h("section", { class: "ccds-queue", "aria-label": "How far the queue is" }),
    putting: h("section", { class: "ccds-putting", "aria-label": "Put studies into the queue" }),
    single: h("section", { class: "ccds-single", "aria-label": "One study that somebody waits for" }),
    requested: h("section", { class: "ccds-asked-for", "aria-label": "What was asked for" }),
    lists: h("div", { class: "ccds-lists" }),
    causes: h("div", {}),
    studies: h("div", { class: "ccds-study-list", tabindex: -1 }),
  };
  const side = h("div", { class: "ccds-fetch-side" }, parts.putting, parts.single, parts.requested);
  const studies = h("section", { class: "ccds-fetch-studies", "aria-label": "Studies" }, parts.lists, parts.causes, parts.studies);
  const body = h("div", { class: "ccds-fetch-body", hidden: true }, parts.queue, h("div", { class: "ccds-fetch-columns" }, side, studies));
  const waiting = h("p", { class: "ccds-waiting", role: "status" }, "Reading the queue …");
  const element = h("div", { class: "ccds-fetch" }, parts.error, waiting, body);
  const marks = tellMarks(element, context.signal);
  const act = actions(state, context, draw);
  const drawn = new Map();

  /** Draws a part, unless it would look the same: what is read or focused stays, and an alert is told once. */
  function show(part, key, make) {
    const text = JSON.stringify(key);
    if (drawn.get(part) === text) return false;
    drawn.set(part, text);
    redraw(parts[part], make());
    return true;
  }

  function draw() {
    const line = state.error ?? state.lookError;
    parts.error.hidden = !line;
    if (parts.error.textContent !== (line ?? "")) parts.error.textContent = line ?? "";
    waiting.hidden = Boolean(state.counts || line);
    if (!state.counts) return;
    body.hidden = false;
    const { counts, mayWrite, reach, busy } = state;
    show("queue", [counts, state.worker, state.causes, state.pace, mayWrite, reach, state.starting, state.startFailed], () => drawQueue(state, act));
    if (show("putting", [state.kept, state.damaged, state.chosen, state.counting, state.confirm, state.askError, state.done, mayWrite, reach, busy], () => drawPutting(state, act))) fitMonths(parts.putting, state.confirm, marks, `Studies of ${state.confirm?.named} by month`);
    show("single", [state.single, mayWrite, reach], () => drawSingle(state, act));
    show("requested", state.requested, () => drawRequested(state));
    show("lists", [counts, state.wanted, state.sought, mayWrite, busy], () => drawLists(state, act));
    show("causes", [state.causes, state.list.which, state.list.cause, state.list.study], () => drawCauses(state, act));
    show("studies", [state.list, mayWrite, busy, state.mostAttempts], () => drawStudies(state, act));
    side.hidden = !mayWrite && !state.requested.length;
  }

  function step(delta) {
    const { rows } = state.list;
    if (!rows.length) return;
    const at = rows.findIndex(({ study }) => study === state.current);
    const to = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + delta));
    for (const one of parts.studies.querySelectorAll(".ccds-study")) one.tabIndex = one.dataset.study === rows[to].study ? 0 : -1;
    parts.studies.querySelector(`[data-study="${CSS.escape(rows[to].study)}"]`)?.focus();
  }

  function currentRow() {
    return state.list.rows.find(({ study }) => study === state.current);
  }

  function beside(delta) {
    const at = LISTS.findIndex(([name]) => name === state.wanted.which);
    act.list(LISTS[(at + delta + LISTS.length) % LISTS.length][0]);
  }

  function pressed(event) {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey || !state.counts) return false;
    if (isTyping(event) && target.type !== "radio") {
      if (key !== "Escape") return false;
      if (target.dataset.focus === "study" && state.wanted.study) {
        target.value = "";
        act.find("");
      }
      parts.studies.focus();
      return true;
    }
    const row = currentRow();
    const mine = state.mayWrite;
    const arrows = target.type === "radio" || target.closest?.("svg") ? {} : { ArrowDown: () => step(1), ArrowUp: () => step(-1) };
    const run = {
      f: act.toggleFetching,
      q: () => mine && state.kept.length && state.reach.where === "here" && !state.counting && !state.confirm && act.ask(state.chosen ?? state.kept[0].named),
      y: () => state.confirm?.new && act.put(),
      Escape: () => state.confirm && act.drop(),
      x: () => state.counting && act.stop(),
      "[": () => beside(-1),
      "]": () => beside(1),
      j: () => step(1),
      k: () => step(-1),
      r: () => mine && row?.can_retry && act.retry(row.study),
      R: () => mine && state.retriable && act.retry(null),
      a: () => mine && row?.can_hurry && act.hurry(row.study),
      n: () => act.page(1),
      p: () => act.page(-1),
      s: () => element.querySelector('[data-focus="accession"]')?.focus(),
      "/": () => element.querySelector('[data-focus="study"]')?.focus(),
      ...arrows,
    }[key];
    run?.();
    return Boolean(run);
  }

  return { element, open: act.open, close: act.close, pressed, keys: KEYS };
}
