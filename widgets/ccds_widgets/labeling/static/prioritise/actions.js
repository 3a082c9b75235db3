// Everything that can be asked for, and what the screen shows of it.

function actions(state, context, draw) {
  const { channel, said: say } = context;
  let wanted = null; // the newest place that a dragged row is over; one question is asked at a time
  let isTrying = false;
  let drafts = 0;

  /** Asks for a change, takes its answer in and draws it; null where it was refused, or is asked about first: `again` is called with what says yes. */
  async function change(request, where, again = (sure) => act.sure(sure, where)) {
    Object.assign(state, { error: null, asked: null, busy: true });
    let answer = null;
    try {
      answer = await channel.ask(request, 120_000);
      if (answer.asks) {
        state.asked = { ...askedOf(answer, request, again), where };
        answer = null;
      } else {
        absorb(state, answer.overview);
        state.touched = answer.touched ?? null;
        if (answer.refused) state.error = { line: answer.refused, where: typeof where === "number" && !state.phrases.has(where) ? "list" : where };
      }
    } catch (error) {
      state.error = { line: error.message, where };
      state.tried = null;
    }
    state.busy = false;
    draw();
    state.touched = null;
    if (state.asked) focusOn("asked");
    if (answer) {
      if (namesOf(answer.overview) !== namesOf(context.task())) context.refresh();
      refreshPanel();
    }
    return answer?.refused ? null : answer;
  }

  /** What stands beside the list is of the list as it was: it is fetched again. */
  function refreshPanel() {
    const { panel } = state;
    if (panel?.kind === "reports") act.reports(panel.among, panel.answer?.begin ?? 0, true);
    else if (panel?.kind === "conflicts") act.conflicts(true);
    else if (panel?.kind === "history") act.history(0, true);
  }

  async function fetchPanel(panel, request, isQuiet) {
    const before = state.panel;
    if (!isQuiet) Object.assign(state, { panel: { ...panel, loading: true }, error: null });
    const mine = isQuiet ? before : state.panel;
    draw("panel");
    try {
      const answer = await channel.ask(request, 120_000);
      if (state.panel !== mine) return;
      state.panel = { ...panel, answer };
    } catch (error) {
      if (state.panel !== mine) return;
      state.panel = before?.answer ? before : { ...panel, failed: true };
      state.error = { line: error.message, where: "panel" };
    }
    draw("panel");
  }

  /** Counts what the list would capture with the dragged row at the newest place that it is over. */
  async function tryNewest() {
    if (isTrying || !wanted) return;
    isTrying = true;
    const { phrase, position, over } = wanted;
    wanted = null;
    try {
      const { counts, revision } = await channel.ask({ kind: "try", phrase, position });
      if (state.dragged === phrase && revision === state.overview.revision) {
        state.tried = { phrase, position, over, counts: new Map(counts.map((one) => [one.id, one])) };
        draw("counts");
      }
    } catch (error) {
      state.error = { line: error.message, where: "list" };
    }
    isTrying = false;
    tryNewest();
  }

  async function tryDraft() {
    drafts += 1;
    const mine = drafts;
    const { editing } = state;
    if (!editing) return;
    const { phrase, text, label, options } = editing;
    let result;
    try {
      result = { counts: await channel.ask({ kind: "try change", phrase, text, label, ...options }, 120_000), trouble: null };
    } catch (error) {
      result = { counts: null, trouble: error.message };
    }
    if (mine !== drafts || state.editing !== editing) return;
    Object.assign(editing, result);
    draw("would");
  }

  const act = {
    async open() {
      try {
        const { overview, sources } = await channel.ask({ kind: "ready" }, 0);
        absorb(state, overview);
        Object.assign(state, { sources, denied: null });
        refreshPanel();
      } catch (error) {
        state.denied = error.message;
      }
      draw();
    },
    dragStart(event, phrase) {
      state.dragged = phrase;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", ""); // Firefox drags nothing else
      draw("counts");
    },
    dragOver(event, phrase) {
      const dragged = state.phrases.get(state.dragged);
      if (!dragged || dragged.list !== phrase.list) return; // a phrase stays in the list of its label
      event.preventDefault();
      const listed = listOf(state, phrase.id);
      const box = event.currentTarget.getBoundingClientRect();
      const isBelow = event.clientY > box.top + box.height / 2;
      const from = listed.indexOf(dragged);
      const before = listed.indexOf(phrase) + (isBelow ? 1 : 0);
      const position = before > from ? before - 1 : before;
      if (state.over?.position === position && state.over.id === phrase.id) return;
      state.over = { id: phrase.id, position, side: isBelow ? "below" : "above" };
      wanted = { phrase: dragged.id, position, over: state.over };
      tryNewest();
    },
    async drop(event) {
      event.preventDefault();
      const { dragged, over } = state;
      Object.assign(state, { dragged: null, over: null });
      wanted = null;
      if (dragged !== null && over) await act.move(dragged, over.position);
    },
    dragEnd() {
      Object.assign(state, { dragged: null, over: null, tried: null });
      wanted = null;
      draw("counts");
    },
    async move(phrase, position) {
      const shown = state.phrases.get(phrase);
      const answer = await change({ kind: "move", phrase, position, seen: seenForm(shown), order: orderOf(state.overview, shown) }, phrase);
      if (!answer) return;
      const rank = listOf(state, phrase).findIndex(({ id }) => id === phrase) + 1;
      say(`Now phrase ${rank}, captures ${counted(state.phrases.get(phrase).captured, "report")}.`);
    },
    async add(text, label, options) {
      const answer = await change({ kind: "add", text, label, ...knownOf(state.overview, label, options.uncertain_label), ...options }, "add");
      if (answer) act.added(answer);
    },
    /** The next phrase is typed where this one was. */
    added({ touched }) {
      state.typed = null;
      const field = document.querySelector('[data-focus="add-text"]');
      field.form.reset();
      field.focus();
      say(addedWords(state, touched));
    },
    async sure(request, where) {
      const answer = await change(request, where);
      if (!answer) return;
      if (request.kind === "add") {
        act.added(answer);
        return;
      }
      if (state.editing?.phrase === request.phrase) act.leaveEdit();
      say(addedWords(state, answer.touched));
    },
    dropAsked() {
      const { back } = state.asked;
      state.asked = null;
      draw();
      focusOn(back);
    },
    edit(id) {
      const seen = seenForm(state.phrases.get(id));
      const { text, label, ...options } = seen;
      state.editing = { phrase: id, seen, text, label, options, counts: null, trouble: null };
      Object.assign(state, { error: null, asked: null });
      draw();
      document.querySelector('[data-focus="edit-text"]')?.select();
      tryDraft();
    },
    draft(changed, isDrawn = false) {
      Object.assign(state.editing, changed, { counts: null });
      draw(isDrawn ? "all" : "would");
      tryDraft();
    },
    leaveEdit() {
      const id = state.editing?.phrase;
      Object.assign(state, { editing: null, error: null, asked: null });
      draw();
      document.querySelector(`[data-focus="phrase-${id}"]`)?.focus();
    },
    async save() {
      const { phrase, seen, text, label, options } = state.editing;
      const answer = await change({ kind: "change", phrase, seen, text, label, ...knownOf(state.overview, label, options.uncertain_label), ...options }, phrase);
      if (!answer) return;
      act.leaveEdit();
      say(addedWords(state, phrase));
    },
    async relabel(phrase, at) {
      const { id } = phrase;
      const seen = seenForm(phrase);
      const name = state.overview.labels[at]?.name;
      if (!name || name === seen.label) return;
      const uncertain = seen.uncertain_label === name ? null : seen.uncertain_label;
      const answer = await change({ kind: "change", phrase: id, seen, ...seen, label: name, ...knownOf(state.overview, name, uncertain), uncertain_label: uncertain }, id);
      if (answer) say(addedWords(state, id));
    },
    async remove(phrase) {
      const { phrases } = state.overview;
      const at = phrases.findIndex(({ id }) => id === phrase);
      const beside = phrases[at + 1] ?? phrases[at - 1];
      const seen = seenForm(phrases[at]);
      if (!(await change({ kind: "remove", phrase, seen }, phrase))) return;
      say(`Removed “${seen.text}”.`);
      if (beside) document.querySelector(`[data-focus="phrase-${beside.id}"]`)?.focus();
    },
    async undo() {
      const answer = await change({ kind: "undo" }, "list");
      if (answer) say(`Undone: ${stepTold(answer.step)}.`);
    },
    async redo() {
      const answer = await change({ kind: "redo" }, "list");
      if (answer) say(`Redone: ${stepTold(answer.step)}.`);
    },
    async copy({ id, name }, sure = false) {
      const answer = await change({ kind: "copy", source: id, sure }, "panel", (again) => act.copy({ id, name }, again.sure));
      if (!answer) return;
      const { added, known, conflicting, differing } = answer.copied;
      const more = [
        known ? `${grouped(known)} were there already` : "",
        conflicting ? `${grouped(conflicting)} have another label here and stay as they are` : "",
        differing ? `${grouped(differing)} have other options here and stay as they are` : "",
      ].filter(Boolean);
      state.notice = [`${counted(added, "phrase")} of “${name}” added`, ...more].join("; ");
      draw();
      say(state.notice);
    },
    async labels(names) {
      await change({ kind: "labels", names, seen: state.overview.labels.map(({ name }) => name) }, "panel");
    },
    reports: (among, begin = 0, isQuiet = false) => fetchPanel({ kind: "reports", among }, { kind: "reports", among, begin }, isQuiet),
    conflicts: (isQuiet = false) => fetchPanel({ kind: "conflicts" }, { kind: "conflicts" }, isQuiet),
    history: (begin = 0, isQuiet = false) => fetchPanel({ kind: "history" }, { kind: "history", begin }, isQuiet),
    show(kind) {
      if (state.panel?.kind === kind) return act.closePanel();
      if (kind === "conflicts") return act.conflicts();
      if (kind === "history") return act.history();
      Object.assign(state, { panel: { kind }, error: null, notice: null });
      draw("panel");
      return undefined;
    },
    closePanel() {
      state.panel = null;
      draw("panel");
    },
  };
  return act;
}

function addedWords(state, id) {
  const phrase = state.phrases.get(id);
  return `“${phrase.text}” is ${phrase.excludes ? `no ${phrase.label}` : phrase.label}, captures ${counted(phrase.captured, "report")} of ${grouped(phrase.matched)}.`;
}
