// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

const AGAIN_MS = 2000;
const REST = 20; // with 100,000 studies a look holds the kernel for a second: of twenty

function actions(state, channel, draw, say, lookAt) {
  let waiting = null;
  let sight = true;

  const ask = asker(state, channel, draw);
  const listed = () => ({ kind: "studies", which: state.which, code: state.code, key: state.key, begin: state.list?.begin ?? 0 });

  const act = {
    async open() {
      const answer = await ask({ kind: "ready" }, 0);
      if (!answer) return;
      const { may_write, rules, versions, ...list } = answer;
      Object.assign(state, { opened: true, may_write, rules, versions, list });
      draw();
      act.follow();
      if (list.studies.length) await act.show(list.studies[0].key);
    },
    /** As long as headers are read, the list is looked at again, the later the longer that `took`. */
    follow(took = 0) {
      clearTimeout(waiting);
      if (sight && state.list?.reading) waiting = setTimeout(() => act.refresh(true), Math.max(AGAIN_MS, REST * took));
    },
    pause() {
      sight = false;
      clearTimeout(waiting);
    },
    async refresh(again = false) {
      const begun = performance.now();
      const answer = await ask(listed(), undefined, again);
      if (answer) {
        state.list = answer;
        draw();
      }
      act.follow(performance.now() - begun);
    },
    /** The list and the study that is shown, as they are now: volumes may have been made meanwhile. */
    async look() {
      sight = true;
      await act.refresh();
      const key = state.wanted ?? state.list.studies[0]?.key;
      if (!state.wanted && key) await act.show(key);
      else if (key) await act.load(key, true);
    },
    async filter(wanted) {
      Object.assign(state, wanted);
      if (state.list) state.list.begin = 0;
      await act.refresh();
      const { studies, total } = state.list;
      say(`${counted(total, "study")}.`);
      if (studies.length && !studies.some(({ key }) => key === state.wanted)) await act.show(studies[0].key);
    },
    async turn(begin, last = false) {
      state.list.begin = begin;
      await act.refresh();
      const { studies } = state.list;
      if (studies.length) await act.show(studies.at(last ? -1 : 0).key);
    },
    page(by) {
      const to = state.list.begin + by * state.list.page;
      if (to >= 0 && to < state.list.total) act.turn(to);
    },
    async show(key) {
      Object.assign(state, { wanted: key, choosing: null });
      draw();
      const shown = await act.load(key);
      if (!shown) return;
      const { chosen, overruled_by: by, series } = shown;
      say(`${chosen ? `${seriesName(chosen)} is chosen` : "No series is chosen"}${by ? ` by ${by}` : ""}, ${series} in all.`);
    },
    async load(key, again = false) {
      const answer = await ask({ kind: "study", study: key }, 0, again);
      if (!answer || state.wanted !== key) return null;
      state.shown = answer.shown;
      draw();
      return answer.shown;
    },
    step(by) {
      const { studies, begin, page, total } = state.list;
      const at = studies.findIndex(({ key }) => key === state.wanted) + by;
      if (studies[at]) act.show(studies[at].key);
      else if (by > 0 && begin + page < total) act.turn(begin + page);
      else if (by < 0 && begin > 0) act.turn(begin - page, true);
      else say(by > 0 ? "This is the last study." : "This is the first study.");
    },
    lookAt,
    /** The chosen series' volume, where it is made; never one that was made of another series before. */
    lookAtChosen() {
      if (!state.shown) return;
      const chosen = state.shown.all_series.find((one) => one.chosen);
      if (chosen?.volume?.status === "accepted") lookAt({ study: state.shown.key, series: chosen.name });
      else say(chosen ? "The chosen series has no volume yet." : "No series is chosen.");
    },
    choose(series) {
      if (!state.may_write || !state.shown) return;
      state.choosing = { series, note: "" };
      draw();
    },
    cancel() {
      state.choosing = null;
      draw();
    },
    async overrule() {
      if (!state.choosing || state.busy) return;
      const { choosing } = state;
      const { series, note } = choosing;
      state.busy = true;
      draw();
      const answer = await ask({ kind: "overrule", study: state.shown.key, series, note }, 0, false, choosing);
      state.busy = false;
      if (answer) {
        Object.assign(state, { shown: answer.shown, choosing: null });
        say("Kept.");
        await act.refresh();
      }
      draw();
    },
    async openRules() {
      const answer = await ask({ kind: "rules" });
      if (!answer) return;
      Object.assign(state, answer);
      state.editing = { text: state.rules?.text ?? (state.may_write ? FIRST_RULES : ""), tried: null, wrong: null, changes: null, editor: null };
      draw();
    },
    closeRules() {
      state.editing = null;
      draw();
    },
    edit(text) {
      Object.assign(state.editing, { text, wrong: null, changes: null, tried: null });
      draw(true);
    },
    async tryRules() {
      const { editing } = state;
      if (!editing || state.busy) return;
      state.busy = true;
      const { text } = editing;
      const answer = await ask({ kind: "try", text }, 0);
      state.busy = false;
      if (answer && state.editing === editing && editing.text === text) Object.assign(editing, { tried: text, wrong: answer.wrong ?? null, changes: answer.changes ?? null });
      draw();
    },
    async keepRules() {
      const { editing } = state;
      if (!editing || state.busy) return;
      state.busy = true;
      draw();
      const answer = await ask({ kind: "keep", text: editing.text, seen: state.rules?.digest ?? null });
      state.busy = false;
      if (answer) {
        Object.assign(state, { rules: answer.rules, versions: answer.versions });
        Object.assign(editing, { tried: null, changes: null });
        say("The rules are kept: they hold from now on.");
        await act.refresh();
        if (state.wanted) await act.show(state.wanted);
      }
      draw();
    },
  };
  return act;
}
