// Volumes that are unlike the others of their scanner, and those that can't be read: each a button that opens it.

/** "spacing S–I: 5 mm, usually 1 mm". */
function said(one, { modality }) {
  const kind = one.what.split(" ")[0];
  const unit = { spacing: "\u00a0mm", shape: "\u00a0voxels" }[kind] ?? (modality === "CT" && !one.after ? "\u00a0HU" : "");
  return `${one.what}: ${number(one.value)}${unit}, usually ${number(one.usual)}${unit}`;
}

function drawUnlike(state, act) {
  const broken = state.volumes.map((volume, place) => ({ volume, place })).filter(({ volume }) => volume.error);
  const settled = state.at_work ? "None so far." : "None: every volume is within 3.5 robust standard deviations of its scanner’s median.";
  return [
    h("h3", {}, "Unlike the others of their scanner"),
    state.unlike.length ? h("p", { class: "ccds-muted" }, "By more than 3.5 robust standard deviations, the most unlike first; a click opens one in the preview below.") : null,
    state.unlike.length ? h("ol", { class: "ccds-list" }, ...state.unlike.map((one) => drawOne(state, act, one))) : h("p", { class: "ccds-muted" }, settled),
    broken.length ? h("h3", { class: "ccds-broken" }, `${counted(broken.length, "volume")} that can’t be measured`) : null,
    broken.length ? h("ol", { class: "ccds-list" }, ...broken.slice(0, 60).map(({ volume, place }) => drawBroken(state, act, volume, place))) : null,
  ];
}

function drawOne(state, act, { volume, what }) {
  const [first, ...rest] = what;
  const scanner = state.scanners[state.volumes[volume].scanner];
  return row(
    state,
    act,
    volume,
    h("span", { class: "ccds-when" }, first.after ? "after" : "before"),
    h("span", {}, said(first, scanner), rest.length ? h("span", { class: "ccds-muted ccds-more", title: rest.map((one) => `${one.after ? "after" : "before"}: ${said(one, scanner)}`).join("\n") }, ` and ${rest.length} more`) : null),
    h("span", { class: "ccds-muted ccds-far" }, first.z > 999 ? "> 999 deviations" : `${number(first.z)} deviations`),
  );
}

function drawBroken(state, act, volume, place) {
  return row(state, act, place, h("span", { class: "ccds-why" }, volume.error));
}

function row(state, act, place, ...cells) {
  const { id, scanner } = state.volumes[place];
  const open = state.opened === place;
  return h(
    "li",
    {},
    h(
      "button",
      { class: "ccds-unlike", "data-focus": `open-${place}`, "data-open": String(open), "aria-current": open ? "true" : null, title: "Open it in the preview", onclick: () => act.choose(place) },
      h("span", { class: "ccds-id" }, id),
      h("span", { class: "ccds-muted ccds-of", title: scannerName(state.scanners[scanner]) }, scannerName(state.scanners[scanner])),
      ...cells,
    ),
  );
}
