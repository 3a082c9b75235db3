// From values to places: scales that a column's charts share, and their ticks.

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with properties and children. */
function s(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The value below which a share of the sorted `values` lies. */
function quantile(values, share) {
  return values[Math.round(share * (values.length - 1))];
}

/**
 * The part of the axis that is drawn: all of `values`, but for those that lie far outside, which are drawn at its end: one volume of
 * other units must not squeeze all others into a line.
 */
function extent(values) {
  if (!values.length) return [0, 1];
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const far = Math.max(6 * (high - low), Math.abs(high) * 0.25, 1e-6);
  return [Math.max(sorted[0], low - far), Math.min(sorted.at(-1), high + far)];
}

/** An extent with some room at both ends. */
function roomy([first, last], pad = 0.04) {
  const room = (last - first) * pad || Math.abs(first) * 0.05 || 0.5;
  return [first - room, last + room];
}

/** A function from values to pixels; what lies outside goes to the end. */
function scale([low, high], from, to) {
  return (value) => Math.min(to, Math.max(from, from + ((value - low) / (high - low)) * (to - from)));
}

/** Round numbers in the domain, about so many, three at least. */
function ticks([low, high], many = 4) {
  const rough = (high - low) / many;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = [0.5, 1, 2, 5, 10].map((one) => one * power);
  const count = (step) => Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  const coarse = steps.findIndex((one) => one >= rough);
  const step = steps.slice(0, coarse + 1).findLast((one) => count(one) >= 3) ?? steps[0];
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return found;
}
