// How numbers and places are written.

const AXES = [
  ["R", "L"],
  ["A", "P"],
  ["S", "I"],
];

/** A number with at most `digits` decimals, no zeros at its end, a true minus sign. */
function short(number, digits = 2) {
  const text = String(Number(number.toFixed(digits)) + 0);
  return text.replace("-", "−");
}

/** An intensity: whole where it is large. */
function intensity(number) {
  const size = Math.abs(number);
  return short(number, size >= 100 ? 0 : size >= 10 ? 1 : 3);
}

/** "3.2 × 3.2 × 5 mm". */
function spacingWords(spacing) {
  return `${spacing.map((one) => short(one)).join(" × ")} mm`;
}

/** A coordinate along a patient's axis, "S 12.5 mm" or "I 3 mm". */
function placeWords(axis, mm) {
  const [positive, negative] = AXES[axis];
  return `${mm < 0 ? negative : positive} ${short(Math.abs(mm), 1)} mm`;
}

/** The volumes with their `words`, what they are compared by first: "Sample Scan 64 · 3.2 × 3.2 × 5 mm · study abcdefgh…". */
function withWords(volumes) {
  const ofStudy = Map.groupBy(volumes, (one) => one.study);
  return volumes.map((one) => ({ ...one, words: volumeWords(one, ofStudy.get(one.study)) }));
}

function volumeWords(volume, siblings) {
  const key = volume.study.length > 12 ? `${volume.study.slice(0, 8)}…` : volume.study;
  const words = [];
  if (volume.scanner) words.push(volume.scanner);
  if (volume.spacing_mm.length) words.push(spacingWords(volume.spacing_mm));
  words.push(`study ${key}`);
  if (siblings.length > 1) words.push(`volume ${siblings.indexOf(volume) + 1} of ${siblings.length}`);
  return words.join(" · ");
}

/** What a step does, in a word or two more than its name. */
const STEP_WORDS = {
  reorient: "turn axes",
  resample: "new spacing",
  crop_pad: "cut or add at the sides",
  foreground: "mark the body",
  window: "range to 0–1",
  clip: "cut extremes",
  rescale: "stretch to a range",
  z_score: "mean 0, SD 1",
  nyul: "percentiles to landmarks",
  white_stripe: "white matter to 0, SD 1",
  n4: "even out MR's bias field",
};
