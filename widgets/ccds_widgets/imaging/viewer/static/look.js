// Looking at volumes: three planes through one point, their window, a mask over them, and its correction. A screen as screens.js
// describes it; `open({study, series})` goes to a study.

const PLANES = ["axial", "coronal", "sagittal"];

function lookScreen(context) {
  const { signal } = context;
  const state = {
    listId: `ccds-studies-${Math.floor(Math.random() * 2 ** 40)}`,
    project: "", study: null, all: [], volume: null, lastVolume: null, masks: [], mask: null, lastMask: null, drawing: null,
    label: 1, brush: 3, onlyEmpty: false, opacity: 0.5, window: null, time: 0, voxel: [0, 0, 0], isCrossed: true,
    corrects: false, colours: [], active: "axial", large: null, nonce: 0, heading: [0, 0],
  };
  const studies = h("datalist", { id: state.listId });
  const tools = h("div", { class: "ccds-look-tools" });
  const pens = h("div", { class: "ccds-toolbar ccds-look-pens", hidden: true });
  const problem = h("p", { class: "ccds-error", role: "alert", hidden: true });
  const empty = h("div", {}, h("p", { class: "ccds-waiting" }, "Opening the volume …"));
  const panes = Object.fromEntries(PLANES.map((name) => [name, planePane(name, hooksOf(name), signal)]));
  const stage = h("div", { class: "ccds-look-panes", hidden: true }, ...PLANES.map((name) => panes[name].element));
  const busy = h("p", { class: "ccds-look-busy", role: "status", hidden: true }, "Opening the volume …");
  const cross = h("p", { "data-place": "crosshair" });
  const pointer = h("p", { "data-place": "pointer", class: "ccds-muted" });
  const facts = h("p", { class: "ccds-muted ccds-facts" });
  const foot = h("footer", { class: "ccds-look-foot", hidden: true }, cross, pointer, facts);
  const notes = h("div", { class: "ccds-look-notes", role: "note", "aria-label": "What is to be known about this volume", hidden: true });
  const element = h("section", { class: "ccds-look", "aria-label": "Look" }, tools, studies, pens, problem, busy, empty, notes, stage, foot);
  askBeforeLeaving(() => Boolean(state.drawing?.changed || strokes.length), signal);

  const ask = (request, patience) => context.channel.ask(request, patience);
  const ofVolume = (request, patience) => ask({ ...request, study: state.study, series: state.volume.series, version: state.volume.version }, patience);
  const planeOf = (name) => state.volume.planes.find(({ plane }) => plane === name);
  const range = () => ({ low: state.window.level - state.window.width / 2, high: state.window.level + state.window.width / 2 });
  const store = frameStore(
    (wanted) => ofVolume({ kind: "frames", time: state.time, ...range(), wanted }),
    wishes,
    soon,
    paint,
    (error) => complain(error.message),
  );
  const { strokes, drawn, begin, undo, save, leave } = correction(state, { tell: (request) => ofVolume(request), planeOf, showDialog: showOver, complain, said: context.said, drawAll });
  const probe = async (voxel) => {
    const { drawing } = state;
    try {
      return await ofVolume({ kind: "probe", voxel, time: state.time, mask: maskShown() });
    } catch (error) {
      if (drawing && !state.drawing) return probe(voxel); // the correction was left meanwhile
      throw error;
    }
  };
  const probes = { cross: voxelLine(cross, "Crosshair", state, probe, complain), pointer: voxelLine(pointer, "Pointer", state, probe, complain) };

  // --- which volume

  async function open(place) {
    try {
      if (state.study) {
        if (place?.study) return await choose(place.study, place.series ?? null);
        return state.volume ? undefined : await choose(state.study, null);
      }
      const first = await ask({ kind: "ready" }, 0); // anew each time: volumes may have been made since
      Object.assign(state, { project: first.project, corrects: first.corrects, colours: first.colours });
      if (place?.study) return await choose(place.study, place.series ?? null);
      listStudies(first);
      if (first.study) return await choose(first.study, first.series);
      const last = remembered();
      if (last) return await choose(last.study, last.series, last);
      if (first.studies.length) return await choose(first.studies[0], null);
      sayEmpty("No volumes yet", "Volumes are made from the series that the project chose: see “Series” and “Quarantine”, or run “ccds imaging volumes”.");
    } catch (error) {
      sayEmpty("The volumes can’t be shown", error.message);
    }
    return undefined;
  }

  function listStudies({ studies: keys }) {
    studies.replaceChildren(...keys.map((key) => h("option", { value: key })));
  }

  async function choose(study, series, last = null) {
    let answer;
    busy.hidden = empty.hidden === false;
    try {
      answer = await ask({ kind: "open", study, series }, 0);
    } catch (error) {
      if (!state.volume) {
        sayEmpty("This volume can’t be shown", error.message);
        return;
      }
      complain(error.message);
      drawAll();
      tools.querySelector("[data-focus=study]").value = state.study; // not what was typed: it isn't shown
      return;
    } finally {
      busy.hidden = true;
    }
    complain(null);
    if (!answer.volume) {
      Object.assign(state, { study, all: [], volume: null, masks: [], mask: null, drawing: null });
      sayEmpty("This study has no volume", "Its series may be in quarantine, or not be converted yet. Choose another study above.");
      return;
    }
    const { volume, masks } = answer;
    const shownThrough = last?.window ?? windowFor(volume, state);
    strokes.length = 0;
    store.clear();
    Object.assign(state, { study, all: answer.all, volume, lastVolume: volume, masks, drawing: answer.drawing, mask: masks.at(-1)?.id ?? null, lastMask: null });
    state.window = shownThrough;
    state.time = Math.min(last?.time ?? 0, volume.times - 1);
    state.voxel = clampedVoxel(last?.voxel ?? volume.shape.map((length) => Math.floor(length / 2)));
    empty.hidden = true;
    stage.hidden = foot.hidden = false;
    PLANES.forEach((name) => panes[name].lay(planeOf(name)));
    const size = volume.shape.join(" × ");
    element.dataset.study = study;
    const shown = state.all.find(({ id }) => id === volume.series);
    facts.title = volume.series;
    facts.textContent = [seriesTitle(shown), volume.modality, volume.scanner, `${size} voxels`, `${volume.spacing.map((mm) => figure(mm, 2)).join(" × ")} mm`].filter(Boolean).join(" · ");
    const known = volume.notes ? drawNotes(volume.notes) : [];
    notes.hidden = !known.length;
    notes.replaceChildren(...known);
    drawAll();
    if (document.activeElement === tools.querySelector("[data-focus=study]")) panes[state.active].element.focus({ preventScroll: true });
  }

  function sayEmpty(title, line) {
    stage.hidden = foot.hidden = pens.hidden = notes.hidden = true;
    empty.hidden = false;
    empty.replaceChildren(emptyState(title, line));
    drawTools(tools, state, act);
  }

  function complain(line) {
    problem.hidden = !line;
    problem.textContent = line ?? "";
  }

  const slot = () => `ccds-look-${state.project}`;

  /** Where this tab was last: a study key, names and numbers. */
  function remember() {
    const { study, volume, voxel, window: shown, time } = state;
    sessionStorage.setItem(slot(), JSON.stringify({ study, series: volume.series, voxel, window: shown, time }));
  }

  function remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(slot()));
    } catch {
      return null;
    }
  }

  // --- which slices

  function wishOf(name, number, mask) {
    const { low, high } = range();
    const key = mask === null ? `${name}|${number}|${state.time}|${low}|${high}` : `${name}|${number}|mask|${maskKey(state)}`;
    return { key, plane: name, number, mask };
  }

  const maskShown = () => (state.drawing ? "drawn" : state.mask);
  const shownPlanes = () => (state.large ? [state.large] : [state.active, ...PLANES.filter((name) => name !== state.active)]);

  function wishes() {
    if (!state.volume) return [];
    const greys = shownPlanes().map((name) => wishOf(name, panes[name].number(), null));
    return maskShown() === null ? greys : [...greys, ...shownPlanes().map((name) => wishOf(name, panes[name].number(), maskShown()))];
  }

  /** The slices that come next where somebody turns on. */
  function soon() {
    const [name, by] = state.heading;
    if (!by || !state.volume || !panes[name]) return [];
    const last = planeOf(name).size[2] - 1;
    return Array.from({ length: AHEAD }, (_, ahead) => panes[name].number() + by * (ahead + 1))
      .filter((number) => number >= 0 && number <= last)
      .map((number) => wishOf(name, number, null));
  }

  function paint() {
    if (!state.volume) return;
    for (const name of shownPlanes()) {
      const grey = wishOf(name, panes[name].number(), null);
      panes[name].paint(grey.key, store.find(grey.key));
      const mask = maskShown() === null ? null : store.find(wishOf(name, panes[name].number(), maskShown()).key);
      panes[name].paintMask(mask, state.opacity, strokes);
    }
  }

  function look() {
    PLANES.forEach((name) => panes[name].place(state.voxel, state.isCrossed));
    paint();
    store.fill();
    probes.cross(state.voxel);
    remember();
  }

  function drawAll() {
    drawTools(tools, state, act);
    if (!state.volume) return;
    drawPens(pens, state, act);
    element.dataset.correcting = String(Boolean(state.drawing));
    stage.dataset.large = state.large ?? "";
    look();
  }

  const clampedVoxel = (voxel) => voxel.map((at, axis) => Math.min(Math.max(at, 0), state.volume.shape[axis] - 1));

  function goTo(voxel) {
    state.voxel = clampedVoxel(voxel);
    look();
  }

  function step(name, by) {
    const plane = planeOf(name);
    panes[name].finish();
    const [x, y, number] = pixelOf(plane, state.voxel);
    const next = Math.min(Math.max(number + by, 0), plane.size[2] - 1);
    state.heading = [name, Math.sign(by)];
    goTo(voxelAt(plane, [x, y, next]));
  }

  function hooksOf(name) {
    return {
      goTo,
      step: (by) => step(name, by),
      probe: (voxel) => probes.pointer(voxel),
      brush: () => (state.drawing ? { size: state.brush, colour: state.label ? state.colours[(state.label - 1) % state.colours.length] : null } : null),
      drawn: (stroke) => drawn(stroke),
      windowNow: () => state.window,
      window: (from, dx, dy) => setWindow(draggedWindow(from, dx, dy, state.volume.unit)),
      active: () => (state.active = name),
    };
  }

  function setWindow({ level = state.window.level, width = state.window.width }) {
    if (!Number.isFinite(level) || !Number.isFinite(width) || width <= 0) {
      complain("Expected a level and a width above 0; found something else; type two numbers.");
      return;
    }
    state.window = { level, width };
    complain(null);
    drawAll();
  }

  function showOver(dialog) {
    showDialog(element, dialog);
  }

  // --- what the controls do

  let finding = 0;

  const act = {
    step: (by) => {
      step(state.active, by);
      context.said(panes[state.active].caption());
    },
    nextWindow: () => {
      const { windows } = state.volume;
      const at = windows.findIndex(({ level, width }) => level === state.window.level && width === state.window.width);
      setWindow(windows[(at + 1) % windows.length]);
    },
    cross: () => {
      state.isCrossed = !state.isCrossed;
      look();
    },
    enlarge,
    toggleMask: () => {
      if (state.drawing || !state.masks.length) return;
      Object.assign(state, state.mask === null ? { mask: maskToCorrect(state) } : { lastMask: state.mask, mask: null });
      drawAll();
    },
    find: async (event) => {
      const mine = (finding += 1);
      const answer = await ask({ kind: "find", beginning: event.target.value.trim() }).catch(() => null);
      if (answer && mine === finding) listStudies(answer);
    },
    choose: (event) => event.target.value.trim() && choose(event.target.value.trim(), null),
    series: (event) => choose(state.study, event.target.value),
    window: setWindow,
    time: (time) => {
      state.time = Math.min(Math.max(time, 0), state.volume.times - 1);
      drawAll();
    },
    mask: (id) => {
      state.mask = id;
      drawAll();
    },
    opacity: (share) => {
      state.opacity = share;
      drawAll();
    },
    header: async () => {
      try {
        const header = await ofVolume({ kind: "header" }, 0);
        complain(null);
        showOver(headerDialog(header));
      } catch (error) {
        complain(error.message);
      }
    },
    correct: () => (state.drawing ? leave() : begin()),
    label: (label) => {
      state.label = label;
      drawAll();
    },
    brush: (size) => {
      state.brush = Math.min(Math.max(size, 1), 41);
      drawAll();
    },
    onlyEmpty: (only) => {
      state.onlyEmpty = only;
    },
    undo,
    save,
    leave,
  };

  function enlarge() {
    state.large = state.large ? null : state.active;
    drawAll();
    panes[state.active].element.focus({ preventScroll: true });
  }

  return { element, open, close: () => PLANES.forEach((name) => panes[name].finish()), pressed: (event) => lookKey(event, state, act), keys: LOOK_KEYS };
}
