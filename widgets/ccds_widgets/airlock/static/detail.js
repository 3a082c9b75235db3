// One submission: why, what, what the scan found, who said what, and the verdict.

const SEVERITIES = { refuse: ["may not leave", 6], warn: ["look here", 1], note: ["inside", 0] };

function drawHead(shown) {
  return [
    h("div", { class: "ccds-title" }, h("h2", {}, `${shown.kind[0].toUpperCase()}${shown.kind.slice(1)} of ${shown.author}`), stateChip(shown.state), h("span", { class: "ccds-muted" }, shown.turn)),
    h("p", { class: "ccds-reason" }, shown.reason),
    h("p", { class: "ccds-muted" }, `Submitted ${shown.submitted}. Digest `, h("code", { title: "What is approved is exactly what has this digest" }, shown.digest.slice(0, 12))),
  ];
}

function drawFindings(shown) {
  return [
    h("h3", {}, "Scan"),
    shown.findings.length
      ? h(
          "ul",
          { class: "ccds-findings" },
          shown.findings.map((one) => h("li", {}, h("span", { class: "ccds-chip", "data-tone": SEVERITIES[one.severity][1] }, SEVERITIES[one.severity][0]), h("span", {}, one.what), h("span", { class: "ccds-where" }, one.where))),
        )
      : h("p", { class: "ccds-muted" }, "Nothing was found. What no program sees, such as a scan drawn as a chart, you have to."),
  ];
}

function drawFiles(shown, state, act) {
  return [
    h("h3", {}, counted(shown.files.length, "file")),
    h(
      "div",
      { class: "ccds-files", role: "group", "aria-label": "Files" },
      shown.files.map((file) => h("button", { class: "ccds-button", "aria-pressed": String(file.name === state.file), "data-focus": `file-${file.name}`, onclick: () => act.file(file.name) }, file.name, h("span", { class: "ccds-muted" }, file.size), shown.unseen.includes(file.name) ? null : h("span", { class: "ccds-muted", title: "You were shown all of it" }, "✓ shown"))),
    ),
  ];
}

function drawReviews(shown) {
  if (!shown.reviews.length) return [];
  return [
    h("h3", {}, "Reviews"),
    h(
      "ul",
      { class: "ccds-reviews" },
      shown.reviews.map((one) => h("li", {}, h("span", { class: "ccds-chip", "data-tone": one.verdict === "approve" ? 2 : 6 }, one.verdict), h("b", {}, one.reviewer), one.as ? h("span", { class: "ccds-muted" }, one.as) : null, h("span", { class: "ccds-reason" }, one.reason), h("span", { class: "ccds-muted" }, one.at))),
    ),
  ];
}

function drawVerdict(shown, state, act) {
  if (shown.withdrawable)
    return h("p", {}, "You can’t review your own result. ", h("button", { class: "ccds-button", "data-focus": "withdraw", onclick: () => act.withdraw() }, "Take it back"));
  if (!shown.mine) return [];
  const { draft } = state;
  const choice = (verdict, words, key) =>
    h(
      "label",
      { class: "ccds-choice" },
      h("input", { type: "radio", name: "ccds-airlock-verdict", "data-focus": `verdict-${verdict}`, checked: draft.verdict === verdict, onchange: () => act.choose(verdict) }),
      words,
      h("kbd", {}, key),
    );
  const reason = h("textarea", { class: "ccds-field", rows: 3, maxlength: 4000, "data-focus": "reason", placeholder: draft.verdict === "refuse" ? "What is wrong, so that the author can mend it" : "What you looked at", oninput: (event) => (draft.reason = event.target.value) });
  reason.value = draft.reason;
  return h(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        act.decide();
      },
    },
    h("fieldset", { class: "ccds-choices" }, h("legend", {}, "Your verdict"), choice("approve", "Approve: it may leave", "a"), choice("refuse", "Refuse: it stays", "x")),
    h("label", { class: "ccds-why" }, `Reason (at least ${state.fewest} characters)`, reason),
    draft.verdict === "approve" && shown.unseen.length
      ? h(
          "label",
          { class: "ccds-choice" },
          h("input", { type: "checkbox", "data-focus": "otherwise", checked: draft.otherwise, onchange: (event) => (draft.otherwise = event.target.checked) }),
          `Not shown to the end here: ${shown.unseen.slice(0, 3).join(", ")}${shown.unseen.length > 3 ? ` and ${shown.unseen.length - 3} more` : ""}. I looked at it in another way`,
        )
      : null,
    h("button", { class: "ccds-button ccds-send", type: "submit", disabled: state.busy, "data-focus": "send" }, "Give the verdict", h("kbd", {}, "Ctrl+↵")),
  );
}
