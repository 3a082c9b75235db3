// What is in a file. Words become text nodes, pictures go to <img>: nothing of it is ever read as HTML or run.

let pictureUrl = null;

function drawPreview(preview, name) {
  if (pictureUrl) URL.revokeObjectURL(pictureUrl);
  pictureUrl = null;
  if (!preview) return h("p", { class: "ccds-muted" }, "Opening the file …");
  const note = preview.note ? h("p", { class: "ccds-muted" }, preview.as === "nothing" ? preview.note : `Shown: ${preview.note}.`) : null;
  return [PREVIEWS[preview.as]?.(preview, name), note];
}

const PREVIEWS = {
  table: ({ header, rows }, name) =>
    h(
      "div",
      { class: "ccds-scroll", tabindex: 0, role: "region", "aria-label": `Table ${name}` },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, h("th", { class: "ccds-line" }, ""), header.map((cell) => h("th", { scope: "col" }, cell)))),
        // The line in the file, as the scan counts them: the first has the columns' names.
        h("tbody", {}, rows.map((row, at) => h("tr", {}, h("th", { class: "ccds-line", scope: "row" }, String(at + 2)), row.map((cell) => h("td", {}, cell))))),
      ),
    ),
  picture: ({ type, buffers }, name) => {
    pictureUrl = URL.createObjectURL(new Blob([buffers[0]], { type }));
    return h("img", { class: "ccds-picture", src: pictureUrl, alt: `The figure ${name}` });
  },
  notebook: ({ cells }) =>
    h("ol", { class: "ccds-cells" }, cells.map((cell, at) => h("li", {}, h("span", { class: "ccds-line" }, `cell ${at + 1}, ${cell.kind}`), h("pre", { tabindex: 0 }, cell.source)))),
  text: ({ text }, name) => h("pre", { class: "ccds-scroll", tabindex: 0, "aria-label": `Text ${name}` }, text),
};
