// Who is assigned what, how far they are, and at which pace.

const BATCH_HEADS = ["Labeler", "Answered", "Confirmed", "Corrected", "Flagged", "Skipped", "In hand", "Median time", "Last answer"];

function drawBatches(state) {
  const { batches } = state;
  if (!batches.length) return [nothingRated(state.overview)];
  return [h("header", { class: "ccds-part-head" }, h("h2", {}, "Batches")), ...batches.map(drawBatch)];
}

function drawBatch(batch) {
  return h(
    "section",
    { class: "ccds-batch-of", "aria-label": batch.name },
    h("h3", {}, batch.name),
    h("p", { class: "ccds-muted" }, `Made ${batch.made}; ${batch.overlap}.`),
    h("div", { class: "ccds-done-of" }, h("progress", { value: batch.share, max: 1, "aria-label": `${batch.name}: done` }), h("b", {}, held(batch.done))),
    batch.labelers.length
      ? h(
          "table",
          { class: "ccds-plain", "aria-label": `${batch.name}: labelers` },
          h("thead", {}, h("tr", {}, BATCH_HEADS.map((head) => h("th", { scope: "col" }, head)))),
          h(
            "tbody",
            {},
            batch.labelers.map((one) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, one.name, one.assigned ? null : h("span", { class: "ccds-muted" }, " withdrawn")),
                ["answered", "confirmed", "corrected", "flagged", "skipped", "held"].map((key) => h("td", {}, grouped(one[key]))),
                h("td", {}, held(one.median)),
                h("td", {}, one.last),
              ),
            ),
          ),
        )
      : h("p", { class: "ccds-hint" }, "Nobody is assigned to it yet. A fellow does that on the screen Confirm."),
  );
}
