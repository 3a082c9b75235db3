// Everything that can be done, by mouse or by key, and what comes of it.

function actions(state, context, draw) {
  const { channel, said } = context;
  const watch = stopwatch();
  let queue = null;

  // The browser keeps numbers of batches, study keys, and what was said until it is acknowledged. Nothing of a report but what
  // somebody quotes in a flag's note: without it the flag would be lost with the line.
  const place = (name) => `ccds-confirm-${context.project}-${state.person}-${name}`;
  const lastBatch = () => place(`${context.task().id}-batch`);
  /** What was said in the batch on the screen and isn't acknowledged yet. */
  const keys = () => (queue?.keys ?? []).filter(({ batch }) => batch === state.batch);

  // --- batches and studies

  async function start() {
    try {
      const { person, batches, curates, sees_images: seesImages } = await channel.ask({ kind: "ready" }, 0);
      if (context.signal.aborted) return;
      Object.assign(state, { ready: true, person, batches, curates, seesImages });
    } catch (error) {
      state.denied = error.message;
      draw();
      return;
    }
    queue = context.lasting("keys", (signal) => openQueue(place("keys"), signal));
    queue.serve({ send, received, changed: () => draw("top") });
    if (queue.keys.length) queue.sync();
    const last = Number(sessionStorage.getItem(lastBatch()));
    const wanted = [
      state.batches.find(({ id }) => id === last && queue.keys.some(({ batch }) => batch === id)),
      state.batches.find(({ id, open }) => id === last && open),
      state.batches.find(({ open }) => open),
      state.batches[0],
    ].find(Boolean);
    if (wanted) await openBatch(wanted.id);
    else draw();
  }

  async function openBatch(batch) {
    giveBack();
    Object.assign(state, noBatch(batch), { error: null, view: "study" });
    draw();
    try {
      const answer = await channel.ask({ kind: "batch", batch }, 0);
      if (state.batch !== batch) return;
      const { name, size, open, done, today, history } = answer;
      Object.assign(state, { name, size, open, done, today, history });
      takeHeld(state, answer);
    } catch (error) {
      Object.assign(state, noBatch(null));
      refuse(error.message);
      return;
    }
    sessionStorage.setItem(lastBatch(), batch);
    replay(state, keys());
    go(following(state, keys()));
  }

  /** Brings keys; and asks for further studies of the batch on the screen, once it is open. */
  async function send(unsent) {
    const { held, studies } = state;
    const batch = held === null ? null : state.batch;
    const undone = unsent.filter((one) => one.kind === "undo" && one.batch === batch).map(({ lease }) => lease);
    const have = [...new Set([...(held ?? []), ...undone])].filter((lease) => studies.has(lease)).slice(0, 100);
    return { ...(await channel.ask({ kind: "sync", batch, keys: unsent, have })), studiesOf: batch === null ? null : studies };
  }

  function received(answer) {
    const isRefused = answer.acknowledged.some(({ counts }) => !counts);
    for (const { id, counts, refusal } of answer.acknowledged) if (!counts) drop(id, refusal);
    if (isRefused) context.refresh().then(() => draw("choices"), () => {}); // perhaps as the page's labels are those of before
    if (answer.studiesOf !== state.studies) {
      draw(isRefused ? "all" : "top"); // another batch is on the screen, or none yet
      return;
    }
    if (answer.refused) state.error = answer.refused;
    else learnLabels(answer.labels);
    takeHeld(state, answer);
    if (answer.open !== undefined) state.open = answer.open + keys().reduce((sum, { kind }) => sum + ({ undo: 1, tag: 0 }[kind] ?? -1), 0);
    const waiting = state.awaited !== null && standing(state, keys()).includes(state.awaited);
    if (waiting) go(state.awaited);
    else if (state.awaited !== null && !keys().length) {
      state.awaited = null; // its undo doesn't count
      go(following(state, keys()));
    } else if (state.awaited === null && !standing(state, keys()).includes(state.current)) go(following(state, keys(), currentStudy(state)?.number));
    else draw(answer.refused || isRefused ? "all" : "top");
  }

  /** A key stands for the label that the page showed, by name; where the labels, or their order, are others by now, it shows these. */
  function learnLabels(labels) {
    const shown = context.task().labels.map(({ name }) => name);
    if (labels.length === shown.length && labels.every((name, order) => name === shown[order])) return;
    context.refresh().then(() => {
      state.error = "The task's labels have changed, and so may their numbers have. What you said keeps the label that it had.";
      said(state.error);
      draw("all");
    }, () => {}); // the next answer says it again
  }

  /** What was said by a key doesn't count: the line says why, and the history goes on without it. */
  function drop(id, refusal) {
    state.error = refusal;
    said(refusal);
    const at = state.history.findIndex((one) => one.id === id);
    if (at >= 0) count(state, state.history.splice(at, 1)[0], -1);
  }

  function go(lease) {
    const study = state.studies.get(lease);
    Object.assign(state, { current: study ? lease : null, mode: null, before: null, chosen: new Set(study?.prefill) });
    if (study) state.awaited = null;
    watch.restart();
    draw();
    if (study) said(`${study.phrase ?? "No phrase"}, ${placeWords(study)}. Preselected: ${study.prefill.join(", ") || "nothing"}.`);
  }

  // --- what is said of a study

  function tell(kind, parts = {}, redoing = false) {
    const study = currentStudy(state);
    if (!study) return;
    const key = { kind, id: uuid(), batch: state.batch, lease: study.lease, study: study.key, seconds: watch.seconds, ...parts };
    state.history.push(key);
    count(state, key, 1);
    if (!redoing) state.redo = [];
    state.error = null;
    queue.add(key);
    go(following(state, keys(), study.number));
  }

  function confirm() {
    const study = currentStudy(state);
    if (!study) return;
    if (context.task().kind === "one") {
      if (study.prefill.length) tell("confirm");
      else refuse("Expected a label; found none that is preselected; press the number of one.");
    } else if (same(state.chosen, study.prefill)) tell("confirm");
    else tell("correct", { labels: [...state.chosen] });
  }

  function choose(order) {
    const study = currentStudy(state);
    const label = context.task().labels[order];
    if (!study || !label) return;
    if (context.task().kind === "one") {
      if (same([label.name], study.prefill)) tell("confirm");
      else tell("correct", { labels: [label.name] });
      return;
    }
    if (!state.chosen.delete(label.name)) state.chosen.add(label.name);
    said(`${label.name} ${state.chosen.has(label.name) ? "chosen" : "dropped"}`);
    draw("choices");
  }

  function sendFlag(note) {
    if (note.trim()) tell("flag", { note: note.trim() });
    else refuse("Expected a note that says what the fellow should look at; found none; write it, or press Escape.");
  }

  function undo() {
    if (state.feedback) return;
    const last = state.history.pop();
    if (!last) {
      said("Nothing to undo.");
      return;
    }
    count(state, last, -1);
    state.redo.push(last);
    Object.assign(state, { error: null, awaited: last.lease, ending: false });
    queue.add({ kind: "undo", id: uuid(), batch: state.batch, lease: last.lease, study: last.study, seconds: 0, undoes: last.id });
    if (state.studies.has(last.lease)) {
      go(last.lease);
      state.before = wordsOf(last, currentStudy(state));
    } else go(null);
    draw();
  }

  function redo() {
    const last = state.redo.at(-1);
    if (!last || last.lease !== state.current) {
      said("Nothing to redo.");
      return;
    }
    state.redo.pop();
    tell(last.kind, { ...(last.labels ? { labels: last.labels } : {}), ...(last.note ? { note: last.note } : {}) }, true);
  }

  function wordsOf({ kind, labels, note }, study) {
    return { confirm: study.prefill.join(", ") || "no label", correct: labels?.join(", ") || "no label", skip: "skip", flag: `flag (“${note}”)` }[kind];
  }

  // --- tags

  function openTags() {
    const study = currentStudy(state);
    if (!study || !context.task().strata.length) return;
    Object.assign(state, { mode: "tags", draft: new Set(study.tags) });
    draw("choices");
  }

  function toggleTag(order) {
    const tag = context.task().strata[order];
    if (!tag) return;
    if (!state.draft.delete(tag)) state.draft.add(tag);
    draw("choices");
  }

  function saveTags() {
    const study = currentStudy(state);
    if (!study) return;
    state.mode = null;
    if (!same(state.draft, study.tags)) {
      study.tags = [...state.draft].sort();
      queue.add({ kind: "tag", id: uuid(), batch: state.batch, lease: study.lease, study: study.key, tags: study.tags });
    }
    draw("choices");
  }

  // --- the end

  function setEnding(is) {
    state.ending = is;
    draw();
  }

  async function askFeedback() {
    try {
      const answer = await channel.ask({ kind: "feedback", batch: state.batch });
      Object.assign(state, { feedback: answer.gold, batches: answer.batches, history: [], redo: [], error: null });
      draw();
    } catch (error) {
      refuse(error.message);
    }
  }

  // --- being here

  function refuse(line) {
    state.error = line;
    said(line);
    draw();
  }

  /** Leaves what this page holds to others, but for what is still to be saved. */
  function giveBack() {
    const unsaved = new Set(keys().map(({ lease }) => lease));
    const leases = (state.held ?? []).filter((lease) => !unsaved.has(lease)).slice(0, 100);
    if (state.batch !== null && leases.length) channel.ask({ kind: "give_back", batch: state.batch, leases }).catch(() => {});
  }

  return {
    start,
    openBatch,
    confirm,
    choose,
    skip: () => tell("skip"),
    flag() {
      if (!currentStudy(state)) return;
      state.mode = "flag";
      draw("choices");
    },
    sendFlag,
    leaveMode() {
      state.mode = null;
      state.error = null;
      draw();
    },
    undo,
    redo,
    openTags,
    toggleTag,
    saveTags,
    toggleImages() {
      state.images = !state.images;
      draw();
    },
    setEnding,
    askFeedback,
    lookAgain: () => openBatch(state.batch),
    ...curating(state, context, draw, { openBatch, refuse }),
    look: watch.look,
    /** Renews the leases, brings what is unsaved, learns what is held. */
    sync: () => queue?.sync(),
    giveBack,
    /** Leaves the batch; what is still to be saved is sent all the same. */
    close() {
      giveBack();
      Object.assign(state, noBatch(null));
    },
    /** Whether everything is said and saved, and nothing is left. */
    ended() {
      return state.held !== null && !state.held.length && !keys().length && state.awaited === null;
    },
    saving() {
      return queue?.standing ?? { unsaved: 0, failed: 0, problem: null };
    },
  };
}
