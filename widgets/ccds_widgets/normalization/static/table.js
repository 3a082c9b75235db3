// The intensities in numbers: percentiles, means, and the two tissues that Otsu's threshold parts.

const PERCENTILES = [1, 25, 50, 75, 99];

function drawTable(state) {
  const rows = state.results.flatMap((result, place) =>
    result ? Object.entries(result.sides).map(([side, { numbers }], at) => drawRow(state, { place, side, numbers, first: at === 0 })) : [],
  );
  const every = Math.max(...state.results.filter(Boolean).flatMap((result) => Object.values(result.sides).map(({ numbers }) => numbers.every)));
  const head = (text, more = {}) => h("th", { scope: "col", ...more }, text);
  return [
    h("h3", {}, "Intensities"),
    h(
      "div",
      { class: "ccds-table-box", tabindex: 0, role: "region", "aria-label": "Intensities, table" },
      h(
        "table",
        { class: "ccds-table" },
        h(
          "thead",
          {},
          h("tr", {}, head("Volume"), ...PERCENTILES.map((percent) => head(`${percent} %`)), head("Mean"), head("Darker tissue"), head("Brighter tissue")),
        ),
        h("tbody", {}, ...rows),
      ),
    ),
    h("p", { class: "ccds-muted ccds-note" }, `Percentiles of the whole volume${every > 1 ? ", of a sample where it is large" : ""}. Tissues: mean ± standard deviation (share of voxels) below and above Otsu’s threshold.`),
  ];
}

function drawRow(state, { place, side, numbers, first }) {
  const several = state.chosen.length > 1;
  const tissue = (one) => (one ? `${intensity(one.mean)}\u00a0±\u00a0${intensity(one.deviation)} (${short(100 * one.share, 0)}\u00a0%)` : "none");
  return h(
    "tr",
    { "data-first": String(first) },
    h("th", { scope: "row" }, several ? h("i", { class: "ccds-swatch", "data-study": place, "aria-hidden": "true" }) : null, several ? `${place + 1} ` : "", side === "beside" ? besideWords(state).toLowerCase() : side),
    ...numbers.percentiles.map((value) => h("td", {}, intensity(value))),
    h("td", {}, intensity(numbers.mean)),
    h("td", { class: "ccds-tissue" }, tissue(numbers.darker)),
    h("td", { class: "ccds-tissue" }, tissue(numbers.brighter)),
  );
}
