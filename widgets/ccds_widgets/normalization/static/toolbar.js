// Above the pictures: which volume, which plane, and the window through which the picture before is shown.

function drawToolbar(state, act, keys) {
  const study = h(
    "select",
    { class: "ccds-field ccds-study", "data-focus": "study", "aria-label": "Study", onchange: (event) => act.choose(event.target.value) },
    ...state.volumes.map((volume) => h("option", { value: volume.id, selected: volume.id === state.volume }, volume.words)),
  );
  return [study, h("button", { class: "ccds-button", type: "button", "data-focus": "keys", title: "Keys (?)", "aria-label": "Keys (?)", onclick: () => keys.showModal() }, "Keys", h("kbd", {}, "?"))];
}

function drawView(state, act) {
  return [
    h(
      "div",
      { class: "ccds-planes", role: "radiogroup", "aria-label": "Plane" },
      ...PLANES.map((plane) =>
        h(
          "label",
          { class: "ccds-plane" },
          h("input", { type: "radio", name: `${state.prefix}-plane`, "data-focus": `plane-${plane}`, checked: plane === state.plane, onchange: () => act.plane(plane) }),
          plane,
        ),
      ),
    ),
    h("span", { class: "ccds-space" }),
    drawDisplay(state, act),
  ];
}

function drawDisplay(state, act) {
  const known = DISPLAYS.findIndex(([, one]) => sameDisplay(one, state.display));
  const number = (part) =>
    h("input", {
      class: "ccds-field",
      size: 5,
      inputmode: "decimal",
      "data-focus": `display-${part}`,
      "aria-label": `Display ${part}`,
      value: String(state.display[part]),
      onchange: (event) => {
        const changed = { ...state.display, [part]: Number(event.target.value) };
        if (Number.isFinite(changed.center) && changed.width >= 1e-3) act.display(changed);
        else act.refuse(`Expected a ${part} as a number${part === "width" ? " above 0" : ""}; found “${event.target.value.slice(0, 20)}”; type it again.`);
      },
    });
  return h(
    "div",
    { class: "ccds-display" },
    h("span", { class: "ccds-muted" }, "Before as"),
    h(
      "select",
      {
        class: "ccds-field",
        "data-focus": "display",
        "aria-label": "Display window of the picture before",
        onchange: (event) => act.display(DISPLAYS[Number(event.target.value)][1]),
      },
      ...DISPLAYS.map(([name], at) => h("option", { value: at, selected: at === known }, name)),
      known < 0 ? h("option", { value: -1, selected: true, disabled: true }, "Own") : null,
    ),
    ...(state.display ? [h("span", { class: "ccds-muted" }, "center"), number("center"), h("span", { class: "ccds-muted" }, "width"), number("width")] : []),
  );
}
