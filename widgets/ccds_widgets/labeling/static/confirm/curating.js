// For the fellow: studies into the gold set and out of it, batches made, assigned and taken away.

const MATCHING_POLL_MS = 700;

function curating(state, context, draw, { openBatch, refuse }) {
  const { channel, said, signal } = context;
  let poll = null;

  let golden = Promise.resolve(); // what was pressed before is answered first: pressed twice, it takes back what it did

  function inTurn(setting) {
    golden = golden.then(setting);
    return golden;
  }

  async function gold() {
    const study = currentStudy(state);
    if (!study) return;
    const chosen = [...state.chosen];
    await inTurn(() => {
      if (state.gold.has(study.key)) return setGold(study, null);
      if (chosen.length || context.task().kind === "several") return setGold(study, chosen);
      return refuse("Expected a label for the gold set; found none that is preselected; press Shift and the number of one.");
    });
  }

  async function goldAs(order) {
    const study = currentStudy(state);
    const label = context.task().labels[order];
    if (study && label && context.task().kind === "one") await inTurn(() => setGold(study, [label.name]));
  }

  async function setGold(study, labels) {
    try {
      const { refused, stands = labels } = await channel.ask({ kind: "gold", study: study.key, labels, seen: state.gold.get(study.key) ?? null });
      if (stands === null) state.gold.delete(study.key);
      else state.gold.set(study.key, stands);
      if (refused) {
        refuse(refused);
        return;
      }
      said(labels === null ? "Out of the gold set." : "In the gold set.");
      draw();
    } catch (error) {
      refuse(error.message);
    }
  }

  async function curate(request, refused = "error") {
    clearTimeout(poll);
    try {
      const answer = await channel.ask(request, 0);
      Object.assign(state, { making: { ...answer, at: performance.now() }, batches: answer.batches, error: null, ...(request.kind === "make" ? { wanted: null, unmade: null } : {}) });
      return answer;
    } catch (error) {
      state[refused] = error.message;
      return null;
    } finally {
      if (state.making && !state.making.made_of) poll = setTimeout(lookAgainAtBatches, MATCHING_POLL_MS);
      draw();
    }
  }

  function lookAgainAtBatches() {
    if (state.view === "batches" && !signal.aborted) curate({ kind: "batches" });
  }

  function toggleBatches() {
    state.view = state.view === "batches" ? "study" : "batches";
    Object.assign(state, { error: null, asked: null });
    draw();
    if (state.view === "batches") curate({ kind: "batches" });
    else if (state.batch === null && state.batches.length) openBatch(state.batches[0].id);
  }

  let isMaking = false;
  async function make(request) {
    if (isMaking) return false; // pressed twice
    isMaking = true;
    const answer = await curate({ kind: "make", ...request }, "unmade");
    isMaking = false;
    if (answer) said(`The batch “${request.name}” is made.`);
    return Boolean(answer);
  }

  function askRemove({ id, name }) {
    const line = `Take “${name}” away? Its studies can come into another batch then; whoever has some of them in hand is told.`;
    state.asked = { batch: id, line, word: "Yes, take it away", back: `remove-${id}`, yes: () => remove(id, name) };
    draw();
    focusOn("asked");
  }

  function dropAsked() {
    const { back } = state.asked;
    state.asked = null;
    draw();
    focusOn(back);
  }

  async function remove(batch, name) {
    state.asked = null;
    draw(); // so that it isn’t said twice
    if (!(await curate({ kind: "remove", batch }))) {
      focusOn(`remove-${batch}`);
      return;
    }
    said(`The batch “${name}” is taken away.`);
    if (state.batch === batch) Object.assign(state, noBatch(null));
    draw();
  }

  return {
    askRemove,
    dropAsked,
    gold,
    goldAs,
    toggleBatches,
    make,
    assign: (batch, labeler, assigned) => curate({ kind: "assign", batch, labeler, assigned }),
  };
}
