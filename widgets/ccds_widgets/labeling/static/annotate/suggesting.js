// Suggestions: asked for, weighed, accepted.

/** What can be asked for of these, for `act`; `change` asks for a change of the list. */
function suggesting(state, context, draw, { act, change }) {
  const { channel, said: say } = context;

  /** Weighs “not if negated” for what is suggested, one phrase after the other: each may read many reports. */
  async function weigh(mine) {
    const { suggestions } = state;
    const listed = optionFirst(state).map((phrase) => [phrase.id, { kind: "weigh listed", phrase: phrase.id }]);
    const fresh = suggestions.answer.settles.filter((one) => one.matched <= WEIGHED_UNASKED).map((one) => [one.text, weighing(one)]);
    for (const [name, request] of [...listed, ...fresh]) {
      if (mine !== suggestions.asked || state.panel !== "suggestions") return;
      try {
        suggestions.weighed.set(name, await channel.ask(request, 120_000));
      } catch {
        continue; // it was changed meanwhile: the next answer has it, or hasn't
      }
      const before = firstOffer();
      const isFirst = before ? document.activeElement === before : isAwaited();
      if (mine === suggestions.asked) draw("side");
      if (isFirst) firstOffer()?.focus(); // what is better with the option comes above the others
    }
  }

  /** Whether somebody who pressed the key of the suggestions went nowhere since: the focus waits in the report. */
  function isAwaited() {
    const isWaiting = isFocusFree() || document.activeElement.matches(".ccds-report, .ccds-list");
    return isWaiting && state.suggestions.awaitedAt === state.number && !state.chosen;
  }

  return {
    /** Shows them, with the focus on the first one as soon as there is one. */
    toSuggestions() {
      act.panel("suggestions");
      state.suggestions.awaitedAt = state.number;
      firstOffer()?.focus();
    },
    /** `isQuiet`: what was just changed is being read aloud. */
    async suggest(label, instead, isQuiet = false) {
      const { suggestions, overview } = state;
      const words = overview.labels.map(({ name }) => name);
      if (!words.length) return;
      const isSame = suggestions.label === label;
      suggestions.label = words.includes(label) ? label : words[0];
      const others = words.filter((word) => word !== suggestions.label);
      suggestions.instead = overview.kind === "several" ? null : others.includes(instead) ? instead : (others[0] ?? null);
      suggestions.asked += 1;
      const mine = suggestions.asked;
      Object.assign(suggestions, { answer: isSame ? suggestions.answer : null, weighed: new Map(), error: null });
      draw("side");
      try {
        for (;;) {
          const answer = await channel.ask({ kind: "suggest", label: suggestions.label, instead: suggestions.instead }, 120_000);
          if (mine !== suggestions.asked || state.panel !== "suggestions") return;
          suggestions.answer = answer;
          draw("side");
          if (answer.reading === undefined) break;
          await new Promise((wake) => setTimeout(wake, ASK_AGAIN_MS));
        }
        if (document.activeElement?.closest(".ccds-side") || isAwaited()) firstOffer()?.focus();
        if (!isQuiet) say(`${counted(suggestions.answer.settles.length, "phrase")} would settle reports, ${grouped(suggestions.answer.corrects.length)} would correct some.`);
        await weigh(mine);
      } catch (error) {
        if (mine !== suggestions.asked) return;
        suggestions.error = error.message;
        draw("side");
      }
    },
    async weighNow(one) {
      const { suggestions } = state;
      const mine = suggestions.asked;
      suggestions.weighing = one.text;
      draw("side");
      try {
        suggestions.weighed.set(one.text, await channel.ask(weighing(one), 0));
      } catch (error) {
        if (mine === suggestions.asked) suggestions.error = error.message;
      }
      suggestions.weighing = null;
      draw("side");
    },
    async acceptSuggestion(one, negatable) {
      if (state.busy) return;
      const { text, label, excludes, position } = one;
      const answer = await change({ kind: "accept", text, label, known: true, excludes, position, negatable, uncertain_label: null });
      if (answer) act.accepted(answer);
    },
  };
}

const firstOffer = () => document.querySelector(".ccds-suggestion .ccds-phrase-text");

function weighing({ text, label, position }) {
  return { kind: "weigh", text, label, position };
}
