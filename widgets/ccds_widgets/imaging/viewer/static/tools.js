// What stands above and below the pictures: which volume, its window, its mask and the mask's labels.

const OWN = "own";

/** What people call a series; its name where the scanner gave it no number. */
const seriesTitle = ({ id, number }) => (number === null ? id : `Series ${number}`);

/** The window that `next` opens with: the one through which `lastVolume` was looked at, where it is of the same modality. */
function windowFor(next, { lastVolume, window: shown }) {
  const same = lastVolume?.modality === next.modality;
  const before = same ? lastVolume.windows.find(({ level, width }) => level === shown.level && width === shown.width) : null;
  if (same && !before && next.unit === "HU") return shown; // one's own: of others than CT its numbers say nothing
  const { level, width } = next.windows.find(({ name }) => name === before?.name) ?? next.windows[0];
  return { level, width };
}

/** The bar of what is looked at. `act` has what each control does. */
function drawTools(container, state, act) {
  const { volume } = state;
  const named = ([label, control]) => h("label", { class: "ccds-named" }, h("span", {}, label), control);
  const study = h("input", { class: "ccds-field ccds-study", "data-focus": "study", list: state.listId, "aria-label": "Study", placeholder: "study key", value: state.study ?? "", spellcheck: "false", autocomplete: "off", oninput: act.find, onchange: act.choose });
  redraw(
    container,
    h(
      "div",
      { class: "ccds-toolbar" },
      named(["Study", study]),
      state.all.length > 1 ? named(["Series", h("select", { class: "ccds-field ccds-series", "data-focus": "series", "aria-label": "Series", onchange: act.series }, ...state.all.map(({ id, number, modality, scanner }) => h("option", { value: id, selected: id === volume.series }, [seriesTitle({ id, number }), modality, scanner].filter(Boolean).join(" · "))))]) : null,
      h("span", { class: "ccds-space" }),
      volume ? h("button", { class: "ccds-button", "data-focus": "header", title: "DICOM header (h)", onclick: act.header }, "Header", h("kbd", {}, "h")) : null,
      volume && state.corrects ? h("button", { class: "ccds-button", "data-focus": "correct", "aria-pressed": String(Boolean(state.drawing)), title: "Correct the mask (e)", onclick: act.correct }, state.masks.length ? "Correct the mask" : "Draw a mask", h("kbd", {}, "e")) : null,
    ),
    volume ? h("div", { class: "ccds-toolbar" }, ...looking(state, act, named)) : null,
  );
}

function looking(state, act, named) {
  const { volume } = state;
  const number = (what, label) => h("input", { class: "ccds-field ccds-number", "data-focus": what, type: "number", step: "any", "aria-label": `Window ${what}, ${volume.unit}`, value: Number(state.window[what].toPrecision(5)), onchange: (event) => act.window({ [what]: event.target.valueAsNumber }) });
  const chosen = volume.windows.findIndex(({ level, width }) => level === state.window.level && width === state.window.width);
  return [
    named(["Window", h("select", { class: "ccds-field", "data-focus": "window", "aria-label": "Window", onchange: (event) => event.target.value !== OWN && act.window(volume.windows[event.target.value]) }, ...volume.windows.map(({ name }, order) => h("option", { value: order, selected: order === chosen }, name)), chosen < 0 ? h("option", { value: OWN, selected: true }, "own") : null)]),
    named(["Level", number("level")]),
    named(["Width", number("width")]),
    h("span", { class: "ccds-muted" }, volume.unit),
    volume.times > 1 ? named(["Time", h("span", { class: "ccds-slid" }, h("input", { type: "range", "data-focus": "time", min: 1, max: volume.times, value: state.time + 1, "aria-label": "Time point", oninput: (event) => act.time(event.target.valueAsNumber - 1) }), h("span", { class: "ccds-time" }, `${state.time + 1} of ${volume.times}`))]) : null,
    ...(state.masks.length || state.drawing
      ? [
          state.drawing
            ? null
            : named(["Mask", h("select", { class: "ccds-field ccds-masks", "data-focus": "mask", "aria-label": "Mask", onchange: (event) => act.mask(Number(event.target.value) || null) }, h("option", { value: "", selected: state.mask === null }, "none"), ...[...state.masks].reverse().map(({ id, kind, person, at }, order) => h("option", { value: id, selected: id === state.mask }, `${order ? "" : "newest · "}${KINDS[kind] ?? kind} · ${person} · ${moment(at)}`)))]),
          named(["Opacity", h("span", { class: "ccds-slid" }, h("input", { type: "range", "data-focus": "opacity", min: 0, max: 100, step: 5, value: Math.round(state.opacity * 100), "aria-label": "Opacity of the mask, %", oninput: (event) => act.opacity(event.target.valueAsNumber / 100) }), h("span", { class: "ccds-time" }, `${Math.round(state.opacity * 100)} %`))]),
        ]
      : []),
    state.drawing ? null : h("span", { class: "ccds-legends" }, ...labelsOf(state).map(({ label, name, colour }) => swatch(colour, `${label}${name ? ` ${name}` : ""}`))),
  ];
}

