// How many series are in quarantine, by reason and scanner: a click on a number, a reason or a scanner shows those.

function drawMatrix(state, act) {
  const { counts, meanings } = state.list;
  const codes = [...new Set(counts.map(({ code }) => code))];
  const scanners = [...new Set(counts.map(({ scanner }) => scanner))].sort((a, b) => !a - !b || a.localeCompare(b)); // unknown ones last
  const sum = (wanted) => counts.filter(wanted).reduce((all, { series }) => all + series, 0);
  const most = Math.max(...counts.map(({ series }) => series));
  const cell = (code, scanner, number) => {
    const chosen = state.code === code && state.scanner === scanner;
    const words = dotted(code ?? "every reason", scanner === null ? "every scanner" : scanner || UNKNOWN_SCANNER);
    return h(
      "button",
      { class: "ccds-count", "data-focus": `count-${code}-${scanner}`, "aria-pressed": String(chosen), "aria-label": `${grouped(number)} series: ${words}`, onclick: () => act.filter(chosen ? null : code, chosen ? null : scanner) },
      grouped(number),
    );
  };
  const row = (code) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", title: meanings[code] }, code),
      scanners.map((scanner) => {
        const number = sum((one) => one.code === code && one.scanner === scanner);
        return h("td", { style: `--strength: ${Math.round((100 * number) / most)}%` }, number ? cell(code, scanner, number) : null);
      }),
      scanners.length > 1 ? h("td", {}, cell(code, null, sum((one) => one.code === code))) : null,
    );
  return h(
    "div",
    { class: "ccds-scroll" },
    h(
      "table",
      { class: "ccds-matrix", "aria-label": "Series in quarantine by reason and scanner" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Reason"), scanners.map((scanner) => h("th", { scope: "col" }, scanner || UNKNOWN_SCANNER)), scanners.length > 1 ? h("th", { scope: "col" }, "All") : null)),
      h("tbody", {}, codes.map(row)),
      codes.length > 1
        ? h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "All"), scanners.map((scanner) => h("td", {}, cell(null, scanner, sum((one) => one.scanner === scanner)))), scanners.length > 1 ? h("td", {}, cell(null, null, sum(() => true))) : null))
        : null,
    ),
  );
}
