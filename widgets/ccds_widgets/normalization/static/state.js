// What the page knows: the kernel's last state, the recipe as it is typed, and where the person looks.

const DISPLAYS = [
  ["Brain", { center: 40, width: 80 }],
  ["Subdural", { center: 80, width: 200 }],
  ["Bone", { center: 500, width: 2000 }],
  ["Full range", null],
];
const PLANES = ["axial", "coronal", "sagittal"];
const MOST_STUDIES = 4;

function newState() {
  return {
    prefix: `ccds-${Math.random().toString(36).slice(2)}`, // of ids and names: several previews may be on one page
    project: null,
    volumes: null, // null until the kernel has told
    left_out: "", // a line about volumes that aren't among them
    forms: [],
    chosen: [], // volumes side by side
    results: [], // for each of them what is shown, no pixels; null where there is none
    files: [], // saved recipes
    beside: null, // the one beside the draft
    trouble: { volumes: {}, output: null, beside: null }, // lines that belong to no step
    steps: [], // {id, name, on, parameters, error, advice}
    output: "float32",
    plane: "axial",
    positions: {}, // plane → mm, in the first study
    display: null,
    name: "",
    saved: null,
    saveError: null,
    unkept: null, // why the draft couldn't be kept
    error: null,
    busy: false, // a change is being computed
    working: null, // how far that is
    fitting: null, // how far a fit is
    fitted: null, // what came of it
    fitOf: null, // the recipe that was to be fitted, as JSON
    stopped: false,
    dirty: false, // the recipe was changed since the kernel was asked for whole volumes
    dragging: false, // a slider of a parameter is held
    until: null, // the step after which the coarser copy is shown
    glimpse: null, // pictures of coarser copies
    effects: null, // what each step does to the first study's
    late: false, // slices are awaited for long
    probe: null,
    denied: null,
  };
}

/** Takes a state of the kernel in; what it says of steps, and of a saved recipe, only where that is the recipe shown. */
function absorb(state, answer) {
  const { volumes, left_out, forms, project, look, name, draft, chosen } = answer;
  if (volumes) {
    Object.assign(state, { volumes: withWords(volumes), left_out, forms, project, name, steps: draft.steps.map(withId), output: draft.output, until: null, glimpse: null });
    state.fitOf = JSON.stringify(draftOf(state));
    state.display = isCt({ ...state, chosen }) ? DISPLAYS[0][1] : null;
    if (look) Object.assign(state, { plane: look.plane, display: look.display, positions: { [look.plane]: look.position } });
  } else if (chosen[0] !== state.chosen[0]) {
    state.positions = {};
    if (isCt(state) !== isCt({ ...state, chosen })) state.display = isCt(state) ? null : DISPLAYS[0][1];
  }
  // What was typed, or is being slid, since then isn't lost to the landmarks of the recipe before.
  if (answer.fitted && answer.fitted !== state.fitted && state.fitOf === JSON.stringify(draftOf(state))) state.steps = draft.steps.map(withId);
  const { results, trouble, saved, unkept, files, beside, working, fitting, fitted, stopped } = answer;
  const same = JSON.stringify(draftOf(draft)) === JSON.stringify(draftOf(state));
  Object.assign(state, { chosen, results, trouble, files, beside, working, fitting, fitted, stopped, saved: same ? saved : null, error: null });
  if (unkept !== undefined) state.unkept = unkept;
  if (same) state.steps.forEach((step, place) => Object.assign(step, { error: draft.steps[place].error, advice: draft.steps[place].advice }));
  if (same && !working && !stopped) Object.assign(state, { dirty: false, glimpse: state.until === null ? null : state.glimpse });
}

let lastId = 0;

/** A step with a name that lasts while it is moved. */
function withId(step) {
  lastId += 1;
  return { ...step, id: lastId };
}

function volumeOf({ volumes }, id) {
  return volumes?.find((one) => one.id === id);
}

function isCt(state) {
  return volumeOf(state, state.chosen[0])?.modality === "CT";
}

/** `unit` after a number, unless it is that of CT and the volume is none. */
function unitOf(state, unit) {
  return unit === "HU" && !isCt(state) ? "" : unit;
}

/** Which pictures there are of each study. */
function sidesOf(state) {
  return state.beside ? ["before", "after", "beside"] : ["before", "after"];
}

