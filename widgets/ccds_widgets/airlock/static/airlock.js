// The screen: its parts, when they are drawn, and what it listens to.

function render({ model, el }) {
  const state = { opened: false, submissions: [], wanted: null, shown: null, file: null, preview: null, draft: { verdict: null, reason: "", otherwise: false }, error: null, said: null, busy: false };
  const ending = new AbortController();
  const { signal } = ending;
  const parts = {
    lost: lostBanner("Verdicts that you gave are saved; what you are writing isn’t."),
    error: h("p", { class: "ccds-error", role: "alert", hidden: true }),
    list: h("nav", { class: "ccds-list", "aria-label": "Submissions" }),
    head: h("header", { class: "ccds-head" }),
    findings: h("section", { "aria-label": "Scan" }),
    files: h("section", { "aria-label": "Files" }),
    preview: h("section", { class: "ccds-preview", "aria-label": "What is in the file" }),
    reviews: h("section", { "aria-label": "Reviews" }),
    verdict: h("section", { class: "ccds-verdict", "aria-label": "Your verdict" }),
    waiting: h("p", { class: "ccds-waiting" }, "Scanning the submission …"),
    said: h("p", { class: "ccds-said", role: "status", "aria-live": "polite" }),
    keys: keysDialog(KEYS),
  };
  const body = h("div", { class: "ccds-sheet" }, parts.head, parts.findings, parts.files, parts.preview, parts.reviews, parts.verdict);
  parts.detail = h("main", { class: "ccds-detail", tabindex: -1, "aria-label": "Submission" }, parts.error, parts.waiting, body);
  const bar = h(
    "header",
    { class: "ccds-toolbar" },
    h("h2", {}, "Airlock"),
    h("span", { class: "ccds-muted" }, "What two other people approve may leave the project."),
    h("span", { class: "ccds-space" }),
    h("button", { class: "ccds-button", onclick: () => act.refresh() }, "Look again", h("kbd", {}, "u")),
    h("button", { class: "ccds-button", onclick: () => parts.keys.showModal() }, "Keys", h("kbd", {}, "?")),
  );
  const screen = h("div", { class: "ccds-screen", hidden: true }, bar, h("div", { class: "ccds-columns" }, parts.list, parts.detail));
  const cover = h("div", { class: "ccds-cover", role: "status" }, h("p", { class: "ccds-waiting" }, "Opening the airlock …"));
  const root = h("div", { class: "ccds ccds-airlock", "data-lm-suppress-shortcuts": true }, parts.lost, cover, screen, parts.said, parts.keys);
  el.append(root);

  const channel = openChannel(model, (lost) => {
    parts.lost.hidden = !lost;
  });
  const act = actions(state, channel, draw, (text) => {
    parts.said.textContent = text;
  });
  let drawnPreview = null;
  act.open();

  function draw() {
    if (state.denied) {
      cover.replaceChildren(emptyState("This app can’t be opened", state.denied));
      cover.setAttribute("role", "alert");
      return;
    }
    if (!state.opened) return;
    document.querySelector("[data-ccds-project]")?.replaceChildren(state.project);
    const { shown } = state;
    const empty = !state.submissions.length;
    screen.hidden = empty;
    cover.hidden = !empty;
    if (empty) {
      redraw(cover, nothingSubmitted());
      return;
    }
    parts.error.hidden = !state.error;
    parts.error.textContent = state.error ?? "";
    parts.waiting.hidden = Boolean(shown) || Boolean(state.error);
    body.hidden = !shown;
    redraw(parts.list, drawList(state, act));
    parts.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    if (!shown) return;
    redraw(parts.head, drawHead(shown));
    redraw(parts.findings, drawFindings(shown));
    redraw(parts.files, drawFiles(shown, state, act));
    if (drawnPreview !== state.preview || !state.preview) redraw(parts.preview, drawPreview(state.preview, state.file, act));
    drawnPreview = state.preview;
    redraw(parts.reviews, drawReviews(shown));
    redraw(parts.verdict, drawVerdict(shown, state, act));
  }

  document.addEventListener("keydown", (event) => {
    if (event.target !== document.body && !root.contains(event.target)) return;
    if (pressed(event, state, act, parts)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, { signal });

  return () => {
    ending.abort();
    channel.close();
    if (pictureUrl) URL.revokeObjectURL(pictureUrl);
  };
}

export default { render };
