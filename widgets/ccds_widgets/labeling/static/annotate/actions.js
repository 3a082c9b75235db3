// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

function actions(state, context, draw) {
  const { channel, said: say } = context;
  let asked = 0;
  let answered = 0;
  let owed = 0; // a step beyond the reports that are here

  /** Asks for reports and shows them, unless other ones were asked for meanwhile. */
  async function fetchWindow(request, show) {
    asked += 1;
    const mine = asked;
    try {
      const answer = await channel.ask({ kind: "window", revision: state.overview.revision, ...request });
      if (mine === asked && absorb(state, answer)) {
        show(answer);
        const delta = owed;
        owed = 0;
        if (delta && neighbour(state, delta) !== null) act.step(delta);
      }
    } catch (error) {
      leaveAmong();
      act.refuse(error.message);
    } finally {
      answered = Math.max(answered, mine);
    }
  }

  // A number only: nothing about a patient is kept by the browser.
  const placeKey = () => `ccds-labeling-${context.project}-${context.task().id}-report`;
  const refill = () => {
    if (!state.overview.reports) return;
    const isMissing = !state.reports.has(state.number);
    fetchWindow({ report: state.number, among: state.among }, (answer) => draw(answer.overview || isMissing ? "all" : "bar"));
  };

  function leaveAmong() {
    const wasOn = state.among !== null;
    state.among = null;
    if (!wasOn) return;
    forgetHits(state);
    draw();
  }

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
        state.asked = { line: answer.asks, yes: () => act.sure(request) };
        answer = null;
      } else {
        absorb(state, answer);
        state.touched = answer.inserted ?? (request.kind === "move" || request.kind === "change" ? request.phrase : null);
      }
    } catch (error) {
      refuseHere(error.message);
    }
    clearTimeout(drawSoon);
    state.busy = false;
    draw();
    state.touched = null;
    if (answer) {
      refill();
      if (answer.overview.labels.length !== context.task().labels.length) context.refresh();
      if (state.panel === "suggestions") act.suggest(state.suggestions.label, state.suggestions.instead, true);
    }
    return answer;
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

  /** Weighs “not if negated” for what is suggested, one phrase after the other: each may read many reports. */
  async function weigh(mine) {
    const { suggestions } = state;
    const listed = optionFirst(state).map((phrase) => [phrase.id, { kind: "weigh listed", phrase: phrase.id }]);
    const fresh = suggestions.answer.settles.filter((one) => one.matched <= WEIGHED_UNASKED).map((one) => [one.text, weighing(one)]);
    for (const [name, request] of [...listed, ...fresh]) {
      if (mine !== suggestions.asked || state.panel !== "suggestions") return;
      try {
        suggestions.weighed.set(name, await channel.ask(request, 120_000));
      } catch {
        continue; // it was changed meanwhile: the next answer has it, or hasn't
      }
      if (mine === suggestions.asked) draw("side");
    }
  }

  const act = {
    async open(place) {
      try {
        absorb(state, await channel.ask({ kind: "ready" }, 0));
        const number = Number(sessionStorage.getItem(placeKey()));
        if (!state.overview.reports || !number || number > state.overview.reports) state.number = state.window?.current ?? 0;
        else act.goTo(number - 1);
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
    goTo(number, refresh = false) {
      sessionStorage.setItem(placeKey(), number + 1);
      Object.assign(state, { number, chosen: null, preview: null, asked: null, barError: null, error: null });
      if (state.reports.has(number)) {
        draw("report");
        // While an answer is awaited no more is asked for: fast steps would outrun all answers.
        if (refresh || (needsRefill(state) && answered === asked)) refill();
      } else {
        draw("report");
        fetchWindow({ report: number, among: state.among }, () => draw("report"));
      }
    },
    step(delta) {
      const number = neighbour(state, delta);
      if (number !== null) act.goTo(number);
      else if (!hasMore(state, delta)) act.refuse(delta > 0 ? "This is the last report." : "This is the first report.");
      else {
        owed = delta;
        if (answered === asked) refill();
      }
    },
    nextUnlabelled() {
      const number = nextUnlabelled(state);
      if (number === null) {
        say("All reports are labelled.");
        act.refuse(state.overview.labelled === state.overview.reports ? "All reports are labelled." : "No other report is unlabelled.");
        return;
      }
      leaveAmong();
      act.goTo(number, true);
    },
    jump(text) {
      const number = Number(text.replaceAll(/[\s,]/gu, ""));
      if (!Number.isInteger(number) || number < 1 || number > state.overview.reports) {
        act.refuse(`Expected a number from 1 to ${grouped(state.overview.reports)}; found “${text.slice(0, 20)}”; type it again.`);
        return;
      }
      leaveAmong();
      act.goTo(number - 1);
    },
    show(among) {
      const phrase = among.by === "phrase" ? phraseOf(state, among.phrase) : null;
      if (phrase && !phrase[among.which === "captured" ? "matched" : among.which]) {
        act.refuse("No report holds this phrase so.");
        return;
      }
      // Where an earlier phrase captures all of its reports, those that it matches are shown.
      const wanted = phrase && among.which === "captured" && !phrase.captured ? { ...among, which: "matched" } : among;
      act.unchoose();
      fetchWindow({ report: state.number, among: wanted }, ({ window }) => {
        if (window.current === null) {
          act.refuse(wanted.by === "words" ? `No report holds “${wanted.text}”.` : "No report is left there.");
          return;
        }
        if (window.current !== state.number) act.unchoose(); // the words were another report's
        Object.assign(state, { among: wanted, number: window.current, error: null });
        draw();
        say(`${counted(window.total, "report")}.`);
      });
    },
    search({ text, whole }) {
      Object.assign(state.search, { text: text.trim(), whole });
      if (!state.search.text) act.showAll();
      else {
        // Those that were fetched before have no hits marked; the one on the screen stays until it comes anew.
        for (const number of state.reports.keys()) if (number !== state.number) state.reports.delete(number);
        act.show({ by: "words", text: state.search.text, whole });
      }
    },
    showAll() {
      leaveAmong();
      refill();
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
      const answer = await change({ kind: "insert", ...selected(), ...state.options, label, place: state.place });
      if (answer) act.accepted(answer);
    },
    accepted({ inserted }) {
      const phrase = phraseOf(state, inserted);
      act.unchoose();
      const labelled = phrase.excludes ? `no ${phrase.label}` : phrase.label;
      say(`“${phrase.text}” labels ${counted(phrase.captured, "report")} ${labelled}, matches ${grouped(phrase.matched)}. ${progressLine(state)}`);
    },
    async sure(request) {
      const answer = await change({ ...request, sure: true });
      if (answer?.inserted) act.accepted(answer);
    },
    dropAsked() {
      state.asked = null;
      draw();
    },
    openOptions(phrase) {
      act.unchoose();
      Object.assign(state, { opened: state.opened === phrase ? null : phrase, panel: "phrases", rowError: null, asked: null });
      draw("side");
      if (state.opened !== null) document.querySelector(`[data-focus="phrase-${phrase}-negatable"]`)?.focus();
    },
    async changeOptions(phrase, options) {
      const answer = await change({ kind: "change", phrase: phrase.id, text: phrase.text, label: phrase.label, ...options });
      if (!answer) return;
      const now = phraseOf(state, phrase.id);
      say(`“${now.text}” captures ${counted(now.captured, "report")}, matches ${grouped(now.matched)}. ${optionCounts(now)}`);
    },
    async move(phrase, by) {
      if (!(await change({ kind: "move", phrase, by }))) return;
      const { list } = phraseOf(state, phrase);
      const rank = state.overview.phrases.filter((one) => one.list === list).findIndex((one) => one.id === phrase) + 1;
      say(`Now phrase ${rank}, captures ${counted(phraseOf(state, phrase).captured, "report")}.`);
    },
    async remove(phrase) {
      const { phrases } = state.overview;
      const at = phrases.findIndex((one) => one.id === phrase);
      const beside = phrases[at + 1] ?? phrases[at - 1];
      const { text } = phrases[at];
      if (!(await change({ kind: "remove", phrase }))) return;
      say(`Removed “${text}”. ${progressLine(state)}`);
      if (beside) document.querySelector(`[data-focus="phrase-${beside.id}"]`)?.focus();
    },
    async undo() {
      const answer = await change({ kind: "undo" });
      if (answer) say(`Taken back: ${stepTold(answer.step)}. ${progressLine(state)}`);
    },
    async redo() {
      const answer = await change({ kind: "redo" });
      if (answer) say(`Done again: ${stepTold(answer.step)}. ${progressLine(state)}`);
    },
    panel(panel) {
      Object.assign(state, { panel, opened: null, asked: null });
      if (panel === "suggestions") act.suggest(state.suggestions.label, state.suggestions.instead);
      draw("side");
    },
    /** `isQuiet`: what was just changed is being read aloud. */
    async suggest(label, instead, isQuiet = false) {
      const { suggestions, overview } = state;
      const words = overview.labels.map(({ name }) => name);
      if (!words.length) return;
      const isSame = suggestions.label === label;
      suggestions.label = words.includes(label) ? label : words[0];
      const others = words.filter((word) => word !== suggestions.label);
      suggestions.instead = overview.kind === "several" ? null : others.includes(instead) ? instead : (others[0] ?? null);
      suggestions.asked += 1;
      const mine = suggestions.asked;
      Object.assign(suggestions, { answer: isSame ? suggestions.answer : null, weighed: new Map(), error: null });
      draw("side");
      try {
        for (;;) {
          const answer = await channel.ask({ kind: "suggest", label: suggestions.label, instead: suggestions.instead }, 120_000);
          if (mine !== suggestions.asked || state.panel !== "suggestions") return;
          suggestions.answer = answer;
          draw("side");
          if (answer.reading === undefined) break;
          await new Promise((wake) => setTimeout(wake, ASK_AGAIN_MS));
        }
        const first = document.querySelector(".ccds-suggestion .ccds-phrase-text");
        if (first && document.activeElement?.closest(".ccds-side")) first.focus();
        if (!isQuiet) say(`${counted(suggestions.answer.settles.length, "phrase")} would settle reports, ${grouped(suggestions.answer.corrects.length)} would correct some.`);
        await weigh(mine);
      } catch (error) {
        if (mine !== suggestions.asked) return;
        suggestions.error = error.message;
        draw("side");
      }
    },
    async weighNow(one) {
      const { suggestions } = state;
      const mine = suggestions.asked;
      suggestions.weighing = one.text;
      draw("side");
      try {
        suggestions.weighed.set(one.text, await channel.ask(weighing(one), 0));
      } catch (error) {
        if (mine === suggestions.asked) suggestions.error = error.message;
      }
      suggestions.weighing = null;
      draw("side");
    },
    async acceptSuggestion(one, negatable) {
      if (state.busy) return;
      const { text, label, excludes, position } = one;
      const answer = await change({ kind: "accept", text, label, excludes, position, negatable, uncertain_label: null });
      if (answer) act.accepted(answer);
    },
  };

  function selected() {
    const { section, text } = state.chosen;
    return { report: state.number, key: state.reports.get(state.number).key, section, text };
  }

  return act;
}

function weighing({ text, label, position }) {
  return { kind: "weigh", text, label, position };
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
