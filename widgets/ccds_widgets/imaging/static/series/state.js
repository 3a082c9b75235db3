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
    key: "", // with which the keys of the studies that are listed begin
    list: null, // {studies, begin, page, total, counts, codes, reading}
    wanted: null,
    shown: null,
    choosing: null, // {series, note, error}
    rules: null,
    versions: [],
    editing: null, // {text, tried, wrong, changes} while the rules are looked at
    error: null,
    busy: false,
  };
}

/** Digit → the series that it chooses: the one of that number; those of no such number have the digits that are left, in turn. */
function digitsOf(series) {
  const found = new Map();
  const others = [];
  for (const one of series.filter(({ excluded }) => !excluded)) {
    if (one.number >= 1 && one.number <= 9 && !found.has(one.number)) found.set(one.number, one);
    else others.push(one);
  }
  for (let digit = 1; digit <= 9 && others.length; digit += 1) if (!found.has(digit)) found.set(digit, others.shift());
  return found;
}

/** "Series 3", or its name where it has no number. */
function seriesName({ number, name }) {
  return number === null || number === undefined ? name : `Series ${number}`;
}
