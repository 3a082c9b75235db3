// What the screen knows.

function newState() {
  return {
    opened: false,
    may_write: false,
    code: null,
    scanner: null,
    list: null, // {rows, begin, page, total, counts, meanings}
    run: null,
    waiting: null,
    at: 0, // the row that the keys are for
    passing: null, // {study, series, note, error, converting, result, row, at}: `row` as it became, at its place among the others
    error: null,
    busy: false,
  };
}

const UNKNOWN_SCANNER = "unknown scanner";
