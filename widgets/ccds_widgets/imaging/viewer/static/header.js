// The headers of the files that a volume was made of: a table that typed words filter.

/** The list of `rows`: [tag, keyword, VR, value or null, how many values]. */
function headerDialog({ files, rows }) {
  const body = h("tbody", {});
  const count = h("p", { class: "ccds-muted", role: "status" });
  const field = h("input", { class: "ccds-field", spellcheck: "false", autofocus: true, "aria-label": "Filter by tag, keyword or value", placeholder: "tag, keyword or value", oninput: draw });
  const dialog = h(
    "dialog",
    { class: "ccds-header", "aria-label": "DICOM header" },
    h("div", { class: "ccds-toolbar" }, h("h2", {}, "DICOM header"), field, count, h("span", { class: "ccds-space" }), h("button", { class: "ccds-button", onclick: () => dialog.close() }, "Close", h("kbd", {}, "Esc"))),
    h("p", { class: "ccds-muted" }, `Of ${counted(files, "file")}. Names, ids, dates, UIDs, private elements and typed text stay hidden: they may say who the patient is.`),
    h("div", { class: "ccds-header-rows", tabindex: 0, role: "region", "aria-label": "Elements" }, h("table", {}, h("thead", {}, h("tr", {}, ...["Tag", "Keyword", "VR", "Value"].map((name) => h("th", { scope: "col" }, name)))), body)),
  );

  function draw() {
    const words = field.value.toLowerCase().split(/\s+/u).filter(Boolean);
    const found = rows.filter(([tag, keyword, , value]) => words.every((word) => `(${tag}) ${tag.replace(",", "")} ${keyword} ${value ?? ""}`.toLowerCase().includes(word)));
    body.replaceChildren(
      ...found.map(([tag, keyword, vr, value, values]) =>
        h("tr", {}, h("td", {}, `(${tag.replaceAll(" > ", ") > (")})`), h("td", {}, keyword), h("td", {}, vr), value === null ? h("td", { class: "ccds-muted" }, "hidden") : h("td", {}, value, values > 1 ? h("span", { class: "ccds-muted" }, ` and ${grouped(values - 1)} more`) : null)),
      ),
    );
    count.textContent = found.length ? `${grouped(found.length)} of ${counted(rows.length, "element")}` : "Nothing fits; try part of a keyword.";
  }

  draw();
  return dialog;
}
