// What somebody does on the screen, and what it asks of the kernel.

const LOOK_MS = 400;

function actions(state, context, draw) {
  const { channel, said, signal } = context;
  let timer = null;

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
    keepChosen(context, state.form);
    Object.assign(state, { error: null, keptAs: null });
    draw();
  }

  const act = {
    async open() {
      const answer = await ask({ kind: "ready" });
      if (answer) {
        const { approved, not_from_here: notFromHere } = answer;
        state.approved = approved;
        state.notFromHere = notFromHere;
        state.form ??= chosenBefore(context, approved);
        take(answer);
      }
      draw();
    },
    async look() {
      const answer = await ask({ kind: "look" });
      if (answer) take(answer);
      else state.counting = null;
      draw();
    },
    type(text) {
      state.typed = text;
      delete state.wrong.typed;
      draw();
    },
    /** Chooses a code that was typed; the kernel says why one that isn't covered can't be. */
    async add(field) {
      const typed = field.value.trim();
      if (!typed) return;
      const fitting = state.approved.codes.filter((code) => code.toLowerCase().includes(typed.toLowerCase()));
      const code = state.approved.codes.find((one) => one.toLowerCase() === typed.toLowerCase()) ?? (fitting.length === 1 ? fitting[0] : null);
      if (code) {
        state.form.codes.add(code);
        state.typed = field.value = ""; // the field that is drawn next takes over what stands in this one
        state.wrong = {};
        said(`${code} is chosen.`);
        changed();
        return;
      }
      state.wrong = { ...state.wrong, typed: null };
      if (await ask({ kind: "check", code: typed }, "typed")) await act.open(); // an amendment has added it meanwhile
      draw();
    },
    toggle(code) {
      const { codes } = state.form;
      if (!codes.delete(code)) codes.add(code);
      delete state.wrong.codes;
      changed();
    },
    all() {
      state.form.codes = new Set(state.approved.codes);
      state.wrong = {};
      changed();
    },
    none() {
      state.form.codes = new Set();
      changed();
    },
    set(name, value) {
      state.form[name] = value;
      state.wrong = {};
      changed();
    },
    wholeTime() {
      Object.assign(state.form, { first: state.approved.first, last: state.approved.last });
      state.wrong = {};
      changed();
    },
    use({ codes, first, last, consecutive, name }) {
      const covered = codes.filter((code) => state.approved.codes.includes(code));
      state.form = { codes: new Set(covered), first, last, only: consecutive !== null, consecutive: String(consecutive ?? state.form.consecutive) };
      state.name = name;
      state.wrong = {};
      said(`The form has the criteria of ${name}.`);
      changed();
      if (covered.length < codes.length) state.error = `Expected exam codes that the IRB application covers; found ${grouped(codes.length - covered.length)} that it doesn’t cover any more; they were left out.`;
      draw();
    },
    async count() {
      if (state.counting || state.busy || state.notFromHere) return;
      state.wrong = wrongIn(state.form, state.approved);
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
      state.wrong = wrongIn(state.form, state.approved);
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
