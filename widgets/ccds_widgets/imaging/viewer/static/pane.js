// One of the three planes: its picture, the mask over it, the crosshair, the edges' names, a scale, and a slider through its slices.

const EDGES = { R: "right", L: "left", A: "anterior", P: "posterior", H: "head", F: "feet" };

/**
 * The pane of a plane. `hooks`: goTo(voxel), step(by), probe(voxel or null), brush() → {size, colour} or null, drawn(stroke),
 * windowNow(), window(from, dx, dy), active().
 */
function planePane(name, hooks, signal) {
  const grey = h("canvas", { class: "ccds-grey" });
  const mask = h("canvas", { class: "ccds-mask" });
  const lines = [h("i", { class: "ccds-line-x" }), h("i", { class: "ccds-line-y" })];
  const edges = ["left", "right", "top", "bottom"].map((side) => h("span", { class: "ccds-edge", "data-side": side }));
  const scale = h("span", { class: "ccds-scale" });
  const ring = h("i", { class: "ccds-brush", hidden: true });
  const frame = h("div", { class: "ccds-pane-frame" }, grey, mask, ...lines, ...edges, scale, ring);
  const caption = h("span", { id: `ccds-slice-${name}-${Math.floor(Math.random() * 2 ** 40)}` });
  const slider = h("input", { type: "range", class: "ccds-slider", tabindex: -1, min: 0, "aria-label": `${name} slice` }); // by keys the plane itself is turned
  const box = h("div", { class: "ccds-pane-box" }, frame);
  const element = h("figure", { class: "ccds-pane", tabindex: 0, role: "group", "data-plane": name, "aria-label": `${name} plane`, "aria-describedby": caption.id }, box, h("figcaption", {}, caption, slider));
  const view = { plane: null, number: 0, painted: null, masked: null, stroke: null, dragging: null, windowing: null };

  const at = (event) => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    const [columns, rows] = view.plane.size;
    return [Math.floor(((event.clientX - left) / width) * columns), Math.floor(((event.clientY - top) / height) * rows)];
  };
  const within = ([x, y]) => x >= 0 && y >= 0 && x < view.plane.size[0] && y < view.plane.size[1];
  const clamped = ([x, y]) => [Math.min(Math.max(x, 0), view.plane.size[0] - 1), Math.min(Math.max(y, 0), view.plane.size[1] - 1)];
  const listen = (type, handler, options) => frame.addEventListener(type, handler, { signal, ...options });

  const turned = notches();

  element.addEventListener("focus", hooks.active, { signal });
  slider.addEventListener("input", () => hooks.step(Number(slider.value) - view.number), { signal });
  slider.addEventListener("pointerup", () => element.focus({ preventScroll: true }), { signal }); // keys go on from there
  box.addEventListener("wheel", (event) => {
    if (event.ctrlKey || !view.plane) return;
    event.preventDefault();
    finish();
    const by = turned(event.deltaY);
    if (by) hooks.step(by);
  }, { signal, passive: false });
  listen("contextmenu", (event) => event.preventDefault());
  listen("pointerdown", (event) => {
    if (!view.plane) return;
    element.focus({ preventScroll: true });
    frame.setPointerCapture(event.pointerId);
    const brush = hooks.brush();
    if (event.button === 2) view.windowing = { x: event.clientX, y: event.clientY, from: hooks.windowNow() };
    else if (event.button === 0 && brush && !event.shiftKey) {
      if (view.painted !== view.number) return; // what is seen is another slice yet
      view.stroke = { ...brush, number: view.number, path: brushStroke(view.plane.size, brush.size) };
      extend(event);
    } else if (event.button === 0) {
      view.dragging = true;
      hooks.goTo(voxelAt(view.plane, [...clamped(at(event)), view.number]));
    }
    event.preventDefault();
  });
  listen("pointermove", (event) => {
    if (!view.plane) return;
    const { windowing } = view;
    if (windowing) hooks.window(windowing.from, event.clientX - windowing.x, event.clientY - windowing.y);
    else if (view.stroke) extend(event);
    else if (view.dragging) hooks.goTo(voxelAt(view.plane, [...clamped(at(event)), view.number]));
    const place = at(event);
    showRing(place);
    hooks.probe(within(place) ? voxelAt(view.plane, [...place, view.number]) : null);
  });
  for (const type of ["pointerup", "pointercancel"]) listen(type, finish);
  listen("pointerleave", () => {
    ring.hidden = true;
    hooks.probe(null);
  });

  function extend(event) {
    const moved = event.getCoalescedEvents?.() ?? [];
    for (const one of moved.length ? moved : [event]) dab(view.stroke, view.stroke.path.extend(...at(one)));
  }

  /** Paints pixels of a stroke over the mask, before the kernel has drawn them. */
  function dab({ colour }, pixels) {
    const pen = mask.getContext("2d");
    pen.fillStyle = colour ?? "#000";
    for (const [x, y] of pixels) colour ? pen.fillRect(x, y, 1, 1) : pen.clearRect(x, y, 1, 1);
  }

  function finish() {
    const { stroke } = view;
    Object.assign(view, { stroke: null, dragging: null, windowing: null });
    if (!stroke) return;
    const runs = stroke.path.runs();
    if (runs.length) hooks.drawn({ plane: name, number: stroke.number, runs, pixels: stroke.path.pixels(), colour: stroke.colour });
  }

  function showRing([x, y]) {
    const brush = hooks.brush();
    ring.hidden = !brush || !within([x, y]);
    if (ring.hidden) return;
    const [columns, rows] = view.plane.size;
    Object.assign(ring.style, {
      left: `${((x + 0.5 - brush.size / 2) / columns) * 100}%`,
      top: `${((y + 0.5 - brush.size / 2) / rows) * 100}%`,
      width: `${(brush.size / columns) * 100}%`,
      height: `${(brush.size / rows) * 100}%`,
    });
  }

  /** Another volume. */
  function lay(plane) {
    Object.assign(view, { plane, number: 0, painted: null, masked: null, stroke: null });
    const [columns, rows, slices] = plane.size;
    for (const canvas of [grey, mask]) Object.assign(canvas, { width: columns, height: rows });
    delete element.dataset.shown;
    frame.style.setProperty("--ratio", String(ratioOf(plane)));
    edges.forEach((edge, order) => {
      edge.textContent = plane.edges[order];
      edge.title = EDGES[plane.edges[order]];
    });
    const width = columns * plane.spacing[0];
    const length = scaleLength(width);
    scale.style.width = `${(length / width) * 100}%`;
    scale.textContent = `${length} mm`;
    slider.max = slices - 1;
  }

  /** Which slice is looked at, and where the crosshair is. */
  function place(voxel, isCrossed) {
    const [x, y, number] = pixelOf(view.plane, voxel);
    const [columns, rows, slices] = view.plane.size;
    if (view.number !== number) view.painted = null;
    view.number = number;
    lines[0].style.left = `${((x + 0.5) / columns) * 100}%`;
    lines[1].style.top = `${((y + 0.5) / rows) * 100}%`;
    lines.forEach((line) => (line.hidden = !isCrossed));
    const tilt = view.plane.tilt >= 1 ? `, tilted ${view.plane.tilt}°` : "";
    const told = `slice ${sliceName(view.plane, voxel)} (0 to ${slices - 1})`;
    caption.textContent = `${name[0].toUpperCase()}${name.slice(1)}${tilt} · ${told}`;
    slider.value = number;
    slider.setAttribute("aria-valuetext", told);
  }

  /** Draws a slice; undefined leaves what is there, as what is wanted is on its way. */
  function paint(key, picture) {
    if (!picture) return;
    if (element.dataset.shown !== key) grey.getContext("2d").drawImage(picture, 0, 0);
    element.dataset.shown = key;
    view.painted = view.number;
  }

  /** Draws the labels, and over them the strokes that the kernel hasn't drawn yet. */
  function paintMask(picture, opacity, strokes) {
    mask.style.opacity = String(opacity);
    if (picture === undefined && view.masked === view.number) return;
    view.masked = view.number;
    const pen = mask.getContext("2d");
    pen.clearRect(0, 0, mask.width, mask.height);
    if (picture) pen.drawImage(picture, 0, 0);
    strokes.filter((stroke) => stroke.plane === name && stroke.number === view.number).forEach((stroke) => dab(stroke, stroke.pixels));
    if (view.stroke) dab(view.stroke, view.stroke.path.pixels());
  }

  return { element, lay, place, paint, paintMask, finish, number: () => view.number, caption: () => caption.textContent };
}
