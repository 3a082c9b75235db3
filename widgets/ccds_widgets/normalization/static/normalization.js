// The screen: its parts, when they are drawn, and what it listens to.

/** A channel for requests that do no harm when they are done twice: what was lost with a connection is asked again. */
function steady(channel) {
  async function ask(request) {
    try {
      return await channel.ask(request, 0); // in a notebook the kernel may be busy with another cell for minutes
    } catch (error) {
      if (!error.lost) throw error;
      return ask(request);
    }
  }
  return { ...channel, ask };
}

function render({ model, el }) {
  const state = newState();
  const part = (name, tag = "div", properties = {}) => h(tag, { class: `ccds-${name}`, ...properties });
  const slider = h("input", { type: "range", class: "ccds-slider", min: 0, step: 1, "aria-label": "Slice" });
  const parts = {
    lost: lostBanner("Your draft is kept: reload the page, then run the cell again."),
    top: part("toolbar", "div", { role: "group", "aria-label": "Volumes" }),
    leftOut: part("hint", "p", { hidden: true }),
    error: part("error", "p", { role: "alert", hidden: true }),
    view: part("toolbar", "div"),
    trouble: part("error", "p", { role: "alert", hidden: true }),
    studies: part("studies"),
    slider,
    ends: [part("end", "span"), part("end", "span")],
    position: part("position", "output"),
    probe: part("probe"),
    charts: part("charts"),
    table: part("numbers", "section", { "aria-label": "Intensities" }),
    work: part("work", "p", { role: "status" }),
    steps: part("steps", "ol", { "aria-label": "Steps, in their order" }),
    adding: part("adding-step"),
    saving: part("saving"),
    saved: part("saved", "section", { "aria-label": "Saved recipe" }),
    said: part("said", "p", { role: "status", "aria-live": "polite" }),
    keys: keysDialog(KEYS),
  };
  const reading = h("p", { class: "ccds-waiting", role: "status" }, "Reading the volume …");
  const stage = h(
    "div",
    { class: "ccds-stage", tabindex: -1 },
    parts.studies,
    h("div", { class: "ccds-slide" }, parts.ends[0], slider, parts.ends[1], parts.position),
    parts.probe,
  );
  const figures = h("div", { class: "ccds-figures" }, parts.charts, parts.table);
  const side = h("section", { class: "ccds-side", "aria-label": "Recipe" }, h("h2", {}, "Recipe"), parts.work, parts.steps, parts.adding, parts.saving);
  const columns = h("div", { class: "ccds-columns" }, h("div", { class: "ccds-main" }, parts.view, parts.trouble, reading, stage), side, figures, parts.saved);
  const screen = h("div", { class: "ccds-screen", hidden: true }, parts.top, parts.leftOut, parts.error, columns);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the project …"));
  const root = h("div", { class: "ccds ccds-normalization" }, parts.lost, cover, screen, parts.said, parts.keys);
  el.append(root);

  const channel = steady(
    openChannel(model, (lost) => {
      parts.lost.hidden = !lost;
    }),
  );
  const slices = sliceStore(state, channel, drawArrived, (line) => act.refuse(line), () => act.again());
  const act = actions(state, channel, slices, draw, say);
  const ending = new AbortController();
  let listed = null; // what the lists of volumes show
  let columned = null; // which pictures there are
  let studies = []; // their columns
  const pictures = () => studies.flatMap((study) => study.pictures);
  keepKeys(root, ending.signal);
  listen();
  act.open();

  function draw(what = "all") {
    if (state.denied || !state.volumes?.length) {
      drawCover();
      return;
    }
    const opening = cover.contains(document.activeElement);
    cover.hidden = true;
    screen.hidden = false;
    const does = (...kinds) => what === "all" || kinds.includes(what);
    root.setAttribute("aria-busy", String(state.busy));
    if (does("busy")) {
      drawTop();
      drawColumns();
    }
    drawNotice();
    if (opening) parts.top.querySelector("select").focus({ preventScroll: true });
    if (does("recipe") && !state.dragging) {
      redraw(parts.steps, drawSteps(state, act));
      redraw(parts.adding, drawAdding(state, act));
      redraw(parts.saving, drawSaving(state, act));
      redraw(parts.saved, drawSaved(state, act));
    }
    if (does("recipe", "glimpse")) drawEffects(state, parts.steps, act);
    if (does("view")) redraw(parts.view, drawView(state, act));
    stage.hidden = figures.hidden = !firstOf(state);
    reading.hidden = Boolean(firstOf(state)) || !state.busy;
    if (!firstOf(state)) return;
    if (does("view", "slice")) drawSlider();
    if (does("view", "slice", "glimpse")) drawPictures();
    if (does("view", "slice", "probe")) drawProbe();
    if (what === "glimpse") redraw(parts.work, drawWork(state, act));
    if (does("glimpse")) drawCharts();
    if (what === "all") redraw(parts.table, drawTable(state));
  }

  /** Thousands of studies are drawn once; then only which ones it are changes. */
  function drawTop() {
    if (state.volumes !== listed?.volumes || state.chosen.join() !== listed.chosen) redraw(parts.top, drawToolbar(state, act, parts.keys));
    listed = { volumes: state.volumes, chosen: state.chosen.join() };
    parts.leftOut.hidden = !state.left_out;
    parts.leftOut.textContent = state.left_out;
  }

  /** The pictures' places, anew where there are other ones. */
  function drawColumns() {
    const key = [...state.chosen, state.beside].join();
    if (key === columned) return;
    columned = key;
    studies = state.chosen.map((id, place) => newColumn(state, id, place));
    for (const picture of pictures()) listenTo(picture);
    parts.studies.dataset.studies = state.chosen.length;
    parts.studies.dataset.sides = sidesOf(state).length;
    parts.studies.replaceChildren(...studies.map(({ section }) => section));
  }

  function drawCover() {
    if (!state.denied && !state.volumes) return;
    cover.hidden = false;
    screen.hidden = true;
    cover.setAttribute("role", state.denied ? "alert" : "status");
    const again = h("button", { class: "ccds-button", type: "button", "data-focus": "again", onclick: act.open }, "Look again");
    const lines = state.denied
      ? ["The preview can’t be opened", state.denied]
      : state.left_out
        ? ["No volumes to be taken in this project", state.left_out]
        : [
            "No volumes in this project yet",
            "They are made of DICOM on the command line, in the project’s folder:",
            h("code", { class: "ccds-command" }, "ccds imaging convert DICOM nifti/"),
          ];
    redraw(cover, emptyState(...lines, again));
  }

  function drawNotice() {
    const line = state.error ?? state.unkept ?? state.trouble.beside;
    parts.error.hidden = !line;
    parts.error.textContent = line ?? "";
    const alone = state.chosen.length === 1 ? state.trouble.volumes[state.chosen[0]] : null;
    parts.trouble.hidden = !alone;
    parts.trouble.textContent = alone ?? "";
    root.dataset.busy = String(state.busy);
    redraw(parts.work, drawWork(state, act));
    for (const study of studies) {
      const trouble = state.chosen.length > 1 ? state.trouble.volumes[study.id] : null;
      study.trouble.hidden = !trouble;
      study.trouble.textContent = trouble ?? "";
    }
    for (const picture of pictures()) drawBadge(picture);
  }

  function drawBadge(picture) {
    const result = state.results[picture.place];
    if (picture.side !== "after") {
      picture.figure.hidden = !result || (picture.side === "beside" && !result.sides.beside);
      return;
    }
    picture.figure.hidden = !result;
    const glimpse = result && glimpseOf(state, result);
    const place = state.steps.findIndex(({ id }) => id === state.until);
    const after = place < 0 ? "" : `After step ${place + 1} · `;
    const words = glimpse ? `${after}coarser copy` : state.busy ? "Computing …" : state.late ? "Waiting for the kernel …" : result?.older ? "Older than the recipe" : "";
    picture.badge.hidden = !words;
    picture.badge.textContent = `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}`;
    picture.badge.dataset.kind = glimpse ? "glimpse" : "older";
    picture.figure.dataset.older = String(Boolean(result?.older && !glimpse));
  }

  function drawSlider() {
    const { axis, count, at: positionAt } = lineOf(state);
    const at = stationOf(state);
    const first = firstOf(state);
    slider.max = count - 1;
    slider.value = at;
    const place = placeWords(axis, positionAt(at));
    slider.setAttribute("aria-valuetext", `${place}, slice ${sliceAt(state, first, "before", at) + 1} before, ${sliceAt(state, first, "after", at) + 1} after`);
    parts.position.textContent = place;
    parts.ends[0].textContent = AXES[axis][1];
    parts.ends[1].textContent = AXES[axis][0];
  }

  function drawArrived({ late }) {
    if (late !== state.late) {
      state.late = late;
      drawNotice();
    }
    drawPictures();
  }

  function drawPictures() {
    if (!firstOf(state)) return;
    for (const picture of pictures()) {
      drawBadge(picture);
      paint(picture, state, slices.find);
      drawCross(picture, state);
    }
  }

  function drawProbe() {
    redraw(parts.probe, probeWords(state).map((line) => h("p", {}, line)));
    parts.probe.classList.toggle("ccds-muted", !state.probe);
    for (const picture of pictures()) drawCross(picture, state);
  }

  function drawCharts() {
    redraw(parts.charts, sidesOf(state).map((side) => h("div", { class: "ccds-histogram" }, ...drawHistogram(state, side))));
  }

  function say(text) {
    parts.said.textContent = text;
  }

  function listenTo(picture) {
    const { signal } = ending;
    picture.canvas.addEventListener("pointermove", (event) => act.probe(picture, pixelAt(picture.canvas, event)), { signal });
    picture.box.addEventListener("pointerleave", () => {
      state.probe = null;
      drawProbe();
    }, { signal });
    picture.box.addEventListener("click", () => stage.focus({ preventScroll: true }), { signal });
  }

  function listen() {
    const { signal } = ending;
    slider.addEventListener("input", () => act.goTo(Number(slider.value)), { signal });
    // Only once the pictures were clicked: else the wheel scrolls the notebook.
    stage.addEventListener("wheel", (event) => {
      if (!stage.contains(document.activeElement) || event.ctrlKey || !event.deltaY || !event.target.closest(".ccds-box")) return;
      event.preventDefault();
      act.step(event.deltaY < 0 ? 1 : -1);
    }, { signal, passive: false });
    root.addEventListener("keydown", (event) => {
      if (pressed(event, state, act, parts)) event.preventDefault();
      event.stopPropagation(); // else a notebook takes letters for its commands
    }, { signal });
  }

  return () => {
    ending.abort();
    act.end();
    channel.close();
  };
}

export default { render };
