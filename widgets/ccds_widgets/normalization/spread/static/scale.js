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
function domain(values, pad = 0.04) {
  if (!values.length) return [0, 1];
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const far = Math.max(6 * (high - low), Math.abs(high) * 0.25, 1e-6);
  const first = Math.max(sorted[0], low - far);
  const last = Math.min(sorted.at(-1), high + far);
  const room = (last - first) * pad || Math.abs(first) * 0.05 || 0.5;
  return [first - room, last + room];
}

/** A function from values to pixels; what lies outside goes to the end. */
function scale([low, high], from, to) {
  return (value) => Math.min(to, Math.max(from, from + ((value - low) / (high - low)) * (to - from)));
}

/** Round numbers in the domain, few. */
function ticks([low, high], many = 4) {
  const rough = (high - low) / many;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return found;
}
