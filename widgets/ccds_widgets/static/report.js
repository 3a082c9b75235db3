// What a report's screen does with its page: charts as wide as it, tables open on paper. Beside report.css.

/** Calls `draw` when `root` has another width than before: also once at first. */
function drawAtEachWidth(root, draw, signal) {
  let drawnFor = 0;
  const watch = new ResizeObserver(() => {
    if (root.clientWidth === drawnFor) return; // only the height changed, as drawing itself does
    drawnFor = root.clientWidth;
    requestAnimationFrame(draw);
  });
  watch.observe(root);
  signal.addEventListener("abort", () => watch.disconnect());
}

/** Opens `details` for as long as the page is printed. */
function openWhilePrinted(details, signal) {
  let opened = false;
  window.addEventListener("beforeprint", () => {
    opened = details.open;
    details.open = true;
  }, { signal });
  window.addEventListener("afterprint", () => {
    details.open = opened;
  }, { signal });
}
