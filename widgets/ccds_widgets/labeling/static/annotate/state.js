// What the page knows, and where it goes next. The kernel is right: whatever has an older revision is thrown away.

const REFILL_WITHIN = 12;
const PLAIN = { negatable: false, uncertain_label: null, excludes: false };

function newState() {
  return {
    overview: null, // totals, labels, phrases by list and order
    phrases: new Map(), // id → phrase, of the overview
    window: null, // numbers of reports around the current one, among all or those that are wanted
    reports: new Map(), // number → report, of the overview's revision
    number: null, // the report on the screen
    among: null, // {by: "phrase", phrase, which}, {by: "words", text, whole}, {by: "conflict", …}: only those are walked through
    chosen: null, // the selected words: {section, start, end, text}
    preview: null, // what they would do as a phrase
    options: PLAIN, // of the phrase that they would be
    asked: null, // as of `askedOf`: a phrase that stands in every report, a label that the task hasn’t
    place: "last",
    busy: false, // a change is on its way to the kernel
    touched: null, // the phrase that was added or changed last
    opened: null, // the phrase of the list whose options are open
    panel: "phrases", // what stands beside the report: "phrases" or "suggestions"
    suggestions: newSuggestions(),
    search: { text: "", whole: true },
  };
}

/** Takes an answer in; false where it is older than what is here. */
function absorb(state, { overview, window, unlabelled, reports = [] }) {
  const revision = overview?.revision ?? window?.revision ?? state.overview.revision;
  if (state.overview && revision < state.overview.revision) return false;
  if (overview) {
    if (state.overview && overview.revision !== state.overview.revision) state.reports.clear();
    state.overview = overview;
    state.phrases = new Map(overview.phrases.map((phrase) => [phrase.id, phrase]));
    const needed = [state.among?.phrase, state.among?.captured_by, state.among?.hidden].filter((id) => id !== undefined);
    if (needed.some((id) => !state.phrases.has(id))) state.among = null;
    if (!state.phrases.has(state.opened)) state.opened = null;
  }
  if (window) {
    state.window = window;
    window.reports.forEach((one) => state.reports.set(one.number, one));
    forgetFar(state);
  }
  if (unlabelled) state.window.unlabelled = unlabelled;
  reports.forEach((one) => state.reports.set(one.number, one));
  return true;
}
/** Keeps the page small after hours of work: reports far from here go first. */
function forgetFar(state) {
  if (state.reports.size < 400) return;
  const kept = new Set([...state.window.numbers, ...state.window.unlabelled, state.number]);
  for (const number of state.reports.keys()) if (!kept.has(number)) state.reports.delete(number);
}

/** Whether the shipped reports are far from the one on the screen: it was jumped to, and an answer is awaited. */
function isAstray({ number, window: { begin, numbers, total } }) {
  return (number < numbers[0] && begin > 0) || (number > numbers.at(-1) && begin + numbers.length < total);
}

/** The number of the report `delta` steps away among those that are walked through; null where it isn't known. */
function neighbour(state, delta) {
  const { numbers } = state.window;
  const at = numbers.indexOf(state.number);
  if (at >= 0) return numbers[at + delta] ?? null;
  if (isAstray(state)) return null;
  const after = numbers.findIndex((number) => number > state.number);
  const from = after < 0 ? numbers.length : after;
  return numbers[delta > 0 ? from : from - 1] ?? null;
}

/** Whether there are reports beyond the shipped ones in that direction. */
function hasMore(state, delta) {
  const { begin, numbers, total } = state.window;
  return isAstray(state) || (delta > 0 ? begin + numbers.length < total : begin > 0);
}

/** Whether the shipped reports run out in one of the two directions, and there are more. */
function needsRefill(state) {
  const { begin, numbers, total } = state.window;
  const at = numbers.indexOf(state.number);
  if (at < 0) return true;
  const nearEnd = numbers.length - at < REFILL_WITHIN && begin + numbers.length < total;
  return nearEnd || (at < REFILL_WITHIN / 2 && begin > 0);
}

/** The next report without a label, after this one or from the start again; null where there is none. */
function nextUnlabelled(state) {
  const ahead = state.window.unlabelled.filter((number) => number !== state.number);
  return ahead.find((number) => number > state.number) ?? ahead[0] ?? null;
}

function phraseOf(state, id) {
  return state.phrases.get(id);
}

/** Whether `among` is what is walked through now. */
function isAmong(state, among) {
  return JSON.stringify(state.among) === JSON.stringify(among);
}

/** Takes what was searched out of the reports that are here. */
function forgetHits(state) {
  for (const report of state.reports.values()) {
    for (const section of report.sections) {
      section.pieces = section.pieces.map(([text, marks]) => [text, marks.filter(([, how]) => how !== "hit")]);
    }
  }
}
