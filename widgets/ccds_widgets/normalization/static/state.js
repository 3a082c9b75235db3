// What the page knows: the kernel's last state, the recipe as it is typed, and where the person looks.

const DISPLAYS = [
  ["Brain", { center: 40, width: 80 }],
  ["Subdural", { center: 80, width: 200 }],
  ["Bone", { center: 500, width: 2000 }],
  ["Full range", null],
];
const PLANES = ["axial", "coronal", "sagittal"];
const SIDES = ["before", "after"];

function newState() {
  return {
    prefix: `ccds-${Math.random().toString(36).slice(2)}`, // of ids and names: several previews may be on one page
    project: null,
    volumes: null, // null until the kernel has told
    forms: [],
    volume: null,
    result: null, // what is shown: histograms, ranges, planes, no pixels
    older: false, // the result is not what the recipe makes of the volume
    trouble: {}, // lines about the volume and the recipe's output
    steps: [], // {id, name, on, parameters, error}
    output: "float32",
    plane: "axial",
    positions: {}, // plane → mm
    display: null,
    name: "",
    saved: null,
    saveError: null,
    unkept: null, // why the draft couldn't be kept
    error: null,
    busy: false, // a change is being computed
    late: false, // slices are awaited for long
    probe: null,
    denied: null,
  };
}

/** Takes a state of the kernel in; what it says of steps, and of a saved recipe, only where that is the recipe shown. */
function absorb(state, answer) {
  const { volumes, forms, project, look, name, draft } = answer;
  if (volumes) {
    Object.assign(state, { volumes: withWords(volumes), forms, project, name, steps: draft.steps.map(withId), output: draft.output });
    state.display = isCt({ ...state, volume: answer.volume }) ? DISPLAYS[0][1] : null;
    if (look) Object.assign(state, { plane: look.plane, display: look.display, positions: { [look.plane]: look.position } });
  }
  const { volume, result, older, trouble, saved, unkept } = answer;
  if (volume !== state.volume && state.volume !== null) {
    state.positions = {};
    if (isCt(state) !== isCt({ ...state, volume })) state.display = isCt(state) ? null : DISPLAYS[0][1];
  }
  const same = JSON.stringify(draftOf(draft)) === JSON.stringify(draftOf(state));
  Object.assign(state, { volume, result, older, trouble, saved: same ? saved : null, unkept: unkept ?? null, error: null });
  if (same) state.steps.forEach((step, place) => (step.error = draft.steps[place].error));
}

let lastId = 0;

/** A step with a name that lasts while it is moved. */
function withId(step) {
  lastId += 1;
  return { ...step, id: lastId };
}

function isCt({ volumes, volume }) {
  return volumes?.find((one) => one.id === volume)?.modality === "CT";
}

/** `unit` after a number, unless it is that of CT and the volume is none. */
function unitOf(state, unit) {
  return unit === "HU" && !isCt(state) ? "" : unit;
}

/** The plane that is shown: its stations and how both volumes are cut. */
function planeOf(state) {
  return state.result.planes[state.plane];
}

/** The number of the station that is shown: the one nearest to the position, the middle one where there is none yet. */
function stationOf(state) {
  const { stations } = planeOf(state);
  const position = state.positions[state.plane];
  if (position === undefined) return Math.floor((stations.length - 1) / 2);
  let nearest = 0;
  stations.forEach(([mm], at) => {
    if (Math.abs(mm - position) < Math.abs(stations[nearest][0] - position)) nearest = at;
  });
  return nearest;
}

/** Slice numbers before and after, by side, of a station. */
function slicesAt(state, station) {
  const [, before, after] = planeOf(state).stations[station];
  return { before, after };
}

/** What was typed, as a recipe holds it: a number where it is one. */
function typed(text) {
  const trimmed = text.trim().slice(0, 40);
  const number = Number(trimmed);
  return trimmed !== "" && Number.isFinite(number) ? number : trimmed;
}

/** The recipe as the kernel takes it. */
function draftOf(state) {
  return { steps: state.steps.map(({ name, on, parameters }) => ({ name, on, parameters })), output: state.output };
}

/** What outlives the page. */
function kept(state) {
  return { draft: draftOf(state), look: lookOf(state) };
}

function lookOf(state) {
  const position = state.result ? planeOf(state).stations[stationOf(state)][0] : (state.positions[state.plane] ?? 0);
  return { plane: state.plane, position, display: state.display, name: state.name };
}

/** The window that the recipe maps the scanned intensities by, if it does: no step before it has changed these. */
function recipeWindow(state) {
  const step = state.steps.find(({ name, on }) => on && !["reorient", "resample"].includes(name));
  if (step?.name !== "window" || step.error) return null;
  const { center, width } = step.parameters;
  return typeof center === "number" && typeof width === "number" ? [center - width / 2, center + width / 2] : null;
}
