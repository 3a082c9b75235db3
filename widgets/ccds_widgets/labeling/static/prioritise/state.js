// What the page knows. The kernel is right: whatever has an older revision is thrown away.

function newState() {
  return {
    overview: null, // labels, phrases by list and order
    phrases: new Map(), // id → phrase
    sources: [], // the project's other tasks
    tried: null, // {phrase, position, counts: id → {captured, shadowed}}: what the list would be while a row is dragged
    dragged: null, // the phrase whose row is dragged
    editing: null, // {phrase, seen, text, label, options, counts}: the row that is edited, and what it was when that began
    asked: null, // as of `askedOf`, and where: a phrase that stands in every report, a label that the task hasn’t
    panel: null, // what stands beside the list: {kind: "reports" | "conflicts" | "history" | "copy" | "labels", …}
    error: null, // {line, where}: where is "add", "panel", "list", or the id of a phrase
    touched: null,
    busy: false,
  };
}

/** Takes an overview in; false where it is older than what is here. */
function absorb(state, overview) {
  if (state.overview && overview.revision < state.overview.revision) return false;
  state.overview = overview;
  state.phrases = new Map(overview.phrases.map((phrase) => [phrase.id, phrase]));
  state.tried = null;
  if (!state.phrases.has(state.editing?.phrase)) state.editing = null;
  const { among } = state.panel ?? {};
  if (among && [among.phrase, among.captured_by, among.hidden].some((id) => id !== undefined && !state.phrases.has(id))) state.panel = null;
  return true;
}

/** The lists by name, in the order of the labels. */
function listsOf({ kind, labels, phrases }) {
  if (kind === "one") return [["", phrases]];
  return labels.map(({ name }) => [name, phrases.filter((phrase) => phrase.list === name)]).filter(([, listed]) => listed.length);
}

function listOf(state, id) {
  const { list } = state.phrases.get(id);
  return state.overview.phrases.filter((phrase) => phrase.list === list);
}
