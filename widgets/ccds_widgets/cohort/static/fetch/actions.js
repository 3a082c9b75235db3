// What somebody does on the screen, and what it asks of the kernel; the queue is looked at again every few seconds.

const LOOK_MS = 2000;
const ASKING_MS = 400;

function actions(state, context, draw) {
  const { channel, said, signal } = context;
  let timer = null;
  let open = false;

  function take(answer) {
    const arrivedBefore = state.counts?.arrived;
    const wasAsking = Boolean(state.counting);
    const wasWorking = state.worker?.life === "working";
    const wasSingle = state.single.busy && !answer.single.busy;
    Object.assign(state, {
      mayWrite: answer.may_write,
      reach: answer.reach,
      counts: answer.counts,
      worker: answer.worker,
      pace: answer.pace,
      mostAttempts: answer.most_attempts,
      causes: answer.causes,
      requested: answer.requested,
      kept: answer.kept,
      damaged: answer.damaged,
      counting: answer.counting,
      confirm: answer.confirm,
      single: answer.single,
    });
    if (wasSingle && answer.single.told?.begun) begins();
    if (answer.ask_error) state.askError = answer.ask_error;
    if (answer.start_failed) state.startFailed = answer.start_failed;
    if (answer.start_failed || answer.worker?.begun !== state.runBefore) state.starting = false;
    state.retriable = answer.counts.failed > 0;
    const { arrived, all } = answer.counts;
    if (arrivedBefore !== undefined && arrived !== arrivedBefore && arrived === all) said(`All ${counted(all, "study")} arrived.`);
    const missing = answer.counts.failed + answer.counts.refused;
    if (wasWorking && answer.worker?.life === "ended" && missing) said(`Fetching has ended. ${counted(missing, "study")} couldn’t be fetched.`);
    if (wasSingle && answer.single.told) said(answer.single.told.line);
    if (wasAsking && answer.confirm) said(`${counted(answer.confirm.studies, "study")}, ${grouped(answer.confirm.new)} of them new. Confirm, or not now.`);
  }

  /** A worker was started; until it has begun the run before is the latest. */
  function begins() {
    Object.assign(state, { starting: true, runBefore: state.worker?.begun });
  }

  async function look() {
    clearTimeout(timer);
    const asked = state.wanted;
    try {
      const answer = await channel.ask({ kind: "look", ...asked }, 0);
      take(answer);
      if (JSON.stringify(asked) === JSON.stringify(state.wanted)) {
        state.list = answer.list; // else another list was chosen meanwhile, and is asked for already
        state.wanted = { ...asked, begin: answer.list.begin };
      }
      state.lookError = null;
    } catch (error) {
      state.lookError = error.message;
    }
    draw();
    again();
  }

  /** At first the list that has something in it: what isn't there before what is. */
  async function chooseList() {
    const name = ["missing", "running", "waiting", "arrived"].find((one) => state.counts && LISTS.find(([known]) => known === one)[2](state.counts));
    if (name && name !== state.wanted.which) await want({ which: name });
  }

  /** Shows another list, or another part of it. */
  function want(changed) {
    state.wanted = { ...state.wanted, begin: 0, ...changed };
    state.current = null;
    return look();
  }

  function again() {
    clearTimeout(timer);
    if (!open || signal.aborted || document.hidden) return;
    timer = setTimeout(look, state.counting || state.single.busy ? ASKING_MS : LOOK_MS);
  }

  /** Does something and looks again; what is refused is shown. */
  async function run(request) {
    if (state.busy) return null;
    Object.assign(state, { busy: true, error: null, askError: null, startFailed: null, done: null });
    let answer = null;
    let line = null;
    try {
      answer = await channel.ask(request, 0);
    } catch (error) {
      line = error.message;
    }
    state.busy = false;
    await look();
    if (line) {
      state.error = line;
      draw();
    }
    return answer;
  }

  document.addEventListener("visibilitychange", () => open && !document.hidden && look(), { signal });

  const act = {
    async open(place) {
      open = true;
      if (place?.named) state.chosen = place.named;
      const first = !state.counts;
      await look();
      if (first) await chooseList();
      if (place?.named && state.kept?.some(({ named }) => named === place.named) && state.reach.where === "here" && !state.counting) act.ask(place.named);
    },
    close() {
      open = false;
      clearTimeout(timer);
    },
    toAsk: () => context.show("ask"),
    choose(named) {
      state.chosen = named;
      state.done = null;
      draw();
    },
    async ask(named) {
      state.chosen = named;
      await run({ kind: "ask", named });
    },
    stop: () => run({ kind: "stop" }),
    drop: () => run({ kind: "drop" }),
    async put() {
      const { digest } = state.confirm;
      const answer = await run({ kind: "put", digest });
      if (!answer) return;
      state.done = `${counted(answer.added, "study")} put into the queue.`;
      said(state.done);
      draw();
    },
    async leave(named) {
      const answer = await run({ kind: "leave", named });
      if (!answer) return;
      state.done = `The site asks the archive about ${named} and fetches.`;
      said(state.done);
      draw();
    },
    async fetch() {
      if (state.starting) return;
      begins();
      const answer = await run({ kind: "fetch" });
      if (!answer) state.starting = false;
      draw();
    },
    async single(field) {
      const accession = field.value.trim();
      if (!accession || state.single.busy) return;
      field.value = "";
      await run({ kind: "single", accession });
    },
    halt: () => run({ kind: "halt" }),
    toggleFetching() {
      if (!state.mayWrite || !state.counts.all) return;
      if (state.worker?.life === "working") act.halt();
      else if (state.reach.where === "here" && state.counts.waiting + state.counts.interrupted) act.fetch();
    },
    async retry(study) {
      const answer = await run({ kind: "retry", study });
      if (!answer) return;
      const spent = answer.spent ? ` ${counted(answer.spent, "study")} had all their tries.` : "";
      said(`${counted(answer.again, "study")} waiting again.${spent}`);
    },
    async hurry(study) {
      const runBefore = state.worker?.begun;
      const answer = await run({ kind: "hurry", study });
      if (!answer) return;
      if (answer.begun && state.worker?.begun === runBefore) begins();
      said(`Study ${study} goes ahead${answer.begun ? "; fetching begins" : ""}.`);
      draw();
    },
    list(which) {
      state.sought = "";
      want({ which, cause: null, study: null });
    },
    cause(cause) {
      want({ cause });
    },
    find(study) {
      state.sought = study;
      want({ cause: null, study: study || null });
    },
    turn: (begin) => want({ begin }),
    page(by) {
      const to = state.list.begin + by * state.list.page;
      if (to >= 0 && to < state.list.total) act.turn(to);
    },
    current(study) {
      state.current = study;
    },
  };
  return act;
}
