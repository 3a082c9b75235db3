// Above the pictures: which volumes, which plane, what is beside, and the window through which the picture before is shown.

function drawToolbar(state, act, keys) {
  const { chosen, volumes } = state;
  const several = chosen.length > 1;
  const studies = chosen.map((id, place) => {
    const others = chosen.filter((one) => one !== id);
    let here = id; // what the list says now, which may be newer than what is drawn
    const change = ({ target: { value } }) => {
      const before = here;
      here = value;
      act.choose((now) => now.map((one) => (one === before ? value : one)));
    };
    const select = h(
      "select",
      {
        class: "ccds-field ccds-study",
        "data-focus": `study-${place}`,
        "aria-label": several ? `Study ${place + 1}` : "Study",
        onchange: change,
      },
      ...volumes.filter((volume) => !others.includes(volume.id)).map((volume) => h("option", { value: volume.id, selected: volume.id === id }, volume.words)),
    );
    const remove = h(
      "button",
      { class: "ccds-icon", type: "button", "data-focus": `less-${place}`, "aria-label": `Remove study ${place + 1}`, title: "Remove", onclick: () => act.choose((now) => now.filter((one) => one !== here)) },
      "×",
    );
    return h("div", { class: "ccds-study-choice" }, several ? h("i", { class: "ccds-swatch", "data-study": place, "aria-hidden": "true" }) : null, select, several ? remove : null);
  });
  const [shown, all] = scannersShown(state);
  const rest = volumes.filter((volume) => !chosen.includes(volume.id));
  const button = (focus, words, hint, run, off) => h("button", { class: "ccds-button", type: "button", "data-focus": focus, title: hint, disabled: off, onclick: run }, words);
  return [
    h("div", { class: "ccds-study-choices" }, ...studies),
    h(
      "div",
      { class: "ccds-study-buttons" },
      button("more", "Add a study", `Up to ${MOST_STUDIES} side by side`, () => act.choose((now) => oneMore(state, now)), !rest.length || chosen.length >= MOST_STUDIES),
      button("each", "One of each scanner", "One volume of each scanner and spacing", () => act.choose(() => oneOfEach(state)), !rest.length),
      shown < all && several ? h("span", { class: "ccds-muted" }, `${shown} of ${counted(all, "scanner")}`) : null,
      h("button", { class: "ccds-button", type: "button", "data-focus": "keys", title: "Keys (?)", "aria-label": "Keys (?)", onclick: () => keys.showModal() }, "Keys", h("kbd", {}, "?")),
    ),
  ];
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
    state.files.length ? drawBeside(state, act) : null,
    h("span", { class: "ccds-space" }),
    drawDisplay(state, act),
  ].filter(Boolean);
}

function drawBeside(state, act) {
  return h(
    "div",
    { class: "ccds-display" },
    h("span", { class: "ccds-muted" }, "Compare with"),
    h(
      "select",
      { class: "ccds-field ccds-beside", "data-focus": "beside", "aria-label": "Saved recipe beside", onchange: (event) => act.beside(event.target.value || null) },
      h("option", { value: "" }, "no saved recipe"),
      ...state.files.map((file) => h("option", { value: file, selected: file === state.beside }, file.replace(/\.yaml$/, ""))),
    ),
  );
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
