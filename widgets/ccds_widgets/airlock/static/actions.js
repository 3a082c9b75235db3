// Everything that can be asked for, by mouse or by key, and what the screen shows of it.

const KEPT = "ccds-airlock";

function actions(state, channel, draw, say) {
  /** Asks; takes the list in where the answer has one; undefined where it was refused. */
  async function ask(request) {
    state.error = null;
    try {
      const answer = await channel.ask(request);
      if (answer.submissions) Object.assign(state, { submissions: answer.submissions, project: answer.project, person: answer.person });
      return answer;
    } catch (error) {
      state.error = error.message;
      draw();
      return undefined;
    }
  }

  const act = {
    async open() {
      try {
        const { project, person, submissions, fewest_signs } = await channel.ask({ kind: "ready" }, 0);
        Object.assign(state, { project, person, submissions, fewest: fewest_signs, opened: true });
        draw();
        const kept = sessionStorage.getItem(KEPT); // an id only: nothing about a result is kept by the browser
        const first = submissions.find((one) => one.id === kept) ?? submissions.find((one) => one.mine) ?? submissions[0];
        if (first) await act.show(first.id);
      } catch (error) {
        state.denied = error.message;
        draw();
      }
    },
    async show(id) {
      Object.assign(state, { wanted: id, shown: null, file: null, preview: null, draft: { verdict: null, reason: "", otherwise: false } });
      sessionStorage.setItem(KEPT, id);
      draw();
      const answer = await ask({ kind: "show", submission: id });
      if (!answer || state.wanted !== id) return;
      state.shown = answer.shown;
      draw();
      say(`${answer.shown.kind} of ${answer.shown.author}, ${answer.shown.turn}, ${counted(answer.shown.findings.length, "finding")}.`);
      if (answer.shown.files.length) await act.file(answer.shown.files[0].name);
    },
    step(delta) {
      const at = state.submissions.findIndex((one) => one.id === state.wanted);
      const next = state.submissions[at + delta];
      if (next) act.show(next.id);
      else say(delta > 0 ? "This is the last submission." : "This is the first submission.");
    },
    async file(name, page = 0) {
      const id = state.wanted;
      if (state.file !== name) Object.assign(state, { file: name, preview: null }); // a page stays until the next one is there
      draw();
      const answer = await ask({ kind: "open", submission: id, name, page });
      if (state.wanted !== id || state.file !== name) return;
      if (answer) state.shown.unseen = answer.unseen;
      state.preview = answer ?? { as: "nothing", note: "This file can’t be shown: see what is wrong above." };
      draw();
    },
    stepFile() {
      const { files } = state.shown ?? { files: [] };
      if (files.length < 2) return;
      const at = files.findIndex((one) => one.name === state.file);
      act.file(files[(at + 1) % files.length].name);
    },
    turn(delta) {
      if (!state.preview) return;
      const page = state.preview.page + delta;
      if (page >= 0 && page < state.preview.pages) act.file(state.file, page);
      else say(delta > 0 ? "This is the last page." : "This is the first page.");
    },
    choose(verdict) {
      if (!state.shown?.mine) return;
      state.draft.verdict = verdict;
      draw();
    },
    async decide() {
      const { shown, draft } = state;
      if (!shown?.mine || state.busy) return;
      if (!draft.verdict) {
        state.error = "Expected a verdict; found none; choose approve or refuse.";
        draw();
        return;
      }
      state.busy = true;
      draw();
      const answer = await ask({ kind: "review", submission: shown.id, digest: shown.digest, verdict: draft.verdict, reason: draft.reason, otherwise: draft.otherwise });
      state.busy = false;
      await finish(answer, shown.id);
    },
    async withdraw() {
      const { shown } = state;
      if (!shown?.withdrawable || state.busy) return;
      state.busy = true;
      const answer = await ask({ kind: "withdraw", submission: shown.id });
      state.busy = false;
      await finish(answer, shown.id);
    },
    async refresh() {
      if (await ask({ kind: "list" })) {
        if (state.wanted) await act.show(state.wanted);
        else draw();
      }
    },
  };

  async function finish(answer, id) {
    draw();
    if (!answer) return;
    await act.show(id);
    say(answer.said);
    state.said = answer.said;
    draw();
  }

  return act;
}
