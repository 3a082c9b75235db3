// What is in a file. Words become text nodes, pictures go to <img>: nothing of it is ever read as HTML or run.

let pictureUrl = null;

function drawPreview(preview, name, act) {
  if (pictureUrl) URL.revokeObjectURL(pictureUrl);
  pictureUrl = null;
  if (!preview) return h("p", { class: "ccds-muted" }, "Opening the file …");
  const note = preview.note ? h("p", { class: "ccds-muted" }, preview.as === "nothing" ? preview.note : `Shown: ${preview.note}.`) : null;
  return [PREVIEWS[preview.as]?.(preview, name), note, drawPages(preview, act)];
}

function drawPages({ page, pages }, act) {
  if (!pages || pages < 2) return null;
  const turn = (delta, words, key) =>
    h("button", { class: "ccds-button", type: "button", "data-focus": `page-${words}`, disabled: page + delta < 0 || page + delta >= pages, onclick: () => act.turn(delta) }, words, h("kbd", {}, key));
  return h("div", { class: "ccds-pages", role: "group", "aria-label": "Pages" }, turn(-1, "Previous page", "p"), h("span", {}, `Page ${grouped(page + 1)} of ${grouped(pages)}`), turn(1, "Next page", "n"));
}

const PREVIEWS = {
  table: ({ header, rows, first }, name) =>
    h(
      "div",
      { class: "ccds-scroll", tabindex: 0, role: "region", "aria-label": `Table ${name}` },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, h("th", { class: "ccds-line" }, ""), header.map((cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, rows.map((row, at) => h("tr", {}, h("th", { class: "ccds-line", scope: "row" }, String(first + at)), row.map((cell) => h("td", {}, cell))))),
      ),
    ),
  picture: ({ type, buffers }, name) => {
    pictureUrl = URL.createObjectURL(new Blob([buffers[0]], { type }));
    return h("img", { class: "ccds-picture", src: pictureUrl, alt: `The figure ${name}` });
  },
  notebook: ({ cells }) =>
    h("ol", { class: "ccds-cells" }, cells.map((cell) => h("li", {}, h("span", { class: "ccds-line" }, `cell ${cell.number}, ${cell.kind}`), h("pre", { tabindex: 0 }, cell.source)))),
  text: ({ text }, name) => h("pre", { class: "ccds-scroll", tabindex: 0, "aria-label": `Text ${name}` }, text),
};
