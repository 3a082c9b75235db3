// The hub's pages: stop a session, follow one that starts. No library, no other host.

const hub = document.body.dataset; // base, user, xsrf; on JupyterHub's own pages nothing, and nothing to do

/** Stops, or cancels while it waits, the session `name` of the person on this page. */
async function stop(name) {
  const url = `${hub.base}api/users/${encodeURIComponent(hub.user)}/servers/${encodeURIComponent(name)}`;
  const answer = await fetch(url, { method: "DELETE", headers: { "X-XSRFToken": hub.xsrf } });
  if (!answer.ok && answer.status !== 404) throw new Error((await answer.json()).message || answer.statusText);
}

/** Shows `text` in the page's error line. */
function say(text) {
  const line = document.querySelector("[data-error]");
  line.textContent = text;
  line.hidden = false;
}

for (const button of document.querySelectorAll("[data-stop]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Stopping …";
    try {
      await stop(button.dataset.stop);
      window.location.assign(`${hub.base}home`);
    } catch (error) {
      button.disabled = false;
      button.textContent = "Stop";
      say(`The session wasn't stopped: ${error.message}`);
    }
  });
}

const progress = document.querySelector("[data-progress]");
if (progress) {
  const log = document.querySelector("[data-log]");
  const source = new EventSource(progress.dataset.progress);
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
      source.close();
      window.location.reload(); // the hub answers with the session
    }
    if (news.failed) {
      source.close();
      progress.dataset.failed = "";
      document.querySelector("[data-again]").hidden = false;
      document.querySelector("[data-stop]").hidden = true;
    }
  };
}
