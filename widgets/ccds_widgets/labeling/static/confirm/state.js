// What the page knows of a batch, and which study is next: what the kernel said last, and what the keys on their way make of it.

const REMEMBERED = 300;
const PACE_OVER = 200;

function newState() {
  return {
    ready: false,
    denied: null, // why the screen can't be opened
    error: null,
    person: null,
    batches: [], // this person's: {id, name, studies, open}
    curates: false,
    seesImages: false,
    view: "study", // or "batches"
    wanted: null, // what stands in the form of a new batch, once something was typed
    unmade: null, // why that batch was refused
    asked: null, // which batch is to be taken away, as of `askedLine`: {batch, line, word, back, yes}
    making: null, // what the fellow's batches are, and what new ones can be made of
    ...noBatch(null),
  };
}

function noBatch(batch) {
  return {
    batch, // the number of the one on the screen
    name: "",
    size: 0,
    open: 0, // how many studies this person can still be given
    done: 0,
    today: 0,
    held: null, // leases as the kernel said last, in the order in which they are shown; null before it said anything
    studies: new Map(), // lease → study
    history: [], // own answers that count, the oldest first: {id, lease, study, kind, seconds, labels, note}
    redo: [],
    current: null, // the lease of the study on the screen
    awaited: null, // the lease of a study that was undone, and isn't here yet
    before: null, // what was said of the study on the screen before it was undone
    chosen: new Set(),
    mode: null, // "flag" or "tags" while one of these is given
    draft: new Set(), // the tags that are being chosen
    gold: new Map(), // study → its gold label, as far as it was set or met on this page
    ending: false, // whether the person is asked if what they said is to stand
    feedback: null,
    images: false,
  };
}

/** The leases whose study wants an answer: the kernel's, less those answered since, with those undone since. */
function standing(state, keys) {
  const last = new Map(keys.filter(({ kind }) => kind !== "tag").map(({ lease, kind }) => [lease, kind]));
  const undone = [...last].filter(([, kind]) => kind === "undo").map(([lease]) => lease);
  return [...new Set([...(state.held ?? []), ...undone])]
    .filter((lease) => (last.get(lease) ?? "undo") === "undo" && state.studies.has(lease))
    .sort((one, other) => state.studies.get(one).number - state.studies.get(other).number);
}

/** The lease that comes after the study `number` among those that want an answer; from the start again after the last; null without any. */
function following(state, keys, number = -1) {
  const leases = standing(state, keys);
  return leases.find((lease) => state.studies.get(lease).number > number) ?? leases[0] ?? null;
}

function currentStudy(state) {
  return state.studies.get(state.current) ?? null;
}

/** Takes in what was said by a key, `by` 1, or takes it back, `by` -1. */
function count(state, { kind }, by) {
  state.open -= by;
  if (kind === "skip") return;
  state.done += by;
  state.today += by;
}

/** Brings history and counts, as the kernel has them, to where the keys on their way will bring them. */
function replay(state, keys) {
  for (const key of keys) {
    const at = state.history.findIndex(({ id }) => id === (key.undoes ?? key.id));
    if (key.kind === "undo" && at >= 0) count(state, state.history.splice(at, 1)[0], -1);
    else if (!["undo", "tag"].includes(key.kind) && at < 0) {
      state.history.push(key);
      count(state, key, 1);
    }
  }
}

/** Takes in which studies are held; forgets those that were shown long ago. */
function takeHeld(state, { held, studies }) {
  if (!held) return;
  state.held = held;
  for (const study of studies) state.studies.set(study.lease, study);
  const kept = new Set([...held, state.current, ...state.history.slice(-REMEMBERED).map(({ lease }) => lease)]);
  for (const lease of state.studies.keys()) if (!kept.has(lease)) state.studies.delete(lease);
}

/** The median of the seconds that the latest studies were on the screen; null without any. */
function pace(state) {
  const seconds = state.history.slice(-PACE_OVER).filter(({ kind }) => kind !== "skip").map(({ seconds: one }) => one);
  if (!seconds.length) return null;
  seconds.sort((one, other) => one - other);
  const middle = seconds.length / 2;
  return (seconds[Math.ceil(middle) - 1] + seconds[Math.floor(middle)]) / 2;
}

/** Whether two collections hold the same words. */
function same(one, other) {
  const [left, right] = [new Set(one), new Set(other)];
  return left.size === right.size && [...left].every((word) => right.has(word));
}

/** Seconds that a study has been on the screen, the time in which the page was hidden left out. */
function stopwatch() {
  let sum = 0;
  let since = performance.now();
  return {
    restart() {
      sum = 0;
      since = document.hidden ? null : performance.now();
    },
    look() {
      if (document.hidden && since !== null) {
        sum += performance.now() - since;
        since = null;
      } else if (!document.hidden) since ??= performance.now();
    },
    get seconds() {
      return (sum + (since === null ? 0 : performance.now() - since)) / 1000;
    },
  };
}
