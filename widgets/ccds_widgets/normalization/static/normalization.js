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
  const pictures = SIDES.map(newPicture);
  const slider = h("input", { type: "range", class: "ccds-slider", min: 0, step: 1, "aria-label": "Slice" });
  const parts = {
    lost: lostBanner("Your draft is kept: reload the page, then run the cell again."),
    top: part("toolbar", "div", { role: "group", "aria-label": "Volume" }),
    error: part("error", "p", { role: "alert", hidden: true }),
    view: part("toolbar", "div"),
    trouble: part("error", "p", { role: "alert", hidden: true }),
    slider,
    ends: [part("end", "span"), part("end", "span")],
    position: part("position", "output"),
    probe: part("probe", "p"),
    steps: part("steps", "ol", { "aria-label": "Steps, in their order" }),
    adding: part("adding-step"),
    saving: part("saving"),
    saved: part("saved", "section", { "aria-label": "Saved recipe" }),
    said: part("said", "p", { role: "status", "aria-live": "polite" }),
    keys: keysDialog(KEYS),
  };
  const stage = h(
    "div",
    { class: "ccds-stage", tabindex: -1 },
    h("div", { class: "ccds-pictures" }, ...pictures.map(({ figure }) => figure)),
    h("div", { class: "ccds-slide" }, parts.ends[0], slider, parts.ends[1], parts.position),
    parts.probe,
    h("div", { class: "ccds-pictures" }, ...pictures.map(({ bars }) => bars)),
  );
  const side = h("section", { class: "ccds-side", "aria-label": "Recipe" }, h("h2", {}, "Recipe"), parts.steps, parts.adding, parts.saving);
  const columns = h("div", { class: "ccds-columns" }, h("div", { class: "ccds-main" }, parts.view, parts.trouble, stage), side, parts.saved);
  const screen = h("div", { class: "ccds-screen", hidden: true }, parts.top, parts.error, columns);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the project …"));
  const root = h("div", { class: "ccds ccds-normalization" }, parts.lost, cover, screen, parts.said, parts.keys);
  el.append(root);

  const channel = steady(
    openChannel(model, (lost) => {
      parts.lost.hidden = !lost;
    }),
  );
  const slices = sliceStore(state, channel, drawArrived, (line) => act.refuse(line));
  const act = actions(state, channel, slices, draw, say);
  const ending = new AbortController();
  let listed = null; // the volumes that the list shows
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
    drawNotice();
    if (what === "all") drawTop();
    if (opening) parts.top.querySelector("select").focus({ preventScroll: true });
    if (does("recipe")) {
      redraw(parts.steps, drawSteps(state, act));
      redraw(parts.adding, drawAdding(state, act));
      redraw(parts.saving, drawSaving(state, act));
      redraw(parts.saved, drawSaved(state, act));
    }
    if (does("view")) redraw(parts.view, drawView(state, act));
    stage.hidden = !state.result;
    if (!state.result) return;
    if (does("view", "slice")) {
      drawSlider();
      drawPictures();
    }
    if (does("view", "slice", "probe")) drawProbe();
    if (what === "all") {
      for (const picture of pictures) {
        picture.head.textContent = headWords(state, picture.side);
        redraw(picture.bars, drawHistogram(state, picture.side));
      }
    }
  }

  /** Thousands of studies are drawn once; then only which one it is changes. */
  function drawTop() {
    const study = parts.top.querySelector("select");
    if (study && state.volumes === listed) study.value = state.volume;
    else redraw(parts.top, drawToolbar(state, act, parts.keys));
    listed = state.volumes;
  }

  function drawCover() {
    if (!state.denied && !state.volumes) return;
    cover.hidden = false;
    screen.hidden = true;
    cover.setAttribute("role", state.denied ? "alert" : "status");
    const again = h("button", { class: "ccds-button", type: "button", "data-focus": "again", onclick: act.open }, "Look again");
    const lines = state.denied
      ? ["The preview can’t be opened", state.denied]
      : [
          "No volumes in this project yet",
          "They are made of DICOM on the command line, in the project’s folder:",
          h("code", { class: "ccds-command" }, "ccds imaging convert DICOM nifti/"),
        ];
    redraw(cover, emptyState(...lines, again));
  }

  function drawNotice() {
    const line = state.error ?? state.unkept;
    parts.error.hidden = !line;
    parts.error.textContent = line ?? "";
    const { volume } = state.trouble;
    parts.trouble.hidden = !volume;
    parts.trouble.textContent = volume ?? "";
    const after = pictures[1];
    root.dataset.busy = String(state.busy);
    after.badge.hidden = !state.busy && !state.late && !state.older;
    after.badge.textContent = state.busy ? "Computing …" : state.late ? "Waiting for the kernel …" : "Older than the recipe";
    after.figure.dataset.older = String(state.older);
  }

  function drawSlider() {
    const { stations, axis } = planeOf(state);
    const at = stationOf(state);
    const { before, after } = slicesAt(state, at);
    slider.max = stations.length - 1;
    slider.value = at;
    const place = placeWords(axis, stations[at][0]);
    slider.setAttribute("aria-valuetext", `${place}, slice ${before + 1} before, ${after + 1} after`);
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
    if (!state.result) return;
    for (const picture of pictures) {
      paint(picture, state, slices.find);
      drawCross(picture, state);
    }
  }

  function drawProbe() {
    parts.probe.textContent = probeWords(state);
    parts.probe.classList.toggle("ccds-muted", !state.probe);
    for (const picture of pictures) drawCross(picture, state);
  }

  function say(text) {
    parts.said.textContent = text;
  }

  function listen() {
    const { signal } = ending;
    slider.addEventListener("input", () => act.goTo(Number(slider.value)), { signal });
    for (const picture of pictures) {
      picture.canvas.addEventListener("pointermove", (event) => act.probe(picture, pixelAt(picture.canvas, event)), { signal });
      picture.box.addEventListener("pointerleave", () => {
        state.probe = null;
        drawProbe();
      }, { signal });
      picture.box.addEventListener("click", () => stage.focus({ preventScroll: true }), { signal });
    }
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
