// What somebody does on the screen, and what it asks of the kernel: counts follow each change of the form.

function actions(state, context, draw) {
  const { channel, said } = context;
  const key = `ccds-reports-${context.project}`;
  let asked = 0;

  /** Counts what the form says; of several counts under way the last one is shown. */
  async function count() {
    asked += 1;
    const mine = asked;
    state.wrong = { ...wrongIn(state), name: state.wrong.name };
    state.error = null;
    if (Object.values(state.wrong).some(Boolean)) {
      draw();
      return;
    }
    state.counting = true;
    draw();
    try {
      const { found } = await channel.ask({ kind: "count", criteria: criteriaOf(state.form) }, 0);
      if (mine !== asked) return;
      state.found = found;
    } catch (error) {
      if (mine !== asked) return;
      state.error = error.message;
    }
    state.counting = false;
    draw("counts");
  }

  function changed() {
    keepChosen(key, state.form);
    state.keptAs = null;
    delete state.wrong.name;
    count();
  }

  const act = {
    ...choosing(state, context, draw, changed, () => act.open()),
    async open() {
      try {
        const { approved, may_keep: mayKeep, cohorts } = await channel.ask({ kind: "ready" }, 0);
        Object.assign(state, { approved, mayKeep, cohorts });
        state.form ??= { ...chosenBefore(key, approved), only: false };
      } catch (error) {
        state.error = error.message;
        draw();
        return;
      }
      await count();
    },
    close() {},
    use(one) {
      const gone = act.put(one);
      said(`The form has the criteria of ${one.name}.`);
      if (gone) state.error = `Expected exam codes that the IRB application covers; found ${grouped(gone)} that it doesn’t cover any more; they were left out.`;
    },
    async keep() {
      if (state.busy || !state.mayKeep) return;
      state.keptAs = null;
      state.wrong = wrongIn(state);
      if (!state.name.trim()) state.wrong.name = "Expected a name; found none; call it, say, effusion-2020.";
      if (!Object.keys(state.wrong).length) {
        state.busy = true;
        try {
          const { named, cohorts } = await channel.ask({ kind: "keep", name: state.name, criteria: criteriaOf(state.form) }, 0);
          Object.assign(state, { keptAs: named, cohorts });
          said(`Kept as ${named}.`);
        } catch (error) {
          state.wrong.name = error.message;
        }
        state.busy = false;
      }
      draw();
    },
    async take(name) {
      if (state.busy) return;
      Object.assign(state, { busy: true, refused: null });
      try {
        const { snapshot, new: isNew, cohorts } = await channel.ask({ kind: "take", name }, 0);
        state.cohorts = cohorts;
        said(`Snapshot ${snapshot.name}, ${counted(snapshot.members, "report")}${isNew ? "" : ", known already"}.`);
      } catch (error) {
        state.refused = { name, line: error.message };
      }
      state.busy = false;
      draw();
    },
  };
  return act;
}
