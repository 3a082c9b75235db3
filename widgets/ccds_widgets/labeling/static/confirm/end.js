// The end of a batch: how one did on the gold studies in it, and what is next; and what is shown where there is nothing to do.

function drawEnd(state, task, act) {
  if (state.feedback) return drawFeedback(state, task, act);
  return [
    h(
      "div",
      { class: "ccds-empty ccds-end" },
      h("h2", {}, `Nothing is left for you in “${state.name}”`),
      h("p", {}, `You have done ${counted(state.done, "study")} of this batch. Gold studies, whose right label is known, may be among them: see how you did on these. After that what you said stands and can’t be undone; until then u takes it back.`),
      ...(state.ending ? drawEnding(act) : [h("button", { class: "ccds-button", "data-focus": "feedback", onclick: () => act.setEnding(true) }, "Show how I did")]),
      ...drawNext(state, act),
      h("button", { class: "ccds-button", "data-focus": "again", onclick: act.lookAgain }, "Look for further studies"),
    ),
  ];
}

/** Asked once: who comes here by the keys of the last study may press one too many. */
function drawEnding(act) {
  return [
    h("p", { role: "alert" }, h("b", {}, "What you said in this batch stands from then on. Is it as you mean it?")),
    h("button", { class: "ccds-button", "data-focus": "end", onclick: act.askFeedback }, "Yes, show how I did"),
    h("button", { class: "ccds-button", "data-focus": "not-yet", onclick: () => act.setEnding(false) }, "Not yet"),
  ];
}

function drawNext(state, act) {
  const next = state.batches.find(({ id, open }) => id !== state.batch && open > 0);
  return next
    ? [h("button", { class: "ccds-button", "data-focus": "next-batch", onclick: () => act.openBatch(next.id) }, `Next batch: ${next.name}`)]
    : [h("p", { class: "ccds-muted" }, "There is no further batch for you now.")];
}

function drawFeedback(state, task, act) {
  const { feedback } = state;
  const right = feedback.filter((one) => one.right).length;
  return [
    h(
      "div",
      { class: "ccds-feedback" },
      h("h2", {}, feedback.length ? `${grouped(right)} of ${counted(feedback.length, "gold answer")} right` : "No gold study among your answers"),
      feedback.length ? null : h("p", { class: "ccds-muted" }, "What you said is saved and stands."),
      h("div", { class: "ccds-toolbar" }, ...drawNext(state, act)),
      ...feedback.map((one) => drawGoldAnswer(one, task)),
    ),
  ];
}

function drawGoldAnswer(one, task) {
  return h(
    "details",
    { class: "ccds-gold-answer", open: !one.right, "data-right": String(one.right) },
    h(
      "summary",
      {},
      h("b", {}, one.right ? "✓ right" : "✗ wrong"),
      h("span", { class: "ccds-key" }, one.key),
      h("span", { class: "ccds-muted" }, "you said"),
      ...chips(task, one.said),
      same(one.shown, one.said) ? h("span", { class: "ccds-muted" }, "as preselected") : null,
      ...(one.right ? [] : [h("span", { class: "ccds-muted" }, "right is"), ...chips(task, one.gold)]),
    ),
    one.note ? h("p", {}, h("span", { class: "ccds-muted" }, "The fellow’s note: "), one.note) : null,
    ...drawSections(one.sections, toneOfLabel(task, one.shown[0])),
  );
}

function noWork(state, act) {
  if (state.curates) {
    return [
      emptyState(
        "No batch is assigned to you",
        "Studies are confirmed in batches. Make one of the task’s phrases, and assign it to labelers. Gold studies, by which labelers are measured, are marked while confirming: for a first gold set make a small batch for yourself.",
        h("button", { class: "ccds-button", "data-focus": "make", onclick: act.toggleBatches }, "Make a batch", h("kbd", {}, "b")),
      ),
    ];
  }
  return [emptyState("Nothing to confirm now", "No batch of this task is assigned to you. The fellow who leads the labelling makes batches and assigns them; then reload this page.")];
}