/** The first study that can be shown: positions are its. */
function firstOf(state) {
  return state.results.find(Boolean);
}

/** Whether what is shown isn't what the draft makes of the volumes. */
function isOlder(state) {
  return state.results.some((result) => result?.older);
}

/** The axis of the plane that is shown, and its stations: one for each slice of whichever picture has the finest steps, so
 *  that one step never leaves a slice out. */
function lineOf(state) {
  const { axis, cuts } = firstOf(state).planes[state.plane];
  const finest = Object.values(cuts).reduce((one, other) => (other.step_mm < one.step_mm ? other : one));
  return { axis, count: finest.size[2], at: (station) => finest.first_mm + station * finest.step_mm, station: (mm) => nearestOf(finest, mm) };
}

/** The number of the slice that is nearest to a position. */
function nearestOf(cut, mm) {
  return Math.min(Math.max(Math.round((mm - cut.first_mm) / cut.step_mm), 0), cut.size[2] - 1);
}

/** The number of the station that is shown: the one nearest to the position, the middle one where there is none yet. */
function stationOf(state) {
  const line = lineOf(state);
  const position = state.positions[state.plane];
  return position === undefined ? Math.floor((line.count - 1) / 2) : line.station(position);
}

/** The slice of a study's picture at a station of the first one's: as far from the middle of its volume, in mm. */
function sliceAt(state, result, side, station) {
  const line = lineOf(state);
  const cut = result.planes[state.plane].cuts[side];
  return nearestOf(cut, line.at(station) - firstOf(state).middle_mm[line.axis] + result.middle_mm[line.axis]);
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
  return { plane: state.plane, position: positionOf(state), display: state.display, name: state.name };
}

/** Where one looks along the plane's axis, mm. */
function positionOf(state) {
  return firstOf(state) ? lineOf(state).at(stationOf(state)) : (state.positions[state.plane] ?? 0);
}

/** The picture of a coarser copy that is to be shown in place of a study's `after`. */
function glimpseOf(state, result) {
  if (!state.glimpse || !(state.dirty || state.until !== null)) return null;
  const at = state.glimpse.studies.findIndex(({ revision }) => revision === result.revision);
  return at < 0 ? null : { ...state.glimpse.studies[at], plane: state.glimpse.plane, bytes: state.glimpse.buffers[at] };
}

/** The window that the recipe maps the scanned intensities by, if it does: no step before it has changed these. */
function recipeWindow(state) {
  const step = state.steps.find(({ name, on }) => on && !["reorient", "resample", "crop_pad", "foreground"].includes(name));
  if (step?.name !== "window" || step.error) return null;
  const { center, width } = step.parameters;
  return typeof center === "number" && typeof width === "number" ? [center - width / 2, center + width / 2] : null;
}

/** How many scanners the chosen volumes are of, and how many there are of the first one's modality. */
function scannersShown(state) {
  const { modality } = volumeOf(state, state.chosen[0]);
  const ofModality = state.volumes.filter((volume) => volume.modality === modality);
  const count = (volumes) => new Set(volumes.map(({ scanner }) => scanner)).size;
  return [count(ofModality.filter(({ id }) => state.chosen.includes(id))), count(ofModality)];
}

/** One volume of each scanner, then of each other spacing, the shown one first; as many as have room. */
function oneOfEach(state) {
  const first = volumeOf(state, state.chosen[0]);
  const scanners = new Map();
  const kinds = new Map();
  for (const volume of [first, ...state.volumes]) {
    const kind = `${volume.modality}|${volume.scanner}|${volume.spacing_mm.map((mm) => mm.toFixed(1))}`;
    if (volume.modality !== first.modality) continue;
    if (!scanners.has(volume.scanner)) scanners.set(volume.scanner, volume.id);
    if (!kinds.has(kind)) kinds.set(kind, volume.id);
  }
  return [...new Set([...scanners.values(), ...kinds.values()])].slice(0, MOST_STUDIES);
}

/** `chosen` and the first volume in the list that isn't among them. */
function oneMore(state, chosen) {
  return [...chosen, ...state.volumes.map(({ id }) => id).filter((id) => !chosen.includes(id)).slice(0, 1)];
}
