// Which report is on the screen: steps, jumps, the hits of a search, the reports of a phrase.

/** What can be asked for of these, for `act`, which has `refuse` and `unchoose` already. */
function walking(state, context, draw, act) {
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

  function leaveAmong() {
    const wasOn = state.among !== null;
    state.among = null;
    if (!wasOn) return;
    forgetHits(state);
    draw();
  }

  return {
    /** The report that this tab showed last; null where that isn't known. */
    lastShown() {
      const number = Number(sessionStorage.getItem(placeKey()));
      return number && number <= state.overview.reports ? number - 1 : null;
    },
    /** Asks for the reports around the one on the screen. */
    refill() {
      if (!state.overview.reports) return;
      const isMissing = !state.reports.has(state.number);
      fetchWindow({ report: state.number, among: state.among }, (answer) => draw(answer.overview || isMissing ? "all" : "bar"));
    },
    goTo(number, refresh = false) {
      sessionStorage.setItem(placeKey(), number + 1);
      Object.assign(state, { number, chosen: null, preview: null, asked: null, barError: null, error: null });
      if (state.reports.has(number)) {
        draw("report");
        // While an answer is awaited no more is asked for: fast steps would outrun all answers.
        if (refresh || (needsRefill(state) && answered === asked)) act.refill();
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
        if (answered === asked) act.refill();
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
      if (phrase && phrase[among.which === "captured" ? "matched" : among.which] === 0) {
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
      Object.assign(state, { error: null, search: { ...state.search, text: "" } });
      leaveAmong();
      act.refill();
    },
  };
}
