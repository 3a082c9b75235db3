// How many of the studies that the release read were reported in each month, and how many of the reports a phrase matches.

const PARTS = [
  ["studies", "with a labelled report"],
  ["unmatched", "report that no phrase matches"],
];

function drawVolumes(screen, width) {
  const on = plane({ width, height: 208, months: screen.months, ticks: screen.volume_ticks, format: grouped });
  return drawing(
    on,
    `Studies by month of the final report, ${screen.periods.length} values; the arrow keys move from one to the next`,
    hatches(),
    screen.periods.map((one) => {
      const x = on.x(one.first, one.last);
      const half = Math.min(22, on.step * 0.36);
      let below = 0;
      const bars = PARTS.map(([part]) => {
        const [from, to] = [on.y(below), on.y(below + one[part])];
        below += one[part];
        return one[part] ? s("rect", { class: `ccds-bar-${part}`, x: x - half, width: 2 * half, y: to, height: from - to }) : null;
      });
      const lines = [`${one.when}: ${grouped(one.reported)} studies`, ...PARTS.map(([part, words]) => `${grouped(one[part])} ${words}`)];
      return markOf(on, { x, y: on.y(one.reported), text: one.text, lines, focus: `volume-${one.first}`, tone: 0 }, bars);
    }),
  );
}

/** Told apart without colour, too. */
function hatches() {
  return s(
    "defs",
    {},
    s("pattern", { id: "ccds-hatch-unmatched", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { width: 5, height: 5, class: "ccds-hatch-ground" }), s("rect", { width: 2.5, height: 5, class: "ccds-hatch-line" })),
  );
}

function volumesLegend() {
  return h(
    "ul",
    { class: "ccds-legend" },
    PARTS.map(([part, words]) => h("li", {}, s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": true }, hatches(), s("rect", { x: 1, y: 1, width: 12, height: 12, class: `ccds-bar-${part}` })), words)),
  );
}
