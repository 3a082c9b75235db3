// One study: every series, why it was chosen or not, and what people said.

function drawHead({ shown }) {
  return [
    h("div", { class: "ccds-title" }, h("h2", {}, "Study ", h("span", { class: "ccds-key" }, shown.key)), shown.codes.map((code) => h("span", { class: "ccds-chip", "data-tone": 0 }, code))),
    h(
      "p",
      {},
      shown.chosen ? h("b", {}, `${seriesName(shown.chosen)} is chosen`) : h("b", { class: "ccds-no-series" }, "No series is chosen"),
      shown.overruled_by ? h("span", {}, ` by ${shown.overruled_by}. The rules alone: ${shown.line.split("; ").slice(1).join("; ")}.`) : h("span", { class: "ccds-muted" }, ` by the rules: ${shown.line}.`),
    ),
  ];
}

function drawSeries(state, act, pictures) {
  const { shown, may_write: mayWrite } = state;
  if (!shown.all_series.length) return h("p", { class: "ccds-hint" }, "No file of this study can be read. Make volumes on the screen “Quarantine” to have it noted there.");
  const numeric = (value) => (value === null ? "–" : String(Math.round(value * 100) / 100));
  const digits = new Map([...digitsOf(shown.all_series)].map(([digit, one]) => [one.name, digit]));
  const row = (one) => [
    h(
      "tr",
      { "data-chosen": String(one.chosen), "data-excluded": String(one.excluded) },
      h("td", { class: "ccds-picture-cell" }, one.excluded ? h("span", { class: "ccds-picture ccds-no-picture" }, "no slices") : pictures.of(shown.key, one.name, `Middle slice of ${seriesName(one)}`)),
      h("th", { scope: "row", title: one.name }, one.number ?? "–"),
      h("td", { title: one.scanner }, one.modality || "–"),
      h("td", {}, one.plane || "–"),
      h("td", { class: "ccds-figure" }, numeric(one.thickness_mm)),
      h("td", {}, one.kernel || "–"),
      h("td", {}, one.contrast ? "named" : "–"),
      h("td", { class: "ccds-figure", title: counted(one.files, "file") }, grouped(one.images)),
      h("td", { class: "ccds-why" }, one.chosen ? h("span", { class: "ccds-chip", "data-tone": 2 }, "chosen") : null, one.why_not.map((why) => h("span", { class: "ccds-why-not" }, why)), volumeOf(one, shown.key, act)),
      mayWrite
        ? h(
            "td",
            {},
            !canChoose(one)
              ? null
              : h("button", { class: "ccds-button", "data-focus": `choose-${one.name}`, "aria-label": `Choose ${seriesName(one)}`, title: digits.has(one.name) ? `Choose (${digits.get(one.name)})` : "Choose", onclick: () => act.choose(one.name) }, "Choose", digits.has(one.name) ? h("kbd", {}, digits.get(one.name)) : null),
          )
        : null,
    ),
    besideOf(one, mayWrite),
  ];
  const heads = ["", "No.", "Modality", "Plane", "Thickness, mm", "Kernel", "Contrast", "Slices", "Chosen, or why not", ...(mayWrite ? [""] : [])];
  const numbers = new Set(["Thickness, mm", "Slices"]);
  return h(
    "div",
    { class: "ccds-scroll" },
    h("table", { class: "ccds-table" }, h("thead", {}, h("tr", {}, heads.map((head) => (head ? h("th", { scope: "col", class: numbers.has(head) && "ccds-figure" }, head) : h("td", {}))))), h("tbody", {}, shown.all_series.flatMap(row))),
  );
}

/** Another one than is chosen, that has slices. */
function canChoose({ excluded, chosen }) {
  return !excluded && !chosen;
}

function volumeOf({ name, chosen, volume }, study, act) {
  if (!volume) return chosen ? h("span", { class: "ccds-muted" }, "no volume yet") : null;
  if (volume.status === "accepted")
    return h("button", { class: "ccds-link", "data-focus": `look-${name}`, title: chosen ? "Look at its volume (v)" : "Look at its volume", onclick: () => act.lookAt({ study, series: name }) }, "look at its volume");
  return h("span", { class: "ccds-no-series" }, `in quarantine: ${volume.line}`);
}

/** What should be known of its volume, over the whole width below it. */
function besideOf({ chosen, volume }, mayWrite) {
  const lines = volume ? drawNotes(volume) : [];
  return lines.length ? h("tr", { class: "ccds-beside-row", "data-chosen": String(chosen) }, h("td", { class: "ccds-picture-cell" }), h("td", { colspan: mayWrite ? 9 : 8 }, lines)) : null;
}

function drawChoosing(state, act) {
  const { shown, choosing, may_write: mayWrite } = state;
  if (!mayWrite) return h("p", { class: "ccds-muted" }, "Who may write this project’s images can choose another series.");
  if (!choosing) return shown.chosen && shown.all_series.length ? h("button", { class: "ccds-button", "data-focus": "choose-none", onclick: () => act.choose(null) }, "Choose none of them", h("kbd", {}, "0")) : null;
  const one = shown.all_series.find(({ name }) => name === choosing.series);
  return noteForm(choosing, {
    label: "Overrule the rules",
    title: one ? `${seriesName(one)} is to be the volume` : "None of them is to be the volume",
    placeholder: "Why: the people of the project read it",
    keep: "Keep",
    busy: state.busy,
    send: () => act.overrule(),
    cancel: () => act.cancel(),
  });
}

function drawSaid({ shown }) {
  if (!shown.said.length) return null;
  return [
    h("h3", {}, "What people said, the newest first"),
    h(
      "ol",
      { class: "ccds-said-list" },
      shown.said.map((said) => h("li", {}, h("b", {}, said.series ? seriesName({ number: said.number, name: said.series }) : "none"), h("span", { class: "ccds-note" }, said.note), h("span", { class: "ccds-muted" }, `${said.person}, ${moment(said.at)}`))),
    ),
  ];
}
