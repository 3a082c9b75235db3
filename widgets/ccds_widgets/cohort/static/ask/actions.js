// What somebody does on the screen, and what it asks of the kernel.

const LOOK_MS = 400;
const AGAIN_MS = 4000;

function formKey(context) {
  return `ccds-ask-${context.project}`;
}

/** Whether counts are of the form as it is now. */
function isOf(found, form) {
  return JSON.stringify(found.criteria) === JSON.stringify(criteriaOf(form));
}

function actions(state, context, draw) {
  const { channel, said, signal } = context;
  let timer = null;
  let lost = null; // why the last look failed

  function take(answer) {
    const { counting, found, stopped, kept, damaged } = answer;
    const ended = state.counting && !counting;
    Object.assign(state, { counting, found, stopped, kept, damaged });
    if (answer.ask_error) state.error = answer.ask_error;
    if (ended) said(found ? `${counted(found.studies, "study")} counted.` : stopped ? "Stopped." : "");
    clearTimeout(timer);
    if (counting && !signal.aborted) timer = setTimeout(act.look, LOOK_MS);
  }

  /** Asks the kernel; an error is shown at field `at`, or below the buttons. */
  async function ask(request, at = null) {
    try {
      return await channel.ask(request, 0);
    } catch (error) {
      if (at) state.wrong = { ...state.wrong, [at]: error.message };
      else state.error = error.message;
      return null;
    }
  }

  function changed() {
    keepChosen(formKey(context), state.form);
    Object.assign(state, { error: null, keptAs: null });
    draw();
  }

  const act = {
    async open() {
      const answer = await ask({ kind: "ready" });
      if (answer) {
        Object.assign(state, { approved: answer.approved, reach: answer.reach });
        state.form ??= chosenBefore(formKey(context), state.approved);
        Object.assign(state.wrong, wrongDays(state));
        take(answer);
      }
      draw();
    },
    async look() {
      const answer = await ask({ kind: "look" });
      if (answer) {
        if (state.error === lost) state.error = null;
        lost = null;
        take(answer);
      } else {
        lost = state.error;
        if (!signal.aborted) timer = setTimeout(act.look, AGAIN_MS); // the kernel counts on: Stop stays in sight
      }
      draw("asking");
    },
    ...choosing(state, context, draw, changed, () => act.open()),
    use(one) {
      const gone = act.put(one);
      state.name = one.name;
      said(`The form has the criteria of ${one.named}.`);
      if (gone) state.error = `Expected exam codes that the IRB application covers; found ${grouped(gone)} that it doesn’t cover any more; they were left out.`;
      draw();
    },
    async count() {
      if (state.counting || state.busy || state.reach.where !== "here") return;
      state.wrong = wrongIn(state);
      state.error = null;
      if (!Object.keys(state.wrong).length) {
        state.busy = true;
        state.found = null;
        draw();
        const answer = await ask({ kind: "count", criteria: criteriaOf(state.form) });
        state.busy = false;
        if (answer) take(answer);
      }
      draw();
    },
    async stop() {
      if (!state.counting) return;
      const answer = await ask({ kind: "stop" });
      if (answer) take(answer);
      draw();
    },
    async keep() {
      if (state.busy) return;
      state.wrong = wrongIn(state);
      state.keptAs = null;
      if (!state.name.trim()) state.wrong.name = "Expected a name; found none; call them, say, heads-2024.";
      if (!Object.keys(state.wrong).length) {
        state.busy = true;
        const answer = await ask({ kind: "keep", name: state.name, criteria: criteriaOf(state.form) }, "name");
        state.busy = false;
        if (answer) {
          take(answer);
          state.keptAs = answer.named;
          said(`Kept as ${answer.named}.`);
        }
      }
      draw();
    },
    fetch(named) {
      context.show("fetch", { named });
    },
    close() {
      clearTimeout(timer);
      timer = null;
    },
  };
  return act;
}
