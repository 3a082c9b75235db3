// Choosing words of a report, by mouse or by keyboard, and the bar that makes a phrase of them.

const HIGHLIGHT = "ccds-chosen";

/** The words that the browser's selection covers, widened to whole ones: {section, start, end, text}; null, or an error. */
function readSelection(pane) {
  const selection = document.getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const sectionOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("[data-section]");
  const touched = [...pane.querySelectorAll("[data-section]")].filter((element) => covered(range, element).trim());
  if (!touched.length) return null;
  if (touched.length > 1) return { error: "Expected words of one section; found words of two; select within one section." };
  const [element] = touched;
  const start = sectionOf(range.startContainer) === element ? offsetIn(element, range.startContainer, range.startOffset) : 0;
  const end =
    sectionOf(range.endContainer) === element
      ? offsetIn(element, range.endContainer, range.endOffset)
      : element.textContent.length;
  return chosenIn(element, start, end);
}

/** The part of `element`'s text that `range` covers. */
function covered(range, element) {
  const part = document.createRange();
  part.selectNodeContents(element);
  if (!range.intersectsNode(element)) return "";
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
  return part.toString();
}

function chosenIn(element, start, end) {
  const text = element.textContent;
  const whole = toWholeWords(text, start, end);
  return whole && { section: Number(element.dataset.section), start: whole[0], end: whole[1], text: text.slice(...whole) };
}

/** Paints the chosen words; returns their range. The browser's own selection would go when a text field takes the focus. */
function paintChosen(pane, chosen) {
  CSS.highlights?.delete(HIGHLIGHT);
  const element = chosen && pane.querySelector(`[data-section="${chosen.section}"]`);
  if (!element) return null;
  const range = rangeIn(element, chosen.start, chosen.end);
  if (CSS.highlights) CSS.highlights.set(HIGHLIGHT, new Highlight(range));
  return range;
}

/** Where choosing by keyboard begins: at the hit of a search that is in view, else the first match in view, else the first word. */
function firstWords(pane) {
  const box = pane.getBoundingClientRect();
  const isInView = (mark) => {
    const { top, bottom } = mark.getBoundingClientRect();
    return bottom > box.top && top < box.bottom;
  };
  const marks = [".ccds-hit", ".ccds-mark"].map((mark) => [...pane.querySelectorAll(`[data-left-out=false] ${mark}`)].find(isInView));
  const mark = marks.find(Boolean);
  if (!mark) return stepWords(pane, null);
  const element = mark.closest("[data-section]");
  const start = offsetIn(element, mark, 0);
  const word = wordsOf(element.textContent).find(([, end]) => end > start);
  return word ? chosenIn(element, ...word) : stepWords(pane, null);
}

/** Moves, or widens, the chosen words by one word; begins with the first word that phrases are looked for in. */
function stepWords(pane, chosen, delta, widen) {
  const elements = [...pane.querySelectorAll("[data-left-out=false] [data-section]")];
  if (!elements.length) return null;
  if (!chosen) {
    const element = elements.find((one) => wordsOf(one.textContent).length);
    return element ? chosenIn(element, ...wordsOf(element.textContent)[0]) : null;
  }
  const at = elements.findIndex((one) => Number(one.dataset.section) === chosen.section);
  if (at < 0) return stepWords(pane, null);
  const words = wordsOf(elements[at].textContent);
  const first = words.findIndex(([, end]) => end > chosen.start);
  const last = words.findLastIndex(([start]) => start < chosen.end);
  if (widen) {
    const end = words[Math.max(first, last + delta)] ?? words[last];
    return chosenIn(elements[at], words[first][0], end[1]);
  }
  const goal = words[(delta > 0 ? last : first) + delta];
  if (goal) return chosenIn(elements[at], ...goal);
  const next = elements[at + delta];
  const beyond = next && wordsOf(next.textContent).at(delta > 0 ? 0 : -1);
  return beyond ? chosenIn(next, ...beyond) : chosen;
}

/** The bar: what the chosen words would do, the options they may have, and the labels to give them. */
function drawBar(state, act) {
  const { chosen, preview, overview, options, asked } = state;
  const several = overview.kind === "several";
  const known = !several && preview ? phraseOf(state, preview.lists[""]?.known) : null;
  const isNone = known || (state.barError && !preview); // what makes no phrase gets no label
  return [
    h(
      "div",
      { class: "ccds-bar-head" },
      h("q", { class: "ccds-quote" }, chosen.text.replace(/\s+/gu, " ")),
      h("button", { class: "ccds-icon", "aria-label": "Close (Esc)", title: "Close (Esc)", onclick: act.unchoose }, "×"),
    ),
    known ? drawKnown(state, known, act) : drawPreview(state, preview, act),
    isNone ? null : optionControls(options, { name: "new", several, words: uncertainWords(overview), set: act.setOptions }),
    isNone ? null : h("div", { class: "ccds-labels", role: "group", "aria-label": "Give a label" }, ...labelButtons(state, act)),
    isNone ? null : labelField(overview, act),
    asked ? askedLine(asked, act.dropAsked) : null,
    h("p", { class: "ccds-error", role: "alert", hidden: !state.barError }, state.barError ?? ""),
  ];
}

/** What may be said where a phrase is in doubt: another label, or, where each is decided by itself, a word of its own. */
function uncertainWords({ kind, labels }) {
  return kind === "several" ? ["uncertain"] : labels.map(({ name }) => name);
}

