// The two pictures: drawn at one scale (mm), letters at their edges, a caption that says what is drawn.

const TITLES = { before: "Before", after: "After" };

function newPicture(side) {
  const canvas = h("canvas", { class: "ccds-canvas", width: 1, height: 1, role: "img" });
  const cross = h("i", { class: "ccds-cross", hidden: true });
  const frame = h("div", { class: "ccds-frame" }, canvas, cross);
  const edges = ["left", "right", "top", "bottom"].map((edge) => h("span", { class: `ccds-edge ccds-edge-${edge}`, "aria-hidden": "true" }));
  const badge = h("p", { class: "ccds-older", role: "status", hidden: true });
  const box = h("div", { class: "ccds-box" }, frame, ...edges, badge);
  const head = h("span", { class: "ccds-muted" });
  const place = h("p", { class: "ccds-caption" });
  const bars = h("div", { class: "ccds-histogram" });
  const figure = h("figure", { class: "ccds-picture", "data-side": side }, h("figcaption", {}, h("h3", {}, TITLES[side]), head), box, place);
  return { side, figure, canvas, cross, frame, edges, badge, box, head, place, bars, drawn: null };
}

/** Draws what is there of the slice that is looked at; the picture before stays where it isn't there yet. */
function paint(picture, state, find) {
  const { side, canvas } = picture;
  const plane = planeOf(state);
  const cut = plane[side];
  const number = slicesAt(state, stationOf(state))[side];
  const bytes = find(side, number);
  if (!bytes) return;
  const [width, height, count] = cut.size;
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let at = 0; at < bytes.length; at += 1) words[at] = 0xff000000 | (bytes[at] * 0x010101);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  const largest = Math.max(...SIDES.flatMap((one) => plane[one].size.slice(0, 2).map((pixels, axis) => pixels * plane[one].spacing_mm[axis])));
  picture.frame.style.width = `${(100 * width * cut.spacing_mm[0]) / largest}%`;
  picture.frame.style.height = `${(100 * height * cut.spacing_mm[1]) / largest}%`;
  picture.edges.forEach((edge, at) => (edge.textContent = cut.edges[at]));
  picture.drawn = { number, plane: state.plane, revision: state.result.revision };
  const mm = cut.first_mm + number * cut.step_mm;
  const tilt = cut.tilt_deg >= 0.5 ? ` · tilted ${short(cut.tilt_deg, 1)}°` : "";
  picture.place.textContent = `${placeWords(plane.axis, mm)} · slice ${number + 1} of ${count}${tilt}`;
  canvas.setAttribute("aria-label", `${TITLES[side]}, ${state.plane}, ${picture.place.textContent}`);
}

/** What stands above the picture: the size of the volume, and of its intensities. */
function headWords(state, side) {
  const { shape, spacing_mm: spacing } = state.result[side];
  return `${shape.join(" × ")} · ${spacingWords(spacing)}`;
}

/** The column and row under the pointer. */
function pixelAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const at = (place, start, length, pixels) => Math.min(pixels - 1, Math.max(0, Math.floor(((place - start) / length) * pixels)));
  return { x: at(event.clientX, box.left, box.width, canvas.width), y: at(event.clientY, box.top, box.height, canvas.height) };
}

/** The cross at the place that the pointer is at in the other picture. */
function drawCross(picture, state) {
  const found = state.probe?.[picture.side];
  const { cross, canvas } = picture;
  cross.hidden = !found || state.probe.side === picture.side;
  if (cross.hidden) return;
  cross.style.left = `${(100 * (found.pixel[0] + 0.5)) / canvas.width}%`;
  cross.style.top = `${(100 * (found.pixel[1] + 0.5)) / canvas.height}%`;
}

/** "R 12 A 4 S 22 mm: 34 HU → 0.43". */
function probeWords(state) {
  const { probe } = state;
  if (!probe) return "Point at a picture: its value before and after stands here.";
  const place = probe.place_mm.map((mm, axis) => placeWords(axis, mm).replace(" mm", "")).join(" · ");
  const value = (side, unit) => (probe[side] ? `${intensity(probe[side].value)}${unit}` : "outside");
  return `${place} mm: ${value("before", unitOf(state, "HU") && " HU")} → ${value("after", "")}`;
}
