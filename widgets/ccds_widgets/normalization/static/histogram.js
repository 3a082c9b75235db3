// How intensities are spread, before and after: bars on a logarithmic scale, as air and clipped voxels outnumber all else.

const DECADES = 4; // bars shorter than this below the highest one stay a thin line

function drawHistogram(state, side) {
  const { histogram, range } = state.result[side];
  const { low, high, counts } = histogram;
  const top = Math.log10(Math.max(...counts));
  const bars = counts.map((count) => {
    const bar = h("i");
    bar.style.height = `${count ? Math.max(2, 100 * (1 + (Math.log10(count) - top) / DECADES)) : 0}%`;
    return bar;
  });
  const unit = unitOf(state, "HU");
  const words = `${intensity(range[0])} to ${intensity(range[1])} ${side === "before" ? unit : ""}`.trimEnd();
  const window = side === "before" ? recipeWindow(state) : null;
  return [
    h("div", { class: "ccds-bars", role: "img", "aria-label": `Histogram ${side}: ${words}, ${grouped(counts.reduce((all, one) => all + one))} voxels` }, drawBand(window, low, high, unit), ...bars),
    h("div", { class: "ccds-scale" }, h("span", {}, intensity(low)), h("span", { class: "ccds-muted" }, `${words} · log`), h("span", {}, intensity(high))),
  ];
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