const labelsOf = (state) => state.masks.find(({ id }) => id === state.mask)?.labels ?? [];

const KINDS = { seg: "DICOM SEG", rtstruct: "RTSTRUCT", nifti: "NIfTI", drawn: "drawn" };

/** With what a mask is corrected. */
function drawPens(container, state, act) {
  const { drawing } = state;
  container.hidden = !drawing;
  if (!drawing) return;
  const known = new Map(drawing.labels.map((one) => [one.label, one]));
  const offered = [...new Set([...Array.from({ length: 9 }, (_, at) => at + 1), ...known.keys()])];
  redraw(
    container,
    h("div", { class: "ccds-labels", role: "group", "aria-label": "Label of the brush" },
      h("button", { class: "ccds-button", "data-focus": "label-0", "aria-pressed": String(state.label === 0), onclick: () => act.label(0) }, "Eraser", h("kbd", {}, "0")),
      ...offered.map((label) => {
        const one = known.get(label);
        return h("button", { class: "ccds-button", "data-focus": `label-${label}`, "aria-pressed": String(state.label === label), "aria-label": `Label ${label}${one?.name ? ` ${one.name}` : ""}${one ? `, ${counted(one.voxels, "voxel")}` : ""}`, onclick: () => act.label(label) }, h("i", { class: "ccds-swatch", style: `background:${state.colours[(label - 1) % state.colours.length]}` }), `${label}${one?.name ? ` ${one.name}` : ""}`, one?.voxels ? h("span", { class: "ccds-muted" }, grouped(one.voxels)) : null);
      }),
    ),
    h("label", { class: "ccds-named" }, h("span", {}, "Brush"), h("span", { class: "ccds-slid" }, h("input", { type: "range", "data-focus": "brush", min: 1, max: 41, step: 2, value: state.brush, "aria-label": "Size of the brush, pixels", oninput: (event) => act.brush(event.target.valueAsNumber) }), h("span", { class: "ccds-time" }, `${state.brush} px`))),
    h("label", { class: "ccds-check" }, h("input", { type: "checkbox", "data-focus": "over", checked: state.onlyEmpty, onchange: (event) => act.onlyEmpty(event.target.checked) }), "leave other labels alone"),
    h("span", { class: "ccds-space" }),
    h("div", { class: "ccds-labels" },
      h("button", { class: "ccds-button", "data-focus": "undo", disabled: !drawing.undoable, onclick: act.undo }, "Undo", h("kbd", {}, "z")),
      h("button", { class: "ccds-button", "data-focus": "save", disabled: !drawing.changed, onclick: act.save }, "Save the mask", h("kbd", {}, "s")),
      h("button", { class: "ccds-button", "data-focus": "leave", onclick: act.leave }, "Leave", h("kbd", {}, "Esc")),
    ),
  );
}

function swatch(colour, text) {
  return h("span", { class: "ccds-legend" }, h("i", { class: "ccds-swatch", style: `background:${colour}` }), text);
}
