// The pictures: all at one scale (mm), letters at their edges, a caption that says what is drawn.

const TITLES = { before: "Before", after: "After", beside: "Beside" };

function newPicture(side, place, beside) {
  const canvas = h("canvas", { class: "ccds-canvas", width: 1, height: 1, role: "img" });
  const cross = h("i", { class: "ccds-cross", hidden: true });
  const frame = h("div", { class: "ccds-frame" }, canvas, cross);
  const edges = ["left", "right", "top", "bottom"].map((edge) => h("span", { class: `ccds-edge ccds-edge-${edge}`, "aria-hidden": "true" }));
  const badge = h("p", { class: "ccds-older", role: "status", hidden: true });
  const box = h("div", { class: "ccds-box" }, frame, ...edges, badge);
  const title = h("h3", {}, side === "beside" ? beside : TITLES[side]);
  const head = h("span", { class: "ccds-muted" });
  const caption = h("p", { class: "ccds-caption" });
  const figure = h("figure", { class: "ccds-picture", "data-side": side }, h("figcaption", {}, title, head), box, caption);
  return { side, place, figure, canvas, cross, frame, edges, badge, box, title, head, caption, drawn: null };
}

/** The name of the saved recipe beside. */
function besideWords({ beside }) {
  return `After ${beside?.replace(/\.yaml$/, "")}`;
}

/** Writes parts with a dot between them; lines break there before they break within a part. */
function tell(element, ...parts) {
  element.replaceChildren(...parts.flatMap((words, at) => [at ? " · " : "", h("span", {}, words)]));
}

/** A study's pictures, with its scanner and spacing where there are several. */
function newColumn(state, id, place) {
  const { words, scanner, study } = volumeOf(state, id);
  const pictures = sidesOf(state).map((side) => newPicture(side, place, besideWords(state)));
  const swatch = h("i", { class: "ccds-swatch", "data-study": place, "aria-hidden": "true" });
  const head = h("p", { class: "ccds-column-head", title: words, hidden: state.chosen.length === 1 }, swatch, h("span", {}, `${place + 1} · ${scanner || `study ${study}`}`));
  const trouble = h("p", { class: "ccds-error", role: "alert", hidden: true });
  const row = h("div", { class: "ccds-pictures" }, ...pictures.map(({ figure }) => figure));
  return { id, pictures, trouble, row, section: h("section", { class: "ccds-column", "aria-label": words }, head, trouble, row) };
}

/** Draws what is there of the slice that is looked at; the picture before stays where it isn't there yet. */
function paint(picture, state, find) {
  const result = state.results[picture.place];
  const { side } = picture;
  if (!result?.planes[state.plane].cuts[side]) return;
  const glimpse = side === "after" ? glimpseOf(state, result) : null;
  if (glimpse?.plane === state.plane) {
    paintBytes(picture, state, { ...glimpse, result, bytes: new Uint8Array(glimpse.bytes.buffer, glimpse.bytes.byteOffset, glimpse.bytes.byteLength) });
    picture.drawn = null; // nobody is told of values that the cluster won't make
    tell(picture.head, spacingWords(glimpse.spacing_mm), "coarser copy");
    return;
  }
  const number = sliceAt(state, result, side, stationOf(state));
  const bytes = find(result, side, number);
  if (!bytes) return;
  paintBytes(picture, state, { cut: result.planes[state.plane].cuts[side], number, bytes, result });
  picture.drawn = { number, plane: state.plane, revision: result.revision };
  const { shape, spacing_mm: spacing } = result.sides[side];
  tell(picture.head, shape.join(" × "), spacingWords(spacing));
}

function paintBytes(picture, state, { cut, number, bytes, result }) {
  const { side, canvas } = picture;
  const [width, height, count] = cut.size;
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let at = 0; at < bytes.length; at += 1) words[at] = 0xff000000 | (bytes[at] * 0x010101);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  const largest = largestOf(state);
  picture.frame.style.width = `${(100 * width * cut.spacing_mm[0]) / largest}%`;
  picture.frame.style.height = `${(100 * height * cut.spacing_mm[1]) / largest}%`;
  picture.edges.forEach((edge, at) => (edge.textContent = cut.edges[at]));
  const mm = cut.first_mm + number * cut.step_mm;
  const caption = [placeWords(result.planes[state.plane].axis, mm), `slice ${number + 1} of ${count}`];
  if (cut.tilt_deg >= 0.5) caption.push(`tilted ${short(cut.tilt_deg, 1)}°`);
  tell(picture.caption, ...caption);
  canvas.setAttribute("aria-label", `${picture.title.textContent}, ${state.plane}, ${caption.join(" · ")}`);
}

/** The longest side of any picture, mm. */
function largestOf(state) {
  const cuts = state.results.filter(Boolean).flatMap((result) => Object.values(result.planes[state.plane].cuts));
  return Math.max(...cuts.flatMap((cut) => cut.size.slice(0, 2).map((pixels, axis) => pixels * cut.spacing_mm[axis])));
}

/** The column and row under the pointer. */
function pixelAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const at = (place, start, length, pixels) => Math.min(pixels - 1, Math.max(0, Math.floor(((place - start) / length) * pixels)));
  return { x: at(event.clientX, box.left, box.width, canvas.width), y: at(event.clientY, box.top, box.height, canvas.height) };
}

/** The cross at the place that the pointer is at in another picture. */
function drawCross(picture, state) {
  const { probe } = state;
  const result = state.results[picture.place];
  const at = probe?.revisions.indexOf(result?.revision) ?? -1;
  const found = at < 0 ? null : probe.studies[at][picture.side];
  const { cross, canvas } = picture;
  cross.hidden = !found || !picture.drawn || (probe.side === picture.side && probe.revision === result.revision);
  if (cross.hidden) return;
  cross.style.left = `${(100 * (found.pixel[0] + 0.5)) / canvas.width}%`;
  cross.style.top = `${(100 * (found.pixel[1] + 0.5)) / canvas.height}%`;
}

/** "R 12 A 4 S 22 mm: 34 HU → 0.43", for each study. */
function probeWords(state) {
  const { probe } = state;
  if (!probe) return ["Point at a picture: its value before and after stands here."];
  return probe.studies.map((study, at) => {
    const place = study.place_mm.map((mm, axis) => placeWords(axis, mm).replace(" mm", "")).join(" · ");
    const value = (side, unit) => (study[side] ? `${intensity(study[side].value)}${unit}` : "outside");
    const beside = study.beside === undefined ? "" : `, beside ${value("beside", "")}`;
    const named = probe.studies.length > 1 ? `${at + 1}: ` : "";
    return `${named}${place} mm: ${value("before", unitOf(state, "HU") && " HU")} → ${value("after", "")}${beside}`;
  });
}
