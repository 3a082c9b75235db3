// What the page knows: volumes by their place, each before and after, as far as they were measured.

const MEASURES = [
  ["quantiles", "Intensities"],
  ["spacing", "Spacing"],
  ["shape", "Shape"],
  ["orientation", "Orientation"],
];
const AXES = ["R–L", "A–P", "S–I"];

function newState() {
  return {
    project: null, // null until the first answer
    percent: [],
    scanners: [], // [{modality, scanner, volumes}], the most first
    volumes: [], // [{id, scanner, sides: [before, after], errors}]
    recipes: [], // [{file, name}]
    recipe: null, // {name, file, digest}
    measure: "quantiles",
    turn: 0,
    count: 0, // how much of this turn is here
    total: 0,
    made: 0,
    tried: 0,
    at_work: false,
    failed: false,
    unlike: [], // [{volume, what: [{after, what, value, usual, z}]}]
    opened: null, // the place of the volume that is in the preview
    busy: false,
    error: null,
    stalled: null,
  };
}

/** Takes an answer in. */
function absorb(state, answer) {
  const { told, begin, volumes, ...rest } = answer;
  delete rest.answer;
  delete rest.buffers;
  const another = rest.turn !== undefined && rest.turn !== state.turn;
  if (volumes) state.volumes = volumes.map((volume) => ({ ...volume, sides: [{}, {}], error: "" }));
  else if (another) state.volumes.forEach((volume) => Object.assign(volume, { sides: [{}, {}], error: "" }));
  if (volumes || another) state.count = 0;
  const all = rest.count;
  delete rest.count;
  Object.assign(state, rest);
  if (told === undefined || begin > state.count) return;
  for (const [place, after, how, grid, quantiles, error] of told.slice(state.count - begin)) {
    const volume = state.volumes[place];
    const side = volume.sides[after];
    if (error) volume.error ||= error;
    else side.how = how;
    if (grid) [side.spacing, side.shape, side.orientation] = grid;
    if (quantiles) side.quantiles = quantiles;
  }
  state.count = Math.max(state.count, begin + told.length);
  state.behind = state.count < all;
}

/** The volumes of a scanner that are known on a side, as far as the measure goes: [{place, value}]. */
function known(state, scanner, after) {
  const found = [];
  state.volumes.forEach((volume, place) => {
    const value = volume.sides[after][state.measure];
    if (volume.scanner === scanner && value !== undefined) found.push({ place, value });
  });
  return found;
}

/** Which volumes are unlike the others in the measure, on a side. */
function unlikeIn(state, after) {
  const begins = { quantiles: "%", spacing: "spacing", shape: "shape", orientation: null }[state.measure];
  const here = (what) => Boolean(begins) && what.after === Boolean(after) && what.what.includes(begins);
  return new Map(state.unlike.filter((one) => one.what.some(here)).map((one) => [one.volume, one.what.filter(here)]));
}

function scannerName({ modality, scanner }) {
  return [scanner || "scanner not told", modality].filter(Boolean).join(" · ");
}

/** 0.48828 as "0.488", -1024 as "−1,024". */
function number(value) {
  const size = Math.abs(value);
  const text = size >= 100 || Number.isInteger(value) ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}
