// What the screen knows.

const FILTERS = [
  ["all", "All", "studies"],
  ["none", "No series", "studies without a chosen series"],
  ["overruled", "Overruled", "studies of which a person chose"],
  ["unread", "Unread", "studies whose files were not read yet"],
];

function newState() {
  return {
    opened: false,
    may_write: false,
    which: "all",
    code: null,
    list: null, // {studies, begin, page, total, counts, codes, reading}
    wanted: null,
    shown: null,
    choosing: null, // {series, note}
    rules: null,
    versions: [],
    editing: null, // {text, tried, wrong, changes} while the rules are looked at
    error: null,
    busy: false,
  };
}

/** "Series 3", or its name where it has no number. */
function seriesName({ number, name }) {
  return number === null || number === undefined ? name : `Series ${number}`;
}