function drawKnown(state, phrase, act) {
  const rank = state.overview.phrases.indexOf(phrase) + 1;
  return h(
    "p",
    { class: "ccds-preview" },
    `Already phrase ${rank}: `,
    labelChip(state.overview.labels, phrase.label),
    " ",
    h("button", { class: "ccds-link", "data-focus": "known", onclick: () => act.openOptions(phrase.id) }, "Change it"),
    " ",
    h("button", { class: "ccds-link", "data-focus": "known-show", onclick: () => act.show({ by: "phrase", phrase: phrase.id, which: "captured" }) }, "Show its reports"),
  );
}

function drawPreview(state, preview, act) {
  if (!preview) return h("div", { class: "ccds-preview ccds-muted", role: "status" }, state.barError ? "" : h("span", { class: "ccds-counting" }, state.options === PLAIN ? "Counting …" : "Reading the sentences around it …"));
  const list = preview.lists[""];
  const taken = (list?.takes_from ?? [])
    .map(({ phrase, reports }) => ({ phrase: phraseOf(state, phrase), reports }))
    .filter(({ phrase }) => phrase)
    .sort((a, b) => b.reports - a.reports);
  const shown = taken.slice(0, 3).map(({ phrase, reports }) => `${grouped(reports)} from “${phrase.text}”`);
  const more = taken.length > 3 ? `, others from ${counted(taken.length - 3, "more phrase")}` : "";
  const choice = (place, name, ...note) =>
    h(
      "label",
      { class: "ccds-place" },
      h("input", {
        type: "radio",
        name: "ccds-place",
        "data-focus": `place-${place}`,
        checked: state.place === place,
        onchange: () => act.place(place),
      }),
      h("span", {}, name, ...note),
    );
  const several = state.overview.kind === "several";
  const aside = optionCounts(preview);
  if (preview.matched === undefined) return h("p", { class: "ccds-preview" }, "A phrase of every label already.");
  return h(
    "div",
    { class: "ccds-preview" },
    h("p", {}, taken.length || several ? "Matches " : "Matches and captures ", h("b", {}, counted(preview.matched, "report")), aside ? h("span", { class: "ccds-muted" }, `; ${aside}`) : null),
    taken.length
      ? h(
          "div",
          { role: "radiogroup", "aria-label": "Priority" },
          choice("last", "As last", " captures ", h("b", {}, grouped(list.captured_if_last))),
          choice("first", "As first", " captures ", h("b", {}, grouped(list.captured_if_first)), `, takes ${shown.join(", ")}${more}`),
        )
      : null,
    several && Object.values(preview.lists).some((one) => one.takes_from?.length)
      ? h("div", { role: "radiogroup", "aria-label": "Priority" }, choice("last", "As last of its label’s phrases"), choice("first", "As first"))
      : null,
  );
}

function labelButtons(state, act) {
  const { labels, kind } = state.overview;
  return labels.map((label, order) => {
    const list = kind === "several" ? state.preview?.lists[label.name] : null;
    const gets = list && (list.known === undefined ? list[state.place === "first" ? "captured_if_first" : "captured_if_last"] : null);
    return h(
      "button",
      {
        class: "ccds-chip ccds-chip-button",
        "data-focus": `label-${order}`,
        disabled: state.busy || list?.known !== undefined,
        title: list?.known === undefined ? undefined : "A phrase of this label already",
        onclick: () => act.accept(label.name),
        ...toneOf(labels, label.name),
      },
      order < 9 ? h("kbd", {}, String(order + 1)) : null,
      label.name,
      gets === null || gets === undefined ? null : h("span", { class: "ccds-gets" }, `+${grouped(gets)}`),
    );
  });
}

function labelField(overview, act) {
  const field = h("input", {
    class: "ccds-field",
    "data-focus": "new-label",
    placeholder: overview.labels.length ? "Another label" : "Name a label",
    "aria-label": "New label",
    maxlength: 200,
    autocomplete: "off",
  });
  return h(
    "form",
    {
      class: "ccds-new-label",
      onsubmit: (event) => {
        event.preventDefault();
        if (field.value.trim()) act.accept(field.value);
      },
    },
    field,
    h("button", { class: "ccds-button", type: "submit" }, "Add", h("kbd", {}, "↵")),
  );
}

/** Scrolls the report so that `range` is in sight. */
function bringIntoSight(report, range) {
  const box = report.getBoundingClientRect();
  const words = range.getBoundingClientRect();
  if (words.top < box.top + 8) report.scrollTop += words.top - box.top - 40;
  else if (words.bottom > box.bottom - 8) report.scrollTop += words.bottom - box.bottom + 40;
}

/** Puts the bar under the chosen words, or over them where there is no room below. */
function placeBar(bar, pane, range) {
  const box = pane.getBoundingClientRect();
  const words = range.getBoundingClientRect();
  const left = Math.min(Math.max(words.left - box.left, 8), Math.max(8, pane.clientWidth - bar.offsetWidth - 8));
  const below = words.bottom - box.top + pane.scrollTop + 8;
  const above = words.top - box.top + pane.scrollTop - bar.offsetHeight - 8;
  const fits = words.bottom + bar.offsetHeight + 8 <= box.bottom || above < pane.scrollTop;
  bar.style.left = `${left}px`;
  bar.style.top = `${fits ? Math.max(0, Math.min(below, pane.clientHeight - bar.offsetHeight - 8)) : above}px`; // never cut off
}
