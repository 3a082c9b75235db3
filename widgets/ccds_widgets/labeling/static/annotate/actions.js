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
      leaveFilter();
      act.refuse(error.message);
    } finally {
      answered = Math.max(answered, mine);
    }
  }

  // A number only: nothing about a patient is kept by the browser.
  const placeKey = () => `ccds-labeling-${context.project}-${context.task().id}-report`;
  const filter = () => ({ phrase: state.filter?.phrase ?? null, matched: state.filter?.matched ?? false });
  const refill = () => {
    if (state.overview.reports) fetchWindow({ report: state.number, ...filter() }, (answer) => draw(answer.overview ? "all" : "bar"));
  };

  function leaveFilter() {
    const wasOn = state.filter !== null;
    state.filter = null;
    if (wasOn) draw();
  }

  /** Asks for a change of the list, takes its answer in and draws it; null where it was refused. */
  async function change(request) {
    state.error = null;
    let answer = null;
    try {
      answer = await channel.ask({ report: state.number, ...request });
      absorb(state, answer);
      state.touched = answer.inserted ?? (request.kind === "move" ? request.phrase : null);
    } catch (error) {
      if (state.chosen) state.barError = error.message;
      else state.error = error.message;
    }
    state.busy = false;
    draw();
    state.touched = null;
    refill();
    return answer;
  }

  const act = {
    async open() {
      try {
        absorb(state, await channel.ask({ kind: "ready" }, 0));
        const number = Number(sessionStorage.getItem(placeKey()));
        if (!state.overview.reports || !number || number > state.overview.reports) state.number = state.window?.current ?? 0;
        else act.goTo(number - 1);
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
    goTo(number, refresh = false) {
      sessionStorage.setItem(placeKey(), number + 1);
      Object.assign(state, { number, chosen: null, preview: null, barError: null, error: null });
      if (state.reports.has(number)) {
        draw("report");
        // While an answer is awaited no more is asked for: fast steps would outrun all answers.
        if (refresh || (needsRefill(state) && answered === asked)) refill();
      } else {
        draw("report");
        fetchWindow({ report: number, ...filter() }, () => draw("report"));
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
      leaveFilter();
      act.goTo(number, true);
    },
    jump(text) {
      const number = Number(text.replaceAll(/[\s,]/gu, ""));
      if (!Number.isInteger(number) || number < 1 || number > state.overview.reports) {
        act.refuse(`Expected a number from 1 to ${grouped(state.overview.reports)}; found “${text.slice(0, 20)}”; type it again.`);
        return;
      }
      leaveFilter();
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
        draw();
      });
    },
    showAll() {
      leaveFilter();
      refill();
    },
    async choose(chosen) {
      if (state.chosen && JSON.stringify(state.chosen) === JSON.stringify(chosen)) return;
      Object.assign(state, { chosen, preview: null, barError: null, error: null, place: state.chosen ? state.place : "last" });
      draw("bar");
      try {
        const answer = await channel.ask({ kind: "preview", ...selected() });
        if (state.chosen === chosen) {
          state.preview = answer;
          say(previewLine(state));
        }
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
      if (!state.chosen || state.preview?.known || state.busy) return;
      state.busy = true;
      const answer = await change({ kind: "insert", ...selected(), label, place: state.place });
      if (!answer) return;
      const phrase = phraseOf(state, answer.inserted);
      act.unchoose();
      say(`“${phrase.text}” labels ${counted(phrase.captured, "report")} ${phrase.label}, matches ${grouped(phrase.matched)}. ${progressLine(state)}`);
    },
    async move(phrase, by) {
      if (!(await change({ kind: "move", phrase, by }))) return;
      const rank = state.overview.phrases.findIndex((one) => one.id === phrase) + 1;
      say(`Now phrase ${rank}, captures ${counted(phraseOf(state, phrase).captured, "report")}.`);
    },
    async remove(phrase) {
      const { phrases } = state.overview;
      const at = phrases.findIndex((one) => one.id === phrase);
      const beside = phrases[at + 1] ?? phrases[at - 1];
      if (!(await change({ kind: "remove", phrase }))) return;
      say(`Removed “${state.overview.undo}”. ${progressLine(state)}`);
      if (beside) document.querySelector(`[data-focus="phrase-${beside.id}"]`)?.focus();
    },
    async undo() {
      const text = state.overview.undo;
      if (text === null || !(await change({ kind: "undo" }))) return;
      say(`“${text}” is back. ${progressLine(state)}`);
    },
  };

  function selected() {
    const { section, text } = state.chosen;
    return { report: state.number, key: state.reports.get(state.number).key, section, text };
  }

  return act;
}

/** What the bar shows, for whoever hears the screen. */
function previewLine(state) {
  const { chosen, preview } = state;
  const words = `“${chosen.text.replace(/\s+/gu, " ")}”`;
  const known = preview.known && phraseOf(state, preview.known);
  if (known) return `${words} is a phrase of ${known.label} already.`;
  return `${words} matches ${counted(preview.matched, "report")}, captures ${grouped(preview.captured_if_last)} as last.`;
}

function progressLine({ overview }) {
  return `${grouped(overview.labelled)} of ${counted(overview.reports, "report")} labelled.`;
}
