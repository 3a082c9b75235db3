// The cards of a person's sessions: renewed in place, so that focus, an open <details> and the layout stay as they are.

import { call, hub, stop } from "./ccds.js";

const EVERY_MS = 3000;
const place = document.querySelector("[data-cards]");
const dialog = document.querySelector("[data-sure]");
const away = document.querySelector("[data-away]");
let seen = new Date();

/** Makes `old` look like `fresh`, element by element; what is the same is left alone. */
export function renew(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  const wanted = [...fresh.childNodes];
  const there = [...old.childNodes];
  wanted.forEach((node, at) => {
    const present = there[at];
    if (!present) old.append(node);
    else if (present.nodeName !== node.nodeName || keyOf(present) !== keyOf(node)) present.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) renew(present, node);
    else if (present.data !== node.data) present.data = node.data;
  });
  for (const gone of there.slice(wanted.length)) gone.remove();
}

/** What an element is about: a button of another purpose is another button, so that a click never hits what has just changed. */
function keyOf(node) {
  return node.dataset ? Object.keys(node.dataset).sort().join() + (node.tagName === "A" ? node.textContent : "") : "";
}

/** Puts the cards in `html` in place of those shown, each onto its own. */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const shown = new Map([...place.querySelectorAll("[data-key]")].map((card) => [card.dataset.key, card]));
  const news = [];
  let before = null;
  for (const card of [...fresh.querySelectorAll("[data-key]")]) {
    // A session that had no job yet is the same card once it has one.
    const key = shown.has(card.dataset.key) ? card.dataset.key : `${card.dataset.session}/`;
    let present = shown.get(key);
    shown.delete(key);
    if (present && present.dataset.state !== card.dataset.state) news.push(`${card.ariaLabel}: ${card.dataset.state}`);
    if (!present) {
      news.push(`${card.ariaLabel}: ${card.dataset.state}`);
      present = card;
    } else if (!("busy" in present.dataset)) renew(present, card);
    const next = before ? before.nextElementSibling : place.firstElementChild;
    if (present !== next) place.insertBefore(present, next); // where it stands already it isn't touched: it may have the focus
    before = present;
  }
  for (const gone of shown.values()) gone.remove();
  document.querySelector("[data-sessions]").hidden = !place.querySelector("[data-key]");
  if (!news.length) return;
  document.querySelector("[data-news]").textContent = news.join(". ");
  showTiles();
}

/** Renews the projects' buttons: what was to be started is to be opened now, or the other way round. */
async function showTiles() {
  const answer = await fetch(`${hub.base}home`, { headers: { "X-XSRFToken": hub.xsrf } }).catch(() => null);
  if (!answer?.ok) return; // the next change brings another chance
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-tiles]");
  const shown = document.querySelectorAll("[data-tiles]");
  if (fresh.length === shown.length) shown.forEach((tiles, at) => renew(tiles, fresh[at]));
}

let asking = false;
let again = false;

/** Asks how the sessions stand, and shows it; one question at a time. */
async function look() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    show((await call(`ccds/people/${encodeURIComponent(hub.user)}/cards`)).html);
    seen = new Date();
    tellAway("");
  } catch (error) {
    const at = seen.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const why = error.status < 500 ? "You aren’t logged in any more: load this page again." : "The hub doesn’t answer; this page asks it again.";
    tellAway(`${why} What is shown is from ${at}. Sessions go on meanwhile.`);
  } finally {
    asking = false;
  }
  if (again) {
    again = false;
    await look();
  }
}

/** Says that what is shown is of some time ago, and lets it look so; no words: it is of now. */
function tellAway(words) {
  document.querySelector("main").toggleAttribute("data-silent", words !== "");
  away.hidden = words === "";
  if (away.textContent !== words) away.textContent = words; // said aloud once
}

/** Asks whether the session called `title` is to be ended; Escape is no. */
function isSure(title) {
  dialog.querySelector("h2").textContent = `Stop ${title}?`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "stop"), { once: true }));
}

/** Ends the session of a card: what only waits at once, what runs after a question. */
async function end(button) {
  const card = button.closest("[data-key]");
  if (button.textContent === "Cancel") return act(button, "Cancelling …", () => stop(card.dataset.session));
  if (!(await isSure(card.ariaLabel))) return;
  const still = card.isConnected && card.querySelector("[data-stop]"); // it may have ended meanwhile
  if (still) await act(still, "Stopping …", () => stop(card.dataset.session));
}

/** Does what a card's button says, and tells on the card when it can't be done. */
async function act(button, doing, what) {
  const card = button.closest("[data-key]");
  const words = button.textContent;
  const wrong = card.querySelector("[data-wrong]");
  card.dataset.busy = "";
  wrong.hidden = true;
  button.disabled = true;
  button.textContent = doing;
  try {
    await what();
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
    button.disabled = false;
    button.textContent = words;
    setTimeout(() => delete card.dataset.busy, 8000); // long enough to be read before the card is renewed
    return;
  }
  delete card.dataset.busy;
  await look();
}

if (place) {
  place.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const session = button?.closest("[data-key]")?.dataset.session;
    if (button && "stop" in button.dataset) {
      end(button);
    } else if (button && "extend" in button.dataset) {
      const path = `ccds/sessions/${encodeURIComponent(hub.user)}/${encodeURIComponent(session)}/extend`;
      const body = JSON.stringify({ minutes: Number(button.dataset.extend) });
      act(button, "Extending …", () => call(path, { method: "POST", body, headers: { "Content-Type": "application/json" } }));
    }
  });
  setInterval(() => document.visibilityState === "visible" && look(), EVERY_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
}
