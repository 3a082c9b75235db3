// How long nodes were waited for, and how idle sessions were, over the periods.

const WHISKER = (x, low, high) => s("path", { class: "ccds-whisker", d: `M${x} ${low}V${high}M${x - 4} ${low}h8M${x - 4} ${high}h8` });
const P95 = (x, y) => s("path", { class: "ccds-p95", d: `M${x - 6} ${y}h12` });
const LASTING = (x, y) => s("path", { class: "ccds-lasting", d: `M${x} ${y}l5 8h-10Z` });

function drawWaits(screen, node, width, act) {
  const words = new Map(screen.wait_ticks.map((tick) => [tick.place, tick.word]));
  const on = planeOf(screen, width, { height: 232, ticks: [...words.keys()], format: (place) => words.get(place), left: 60 });
  const shown = screen.periods.filter((one) => one.waits[node.key].median !== null || one.waits[node.key].lasting);
  return drawing(
    on,
    `Waits for ${node.name.toLowerCase()} by ${screen.unit}, ${shown.length} values; the arrow keys move from one to the next`,
    shown.map((one) => {
      const waits = one.waits[node.key];
      const x = on.x(one.name);
      const known = waits.median !== null;
      const marks = [
        waits.low === null ? null : WHISKER(x, on.y(waits.low), on.y(waits.high)),
        waits.p95 === null ? null : P95(x, on.y(waits.p95)),
        waits.lasting ? LASTING(x, on.top + 2) : null,
        known ? SHAPES[TONES[node.key]](x, on.y(waits.median), 4.5) : null,
      ];
      const what = { key: `waits-${node.key}`, y: known ? on.y(waits.median) : on.top, text: waits.text, lines: [one.when, ...waits.lines], tone: TONES[node.key], few: waits.few };
      return periodMark(on, one, what, act, marks);
    }),
  );
}

function waitsLegend(screen) {
  const sample = (...children) => s("svg", { width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": true, "data-tone": 0 }, ...children);
  const any = (what) => screen.periods.some((one) => Object.values(one.waits).some(what));
  return h(
    "ul",
    { class: "ccds-legend" },
    h("li", {}, sample(WHISKER(9, 1, 17), SHAPES[0](9, 9, 4.5)), held("median of those that came, with its 95 % interval")),
    any((waits) => waits.few && waits.median !== null) ? h("li", {}, sample(s("g", { class: "ccds-point", "data-few": true }, SHAPES[0](9, 9, 4.5))), "fewer than 6: no interval, too few to conclude from") : null,
    any((waits) => waits.p95 !== null) ? h("li", {}, sample(P95(9, 9)), "95 of 100 within (of 20 or more)") : null,
    any((waits) => waits.lasting) ? h("li", {}, sample(LASTING(9, 5)), "some of that time wait still") : null,
    h("li", { class: "ccds-muted" }, "the scale is logarithmic"),
  );
}

const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

function drawIdle(screen, width, act) {
  const on = planeOf(screen, width, { height: 208, ticks: QUARTERS, format: wholePercent });
  const shown = screen.periods.filter((one) => one.idle.unmeasured || one.idle.share !== null);
  return drawing(
    on,
    `Idle share by ${screen.unit}, ${shown.length} values; the arrow keys move from one to the next`,
    shown.map((one) => {
      const half = Math.min(22, on.step * 0.36);
      const place = { x: on.x(one.name) - half, width: 2 * half };
      const { share } = one.idle;
      const drawn = share === null ? s("rect", { ...place, class: "ccds-unmeasured", y: on.top, height: on.floor - on.top }) : s("rect", { ...place, class: "ccds-idle", y: on.y(share), height: on.floor - on.y(share) });
      return periodMark(on, one, { key: "idle", y: on.y(share ?? 1), text: one.idle.text, lines: [one.when, ...one.idle.lines], tone: 7 }, act, drawn);
    }),
  );
}

function idleLegend(screen) {
  const unmeasured = screen.periods.some((one) => one.idle.share === null && one.idle.unmeasured);
  const sample = (name) => s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": true, "data-tone": 7 }, s("rect", { x: 1, y: 1, width: 12, height: 12, class: name }));
  return h(
    "ul",
    { class: "ccds-legend" },
    h("li", {}, sample("ccds-idle"), "of the GPU-hours of sessions that ended and were measured: nobody worked in them, no code ran, and their GPUs were at rest"),
    unmeasured ? h("li", {}, sample("ccds-unmeasured"), "not measured") : null,
  );
}
