// The hub's pages: what they share, and the page that follows a session's start. No library, no other host.

export const hub = document.body.dataset; // base, user, xsrf; on JupyterHub's own pages nothing, and nothing to do

const AGAIN_MS = 3000;
const PATIENCE_MS = 10000;

/** Asks the hub's API; its answer as JSON, or an error with the one line that says why. */
export async function call(path, options = {}) {
  const answer = await fetch(`${hub.base}api/${path}`, { ...options, headers: { "X-XSRFToken": hub.xsrf, ...options.headers } });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.message || answer.statusText), { status: answer.status, body });
  return body;
}

/** Stops, or cancels while it waits, the session `name` of the person on this page. */
export async function stop(name) {
  try {
    await call(`users/${encodeURIComponent(hub.user)}/servers/${encodeURIComponent(name)}`, { method: "DELETE" });
  } catch (error) {
    if (error.status !== 404) throw error; // it is gone already
  }
}

/** Shows `text` in the page's error line. */
function say(text) {
  const line = document.querySelector("[data-error]");
  line.textContent = text;
  line.hidden = false;
}

/** Whether the hub answers. */
async function isThere() {
  const answer = await fetch(`${hub.base}api/`, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  return answer?.ok ?? false;
}

/** Calls `then` once the hub answers, or doesn't, as `wanted` says; looks every few seconds. */
function once(wanted, then) {
  setTimeout(async () => ((await isThere()) === wanted ? then() : once(wanted, then)), AGAIN_MS);
}

if (document.querySelector("[data-taken-up]")) once(true, () => window.location.reload());

const progress = document.querySelector("[data-progress]");
if (progress) {
  const cancel = document.querySelector("[data-cancel]");
  cancel.addEventListener("click", async () => {
    cancel.disabled = true;
    try {
      await stop(cancel.dataset.cancel);
      window.location.assign(`${hub.base}home`);
    } catch (error) {
      cancel.disabled = false;
      say(`The session wasn't cancelled: ${error.message}`);
    }
  });
  const log = document.querySelector("[data-log]");
  const source = new EventSource(progress.dataset.progress);
  let follows = true;
  const unfollow = () => {
    follows = false;
    source.close();
  };
  const silent = () => {
    if (!follows) return;
    unfollow();
    say("The hub doesn’t answer, so what is said here may be old. The start goes on, and this page follows it once the hub answers.");
    once(true, () => window.location.reload());
  };
  source.onerror = silent;
  once(false, silent); // the proxy keeps the stream open when the hub dies
  source.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.progress !== undefined) {
      progress.firstElementChild.style.width = `${news.progress}%`;
      progress.setAttribute("aria-valuenow", news.progress);
    }
    if (news.message && !news.ready) {
      const item = document.createElement("li");
      item.textContent = news.message;
      log.append(item);
    }
    if (news.ready) {
      unfollow();
      window.location.reload(); // the hub answers with the session
    }
    if (news.failed) {
      unfollow();
      progress.dataset.failed = "";
      document.querySelector("[data-again]").hidden = false;
      cancel.hidden = true;
    }
  };
}
