// What the screens Ask and Reports are made of: at one side a form of exam codes and study dates, beside it what meets them and what is
// kept of them.

/**
 * The parts of such a screen and when they are in sight. `says` has the line that is shown until the form is there, and what the
 * regions `counts` and `kept` are called; `drawChart()` is called when there is room of another width for it.
 */
function criteriaColumns(context, state, act, says, drawChart) {
  const days = dayFields(state, act);
  const parts = {
    codes: h("div", { class: "ccds-ask-fields" }),
    more: h("div", { class: "ccds-ask-fields" }),
    doing: h("div", { class: "ccds-doing" }),
    keeping: h("div", {}),
    counts: h("section", { class: "ccds-ask-counts", "aria-label": says.counts }),
    kept: h("section", { class: "ccds-kept", "aria-label": says.kept }),
  };
  const form = h("div", { class: "ccds-ask-form" }, parts.codes, days.element, parts.more, parts.doing, parts.keeping);
  const main = h("div", { class: "ccds-ask-main", tabindex: -1 }, parts.counts, parts.kept);
  const waiting = h("p", { class: "ccds-waiting", role: "status" }, says.waiting);
  const columns = h("div", { class: "ccds-ask-columns", hidden: true }, h("section", { class: "ccds-ask-side", "aria-label": "Criteria" }, form), main);
  const element = h("div", { class: "ccds-ask" }, waiting, columns);
  const marks = tellMarks(element, context.signal);
  const sizes = new ResizeObserver(() => drawChart());
  sizes.observe(parts.counts);
  context.signal.addEventListener("abort", () => sizes.disconnect());

  /** Whether there is a form to be drawn; until then, why there is none. */
  function isOpen() {
    if (!state.approved) {
      if (state.error) waiting.replaceWith(h("div", { role: "alert" }, emptyState("This screen can’t be opened", state.error)));
      return false;
    }
    waiting.hidden = true;
    columns.hidden = false;
    return true;
  }

  /** A key of the screen: `runs` has what each does; `/` goes to the exam codes, `n` to the name, Esc out of a text field. */
  function pressed(event, runs = {}) {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey || !state.approved) return false;
    if (isTyping(event) && target.type !== "checkbox") {
      if (key !== "Escape") return false;
      main.focus();
      return true;
    }
    const focus = (name) => () => element.querySelector(`[data-focus="${name}"]`)?.focus();
    const run = { "/": focus("typed"), n: focus("name"), ...runs }[key];
    run?.();
    return Boolean(run);
  }

  return { parts, element, marks, isOpen, showDays: days.show, pressed };
}
