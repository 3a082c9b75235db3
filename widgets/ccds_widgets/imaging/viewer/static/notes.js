// What is to be known about a volume, told by the viewer and beside series in the lists: joined before the scripts of both.

/** A line each: what was corrected, its warnings, and who let what pass, when and why. */
function drawNotes({ corrected, warnings, passed }) {
  const line = (...words) => h("p", { class: "ccds-beside" }, ...words);
  return [
    ...corrected.map((text) => line(text[0].toUpperCase(), text.slice(1), ".")),
    ...warnings.map((text) => line(h("b", {}, "Warning: "), text)),
    ...passed.map(({ code, note, person, at }) => line(h("b", {}, `Let pass: ${code}`), ` by ${person}, ${moment(at)}: `, h("q", {}, note))),
  ];
}
