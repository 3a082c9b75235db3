// How intensities are spread, before and after, the studies one over the other: on a logarithmic scale, as air and clipped
// voxels outnumber all else.

const DECADES = 4; // what is rarer than this below the most frequent intensity stays at the bottom

function drawing(tag, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

function drawHistogram(state, side) {
  const shown = state.results.flatMap((result, place) => {
    if (!result?.sides[side]) return [];
    const source = (side === "after" && glimpseOf(state, result)) || result.sides[side];
    return [{ place, ...source }];
  });
  if (!shown.length) return [];
  const low = Math.min(...shown.map(({ histogram }) => histogram.low));
  const high = Math.max(...shown.map(({ histogram }) => histogram.high));
  const unit = side === "before" ? unitOf(state, "HU") : "";
  const [from, to] = [Math.min(...shown.map(({ range }) => range[0])), Math.max(...shown.map(({ range }) => range[1]))];
  const words = `${intensity(from)} to ${intensity(to)} ${unit}`.trimEnd();
  const voxels = shown.length === 1 ? `, ${grouped(shown[0].histogram.counts.reduce((all, one) => all + one))} voxels` : ` in ${shown.length} studies`;
  const chart = drawing("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, ...shown.map((one) => drawLine(one, low, high)));
  const window = side === "before" ? recipeWindow(state) : null;
  return [
    h("p", { class: "ccds-chart-head" }, h("b", {}, side === "beside" ? besideWords(state) : TITLES[side]), h("span", { class: "ccds-muted" }, `${words} · log`)),
    h("div", { class: "ccds-bars", role: "img", "aria-label": `Histogram ${side}: ${words}${voxels}` }, drawBand(window, low, high, unit), chart),
    h("div", { class: "ccds-scale" }, h("span", {}, intensity(low)), h("span", {}, intensity(high))),
  ];
}

/** One study's: an outline, filled. */
function drawLine({ histogram, place }, low, high) {
  const { counts } = histogram;
  const top = Math.log10(Math.max(...counts, 1));
  const wide = (histogram.high - histogram.low) / counts.length;
  const across = (value) => (100 * (value - low)) / (high - low);
  const points = counts.flatMap((count, at) => {
    const y = count ? Math.min(100, 98 - 96 * Math.max(0, 1 + (Math.log10(count) - top) / DECADES)) : 100;
    const start = histogram.low + at * wide;
    return [`${across(start).toFixed(2)},${y.toFixed(1)}`, `${across(start + wide).toFixed(2)},${y.toFixed(1)}`];
  });
  const ends = [`${across(histogram.low).toFixed(2)},100`, `${across(histogram.high).toFixed(2)},100`];
  return drawing("polygon", { points: [ends[0], ...points, ends[1]].join(" "), "data-study": place, "vector-effect": "non-scaling-stroke" });
}

/** Where the recipe's window lies among the intensities. */
function drawBand(window, low, high, unit) {
  if (!window) return null;
  const place = (value) => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const [from, to] = window.map(place);
  const band = h("span", { class: "ccds-band", title: `The recipe’s window: ${window.map(intensity).join(" to ")} ${unit}`.trimEnd() });
  band.style.left = `${100 * from}%`;
  band.style.width = `${100 * (to - from)}%`;
  return band;
}
