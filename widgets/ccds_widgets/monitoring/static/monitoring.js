// The screen: its parts, when they are drawn, and what it listens to.

const KEPT = "ccds-monitoring";

function render({ model, el }) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  const state = { releases: [], screen: null, metric: kept.metric ?? null, error: null };
  const ending = new AbortController();
  const { signal } = ending;
  const section = (title, ...children) => h("section", { "aria-label": title }, ...children);
  const parts = {
    lost: lostBanner("What you see is what was published when you opened it."),
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    head: h("header", { class: "ccds-head" }),
    verdicts: h("fieldset", { class: "ccds-verdicts" }),
    words: h("div", { class: "ccds-words" }),
    trend: h("div", { class: "ccds-figure" }),
    scanners: h("div", { class: "ccds-figure" }),
    volumes: h("div", { class: "ccds-figure" }),
    few: h("div", {}),
    tables: h("details", { class: "ccds-tables" }),
    said: h("p", { class: "ccds-said", role: "status", "aria-live": "polite" }),
  };
  const trendTitle = h("h3", {});
  const scannersTitle = h("h3", {});
  const enough = h(
    "div",
    {},
    parts.verdicts,
    parts.words,
    section("By month", trendTitle, parts.trend),
    section("By scanner", scannersTitle, parts.scanners),
    section("Studies per month", h("h3", {}, "Studies per month"), parts.volumes),
    parts.tables,
  );
  const body = h("div", { class: "ccds-body", hidden: true }, parts.error, parts.head, enough, parts.few);
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening what is published …"));
  const root = h("div", { class: "ccds ccds-report ccds-monitoring", "data-lm-suppress-shortcuts": true }, parts.lost, cover, body, parts.said);
  el.append(root);

  const channel = openChannel(model, (lost) => {
    parts.lost.hidden = !lost;
  });
  const marks = tellMarks(root, signal);
  const act = {
    async open() {
      try {
        await take(channel.ask({ kind: "ready" }, 0));
        if (!state.screen && state.releases.some((one) => one.name === kept.release)) await act.show(kept.release);
      } catch (error) {
        cover.replaceChildren(emptyState("This app can’t be opened", error.message));
        cover.setAttribute("role", "alert");
      }
    },
    async show(release) {
      state.error = null;
      try {
        await take(channel.ask({ kind: "show", release }));
      } catch (error) {
        state.error = error.message;
        draw();
      }
    },
    choose(metric) {
      state.metric = metric;
      keep();
      draw();
      parts.said.textContent = held(chosen().sentence);
    },
  };

  async function take(asked) {
    const { releases, screen } = await asked;
    Object.assign(state, { releases, screen });
    keep();
    draw();
  }

  function keep() {
    if (state.screen) sessionStorage.setItem(KEPT, JSON.stringify({ release: state.screen.release.name, metric: state.metric }));
  }

  function chosen() {
    const { metrics } = state.screen;
    return metrics.find((metric) => metric.key === state.metric) ?? metrics[0];
  }

  function draw() {
    const { screen, releases } = state;
    cover.hidden = Boolean(screen);
    body.hidden = !screen;
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    if (!screen) {
      cover.removeAttribute("role"); // what is there now isn't a status, but a choice
      redraw(cover, state.error ? h("p", { class: "ccds-error", role: "alert" }, state.error) : null, releases.length ? chooseRelease(releases, act) : nothingPublished());
      return;
    }
    document.querySelector("[data-ccds-project]")?.replaceChildren(`${screen.release.model} ${screen.release.version}`);
    const anything = screen.metrics.length > 0;
    enough.hidden = !anything;
    parts.few.hidden = anything;
    redraw(parts.few, emptyState("Too few studies to show a rate", screen.nothing));
    redraw(parts.head, drawHead(screen, releases, act));
    if (anything) {
      const metric = chosen();
      redraw(parts.verdicts, drawVerdicts(screen, metric.key, act));
      redraw(parts.words, drawWords(screen, metric));
      trendTitle.textContent = `${metric.name} by month`;
      scannersTitle.textContent = `${metric.name} by scanner`;
      redraw(parts.tables, h("summary", {}, "The same numbers as tables"), drawTables(screen, metric));
    }
    drawCharts();
  }

  function drawCharts() {
    const { screen } = state;
    if (!screen?.metrics.length) return;
    const room = parts.trend.clientWidth;
    const metric = chosen();
    redraw(parts.trend, trendLegend(metric), drawTrend(metric, screen.months, room));
    redraw(parts.scanners, scannersLegend(metric, screen.hidden), drawScanners(metric, screen.months, room));
    redraw(parts.volumes, volumesLegend(), drawVolumes(screen, room));
    marks.settle();
  }

  drawAtEachWidth(root, drawCharts, signal);
  openWhilePrinted(parts.tables, signal);
  act.open();

  return () => {
    ending.abort();
    channel.close();
  };
}

export default { render };
