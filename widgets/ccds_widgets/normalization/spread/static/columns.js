// The small multiples: a row for each scanner, a column before and one after, each column on one scale.

const CAPTIONS = {
  quantiles: "Each line a volume: 1 to 99 %, thick 25 to 75 %, the dot its median. Many are a band, a line through their medians.",
  spacing: "Each dot a volume, along the patient’s axes.",
  shape: "Each dot a volume: its voxels along the patient’s axes.",
  orientation: "To which side each voxel axis runs.",
};
const UNITS = { spacing: "mm", shape: "voxels" };

/** The whole table for the chosen measure. */
function drawColumns(state, act, width) {
  const scanners = state.scanners.map((scanner, place) => ({ ...scanner, place }));
  const shared = state.measure === "spacing" || state.measure === "shape" ? sharedDomain(state) : null;
  const columns = [0, 1].map((after) => drawColumn(state, act, after, scanners, width, shared));
  return [
    h("p", { class: "ccds-caption-line ccds-muted" }, CAPTIONS[state.measure], state.measure === "orientation" ? null : h("span", { class: "ccds-red" }, " Red: unlike the others; a click opens it.")),
    h("div", { class: "ccds-corner" }),
    ...columns.map((column) => column.head),
    ...scanners.flatMap((scanner, row) => [
      h("div", { class: "ccds-scanner" }, h("b", {}, scannerName(scanner)), h("span", { class: "ccds-muted" }, counted(scanner.volumes, "volume"))),
      ...columns.map((column) => h("div", { class: "ccds-cell" }, column.cells[row])),
    ]),
  ];
}

/** Lengths before and after are told on one scale: what has become alike is seen by its place. */
function sharedDomain(state) {
  const values = state.volumes.flatMap((volume) => volume.sides.flatMap((side) => side[state.measure] ?? []));
  const [, high] = roomy(extent(values));
  return [0, high];
}

function drawColumn(state, act, after, scanners, width, shared) {
  const found = scanners.map(({ place }) => known(state, place, after));
  const all = found.flat();
  const unlike = unlikeIn(state, after);
  const head = (axis) => h("div", { class: "ccds-head" }, h("h3", {}, headline(state, after)), h("p", { class: "ccds-muted" }, source(state, after)), axis);
  const waits = () => nothingYet(state.at_work ? "not measured yet" : after && !state.recipe ? "no recipe chosen" : missing(state));
  const cells = (draw) => scanners.map((scanner, row) => (found[row].length ? draw(found[row], `${scannerName(scanner)}, ${after ? "after" : "before"}`) : waits()));
  if (!all.length) return { head: head(null), cells: cells(() => null) };
  if (state.measure === "orientation") {
    const most = Math.max(...scanners.map(({ volumes }) => volumes));
    return { head: head(null), cells: cells((those, name) => drawOrientations(those, width, most, name)) };
  }
  const isLines = state.measure === "quantiles";
  const left = isLines ? RIGHT : LEFT;
  const range = shared ?? roomy([extent(all.map(({ value }) => value[0]))[0], extent(all.map(({ value }) => value.at(-1)))[1]]);
  const at = isLines ? (value) => scale(range, left, width - RIGHT)(value) : scale(range, left, width - RIGHT);
  const draw = isLines ? drawQuantiles : drawDots;
  return { head: head(drawAxis(range, width, left, isLines ? intensityUnit(scanners, after) : UNITS[state.measure])), cells: cells((those, name) => draw(those, unlike, at, width, act, name)) };
}

/** That of CT as converted; a recipe may have changed it. */
function intensityUnit(scanners, after) {
  return !after && scanners.every(({ modality }) => modality === "CT") ? "HU" : "";
}

/** Whether some scanners' numbers have a unit and others' haven't. */
function isMixed(scanners) {
  return new Set(scanners.map(({ modality }) => modality === "CT")).size === 2;
}

function headline(state, after) {
  if (!after) return "Before";
  return state.recipe ? `After “${state.recipe.name}”` : "After a recipe";
}

/** Where a column's charts come from. */
function source(state, after) {
  const many = state.volumes.length;
  if (!after && state.measure !== "quantiles") return "as converted, by the headers";
  if (!after) return `as converted${isMixed(state.scanners) ? ", CT in HU" : ""}; quantiles of about a million voxels each`;
  if (!state.recipe) return state.recipes.length ? "Choose one of your saved recipes above." : "You have saved none yet.";
  const made = state.made === many ? "all made by a run" : state.made ? `${grouped(state.made)} of ${grouped(many)} made by a run` : "no run has made them yet";
  if (state.measure !== "quantiles") return state.made === many ? made : `${made}; ${state.made ? "of the others " : ""}what the recipe would make of ${state.made ? "their grids" : "each grid"}`;
  return state.tried ? `${made}; tried on coarse copies of ${counted(state.tried, "volume")}, the grid left as it is` : made;
}

function missing(state) {
  return state.measure === "quantiles" ? "none measured" : "known once a run has made them";
}
