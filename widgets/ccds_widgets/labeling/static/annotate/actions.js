// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

function actions(state, context, draw) {
  const { channel, said: say } = context;

  /** Tells where the eye is what was refused: in the bar, in the row whose options are open, at the suggestions, or above. */
  function refuseHere(line) {
    if (state.chosen) state.barError = line;
    else if (state.opened !== null) state.rowError = line;
    else if (state.panel === "suggestions") state.suggestions.error = line;
    else state.error = line;
  }

  /** Asks for a change of the list, takes its answer in and draws it; null where it was refused, or is asked about first. */
  async function change(request) {
    Object.assign(state, { error: null, barError: null, rowError: null, asked: null, busy: true });
    state.suggestions.error = null;
    const drawSoon = setTimeout(() => draw(), 300); // what takes longer says so
    let answer = null;
    try {
      answer = await channel.ask({ report: state.number, ...request });
      if (answer.asks) {
        state.asked = askedOf(answer, request, act.sure);
        answer = null;
      } else {
        absorb(state, answer);
        if (answer.refused) refuseHere(answer.refused);
        else state.touched = answer.inserted ?? (request.kind === "move" || request.kind === "change" ? request.phrase : null);
      }
    } catch (error) {
      refuseHere(error.message);
    }
    clearTimeout(drawSoon);
    state.busy = false;
    draw();
    state.touched = null;
    if (state.asked) focusOn("asked");
    if (answer) {
      act.refill();
      if (namesOf(answer.overview) !== namesOf(context.task())) context.refresh();
      if (state.panel === "suggestions") act.suggest(state.suggestions.label, state.suggestions.instead, true);
    }
    return answer?.refused ? null : answer;
  }

  async function preview() {
    const { chosen, options } = state;
    try {
      const answer = await channel.ask({ kind: "preview", ...selected(), ...options }, 120_000);
      if (state.chosen !== chosen || state.options !== options) return;
      state.preview = answer;
      say(previewLine(state));
    } catch (error) {
      if (state.chosen === chosen) state.barError = error.message;
    }
    if (state.chosen === chosen) draw("bar");
  }

  const act = {
    async open(place) {
      try {
        absorb(state, await channel.ask({ kind: "ready" }, 0));
        const last = act.lastShown();
        if (last === null) state.number = state.window?.current ?? 0;
        else act.goTo(last);
        if (place?.report !== undefined) act.goTo(place.report);
        draw();
        if (place?.among) act.show(place.among);
      } catch (error) {
        state.denied = error.message;
        draw();
      }
    },
    refuse(line) {
      state.error = line;
      draw("bar");
    },
    async choose(chosen) {
      if (state.chosen && JSON.stringify(state.chosen) === JSON.stringify(chosen)) return;
      const kept = state.chosen ? { place: state.place, options: state.options } : { place: "last", options: PLAIN };
      Object.assign(state, { chosen, preview: null, asked: null, barError: null, error: null, opened: null, ...kept });
      draw("bar");
      await preview();
    },
    unchoose() {
      if (!state.chosen) return;
      Object.assign(state, { chosen: null, preview: null, asked: null, barError: null });
      document.getSelection()?.removeAllRanges();
      draw("bar");
    },
    async setOptions(options) {
      Object.assign(state, { options, preview: null, barError: null });
      draw("bar");
      await preview();
    },
    place(place) {
      state.place = place;
      draw("bar");
    },
    async accept(label) {
      if (!state.chosen || state.preview?.lists[""]?.known !== undefined || state.busy) return;
      const answer = await change({ kind: "insert", ...selected(), ...state.options, label, ...knownOf(state.overview, label, state.options.uncertain_label), place: state.place });
      if (answer) act.accepted(answer);
    },
    accepted({ inserted }) {
      const phrase = phraseOf(state, inserted);
      act.unchoose();
      const labelled = phrase.excludes ? `no ${phrase.label}` : phrase.label;
      say(`“${phrase.text}” labels ${counted(phrase.captured, "report")} ${labelled}, matches ${grouped(phrase.matched)}. ${progressLine(state)}`);
    },
    async sure(request) {
      const answer = await change(request);
      if (answer?.inserted) act.accepted(answer);
      else if (answer) act.changed(request);
    },
    dropAsked() {
      const { back } = state.asked;
      state.asked = null;
      draw();
      focusOn(back);
    },
    openOptions(phrase) {
      act.unchoose();
      Object.assign(state, { opened: state.opened === phrase ? null : phrase, panel: "phrases", rowError: null, asked: null });
      draw("side");
      if (state.opened !== null) document.querySelector(`[data-focus="phrase-${phrase}-negatable"]`)?.focus();
    },
    async changeOptions(phrase, options) {
      const answer = await change({ kind: "change", phrase: phrase.id, seen: seenForm(phrase), text: phrase.text, label: phrase.label, ...knownOf(state.overview, phrase.label, options.uncertain_label), ...options });
      if (answer) act.changed({ phrase: phrase.id });
    },
    changed({ phrase }) {
      const now = phraseOf(state, phrase);
      say(`“${now.text}” captures ${counted(now.captured, "report")}, matches ${grouped(now.matched)}. ${optionCounts(now)}`);
    },
    async move(phrase, by) {
      const shown = phraseOf(state, phrase);
      if (!(await change({ kind: "move", phrase, by, seen: seenForm(shown), order: orderOf(state.overview, shown) }))) return;
      const { list } = phraseOf(state, phrase);
      const rank = state.overview.phrases.filter((one) => one.list === list).findIndex((one) => one.id === phrase) + 1;
      say(`Now phrase ${rank}, captures ${counted(phraseOf(state, phrase).captured, "report")}.`);
    },
    async remove(phrase) {
      const { phrases } = state.overview;
      const at = phrases.findIndex((one) => one.id === phrase);
      const beside = phrases[at + 1] ?? phrases[at - 1];
      const seen = seenForm(phrases[at]);
      if (!(await change({ kind: "remove", phrase, seen }))) return;
      say(`Removed “${seen.text}”. ${progressLine(state)}`);
      if (beside) document.querySelector(`[data-focus="phrase-${beside.id}"]`)?.focus();
    },
    async undo() {
      const answer = await change({ kind: "undo" });
      if (answer) say(`Undone: ${stepTold(answer.step)}. ${progressLine(state)}`);
    },
    async redo() {
      const answer = await change({ kind: "redo" });
      if (answer) say(`Redone: ${stepTold(answer.step)}. ${progressLine(state)}`);
    },
    panel(panel) {
      Object.assign(state, { panel, opened: null, asked: null });
      if (panel === "suggestions") act.suggest(state.suggestions.label, state.suggestions.instead);
      draw("side");
    },
  };

  function selected() {
    const { section, text } = state.chosen;
    return { report: state.number, key: state.reports.get(state.number).key, section, text };
  }

  return Object.assign(act, walking(state, context, draw, act), suggesting(state, context, draw, { act, change }));
}

/** What the bar shows, for whoever hears the screen. */
function previewLine(state) {
  const { chosen, preview } = state;
  const words = `“${chosen.text.replace(/\s+/gu, " ")}”`;
  const list = preview.lists[""];
  const known = phraseOf(state, list?.known);
  if (known) return `${words} is a phrase of ${known.label} already.`;
  const last = list ? `, captures ${grouped(list.captured_if_last)} as last` : "";
  return `${words} matches ${counted(preview.matched ?? 0, "report")}${last}. ${optionCounts(preview)}`.trim();
}

function progressLine({ overview }) {
  return `${grouped(overview.labelled)} of ${counted(overview.reports, "report")} labelled.`;
}
