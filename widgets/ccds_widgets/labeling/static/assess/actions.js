// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

const ANSWERS = { agreement: "agreement", labelers: "labelers", batches: "batches", cases: "cases", labels: "labels" };
const POLL_MS = 700;
const HEAVY = new Set(["agreement", "labelers", "cases"]); // the first time they take as long as there are many answers

function actions(state, context, draw) {
  const { channel, said, signal } = context;
  const request = {
    agreement: () => ({ kind: "agreement", question: state.question }),
    labelers: () => ({ kind: "labelers" }),
    batches: () => ({ kind: "batches" }),
    cases: () => ({ kind: "cases", which: state.cases?.which ?? "disputed", begin: state.cases?.begin ?? 0 }),
    labels: () => ({ kind: "labels" }),
  };
  let asked = 0;
  let poll = null;
  signal.addEventListener("abort", () => clearTimeout(poll));

  /** Asks, takes the answer in and draws it; null where it was refused, or where something else was asked for meanwhile. */
  async function ask(content, part = state.part) {
    asked += 1;
    const mine = asked;
    state.error = null;
    try {
      const answer = await channel.ask(content, HEAVY.has(content.kind) ? 0 : undefined);
      if (signal.aborted) return null;
      if (answer.overview) state.overview = answer.overview;
      if (mine !== asked && content.kind !== "decide") return null;
      const key = ANSWERS[part];
      if (key in answer) state[key] = answer[key];
      return answer;
    } catch (error) {
      if (mine === asked) {
        state.error = error.message;
        draw();
      }
      return null;
    }
  }

  /** The list as it is now, and in it `study`, or where that isn't in sight the one at `at`, or the last one. */
  async function fetchCases(content, at, study = null) {
    const answer = await ask({ ...request.cases(), ...content }, "cases");
    if (!answer) return;
    const found = state.cases.rows.findIndex((row) => row.study === study);
    await showCase(found < 0 ? Math.min(at, Math.max(0, state.cases.rows.length - 1)) : found);
  }

  async function showCase(at) {
    const row = state.cases.rows[at];
    if (state.shown?.study !== row?.study) state.shown = null;
    state.at = at;
    draw();
    if (!row) return;
    const answer = await ask({ kind: "case", study: row.study }, "case");
    if (!answer) return;
    state.shown = answer.case;
    state.chosen = new Set(answer.case.final?.said ?? answer.case.shown ?? []);
    draw("case");
  }

  async function watchLabels() {
    clearTimeout(poll);
    if (state.part !== "labels" || signal.aborted || !state.labels.busy) return;
    poll = setTimeout(async () => {
      const answer = await ask({ kind: "labels" }, "labels");
      if (answer && !state.labels.busy) {
        state.taking = false;
        said(state.labels.took ? `Snapshot ${state.labels.took.id} is there.` : "Worked out.");
      }
      if (answer) draw();
      watchLabels();
    }, POLL_MS);
  }

  async function labels(content) {
    if (await ask(content, "labels")) draw();
    watchLabels();
  }

  async function step(kind) {
    const answer = await ask({ kind }, "step");
    if (!answer) return;
    said(`Study ${answer.study}: ${answer.word ? `the final word is ${answer.word.join(", ") || "no label"} again` : "open again"}.`);
    if (state.part === "cases") fetchCases({}, state.at, answer.study);
    else act.open();
  }

  const act = {
    /** Asks for what the part on the screen shows. */
    async open() {
      if (state.part === "cases") return fetchCases({}, state.at);
      if (state.part === "labels") return labels(request.labels());
      draw(); // says what is being worked out
      if (await ask(request[state.part]())) draw();
      return undefined;
    },
    part(name) {
      state.part = name;
      sessionStorage.setItem(`ccds-assess-${context.project}`, name);
      act.open();
    },
    beside(delta) {
      const names = PARTS.map(([name]) => name);
      act.part(names[(names.indexOf(state.part) + delta + names.length) % names.length]);
    },
    question(number) {
      state.question = number;
      act.open();
    },
    measure(key) {
      state.measure = key;
      draw();
    },
    list(which) {
      state.cases.which = which;
      fetchCases({ which, begin: 0 }, 0);
    },
    page(delta) {
      fetchCases({ begin: Math.max(0, state.cases.begin + delta * 50) }, 0);
    },
    goTo(at) {
      if (at >= 0 && at < state.cases.rows.length) showCase(at);
      else if (at < 0 && state.cases.begin) fetchCases({ begin: state.cases.begin - 50 }, 49);
      else if (at >= 0 && state.cases.begin + at < state.cases.total) fetchCases({ begin: state.cases.begin + at }, 0);
      else said(at < 0 ? "This is the first study." : "This is the last study.");
    },
    toggleNames() {
      state.names = !state.names;
      draw();
    },
    press(at) {
      const label = state.task().labels[at]?.name;
      if (!label || !state.shown) return;
      if (state.task().kind === "one") act.decide([label]);
      else {
        if (!state.chosen.delete(label)) state.chosen.add(label);
        said(`${label} ${state.chosen.has(label) ? "present" : "absent"}.`);
        draw("case");
      }
    },
    say() {
      if (state.shown) act.decide([...state.chosen]);
    },
    async decide(labels) {
      const { study, final } = state.shown;
      const note = document.getElementById("ccds-case-note")?.value.trim() ?? "";
      if (state.deciding || (labels === null && !final)) return;
      state.deciding = true;
      const answer = await ask({ kind: "decide", study, labels, seen: final?.said ?? null, note: labels === null ? "" : note }, "step");
      state.deciding = false;
      if (!answer) return;
      state.shown = null; // a key that comes before the next study shows is for none
      said(labels === null ? `Study ${study} is open again.` : `Study ${study}: ${labels.join(", ") || "no label"}.`);
      await fetchCases({}, state.at);
    },
    undo: () => state.overview?.undo && step("undo"),
    redo: () => state.overview?.redo && step("redo"),
    workOutAnew: () => labels({ kind: "labels", anew: true }),
    take() {
      state.taking = true;
      labels({ kind: "take" });
    },
  };
  return act;
}
