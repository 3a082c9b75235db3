// What the screens of series and quarantine share: asking, small pictures, and the form for a note.

const MOST_PICTURES = 600;

/** Pictures that `channel` gives, asked for one after the other, so that what somebody does meanwhile waits for one at most: `of(study, series, alt)` is the element of one, which fills itself when it is there. */
function openPictures(channel, signal) {
  const known = new Map(); // study/series → {url} or {why}
  let queue = [];
  let asking = false;
  signal.addEventListener("abort", forgetAll);

  function forgetAll() {
    queue = [];
    known.forEach(({ url }) => url && URL.revokeObjectURL(url));
    known.clear();
  }

  function fill(place) {
    const picture = known.get(place.dataset.picture);
    if (!picture) return;
    place.replaceChildren(picture.url ? h("img", { src: picture.url, alt: place.dataset.alt, draggable: "false" }) : h("span", { class: "ccds-no-picture", title: `No picture: ${picture.why}` }, picture.why));
    place.removeAttribute("aria-busy");
  }

  async function ask() {
    if (asking) return;
    asking = true;
    while (queue.length) {
      const { key, request, place } = queue.shift();
      if (!known.has(key) && place.isConnected) {
        try {
          const { buffers, why_not: why } = await channel.ask({ kind: "picture", ...request });
          known.set(key, why ? { why } : { url: URL.createObjectURL(new Blob([buffers[0]], { type: "image/png" })) });
        } catch (error) {
          known.set(key, { why: error.message });
        }
        if (known.size > MOST_PICTURES) {
          const [oldest, { url }] = known.entries().next().value;
          if (url) URL.revokeObjectURL(url);
          known.delete(oldest);
        }
      }
      document.querySelectorAll(`[data-picture="${CSS.escape(key)}"]`).forEach(fill);
    }
    asking = false;
  }

  return {
    of(study, series, alt) {
      const key = `${study}/${series}`;
      const place = h("span", { class: "ccds-picture", "data-picture": key, "data-alt": alt, "aria-busy": "true" });
      if (known.has(key)) fill(place);
      else {
        queue.push({ key, request: { study, series }, place });
        queueMicrotask(ask); // by then it is on the page
      }
      return place;
    },
  };
}

/** "a · b": the parts that there are. */
function dotted(...parts) {
  return parts.filter(Boolean).join(" · ");
}

/** A function that asks; undefined where it was refused, with the reason in `state.error`, or in that of a form, `at`. What is asked `again` without anybody's doing leaves a reason that stands there. */
function asker(state, channel, draw) {
  return async (request, patience, again = false, at = state) => {
    if (!again) state.error = at.error = null;
    try {
      return await channel.ask(request, patience);
    } catch (error) {
      at.error = (again && at.error) || error.message;
      draw();
      return undefined;
    }
  };
}

/** A line for why; `note.note` is what was typed, `note.error` why it was refused, `title` what is said before it, `keep` the button's word. */
function noteForm(note, { label, title, placeholder, keep, busy, send, cancel }) {
  const field = h("input", { class: "ccds-field", "data-focus": "note", "aria-label": "Why", maxlength: 400, placeholder, "aria-invalid": note.error ? "true" : null, oninput: (event) => (note.note = event.target.value) });
  field.value = note.note;
  return h(
    "form",
    {
      class: "ccds-choosing",
      "aria-label": label,
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    title ? h("b", {}, title) : null,
    field,
    h("button", { class: "ccds-button ccds-first", type: "submit", "data-focus": "send", disabled: busy }, keep, h("kbd", {}, "↵")),
    h("button", { class: "ccds-button", type: "button", "data-focus": "cancel", onclick: cancel }, "Cancel", h("kbd", {}, "Esc")),
    note.error ? h("p", { class: "ccds-error", role: "alert" }, note.error) : null,
  );
}
