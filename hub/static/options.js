// The options of a lab session: which GPUs are free, and what the present choice means, before the click.

import { call, hub } from "./ccds.js";

const FREE_EVERY_MS = 5000;
const OUTLOOK_EVERY_MS = 15000;
const PAUSE_MS = 300;
const options = document.querySelector("[data-options]");

/** Shows what is free of each model. */
async function showFree() {
  const place = options.querySelector("[data-free]");
  const { models } = await call(`ccds/people/${encodeURIComponent(hub.user)}/free`).catch(() => ({ models: null }));
  if (models === null) {
    place.textContent = "The scheduler doesn’t answer: what is free is unknown.";
    return;
  }
  if (!models.length) {
    place.textContent = "This site has no GPUs.";
    return;
  }
  const lines = models.map((model) => {
    const line = document.createElement("span");
    const free = document.createElement("b");
    free.textContent = `${model.free} of ${model.total}`;
    const yields = model.yielding ? `, ${model.yielding} more under batch work that yields` : "";
    line.append(`${model.name || "GPUs"}: `, free, ` free${yields}`);
    return line;
  });
  if (lines.map((line) => line.textContent).join("") !== place.textContent.trim()) place.replaceChildren(...lines);
}

/** Lets nobody choose more GPUs than a node of the chosen model has. */
function limitGpus() {
  const model = options.querySelector("[name=gpu_model]");
  if (!model) return;
  const most = Number(model.selectedOptions[0].dataset.most);
  const choices = [...options.querySelectorAll("[name=gpus]")];
  for (const choice of choices) choice.disabled = Number(choice.value) > most;
  if (choices.some((choice) => choice.checked && choice.disabled)) choices.filter((choice) => !choice.disabled).at(-1).checked = true;
}

/** Says which cores and which memory come with the present choice. */
function showShare() {
  const model = options.querySelector("[name=gpu_model]")?.value ?? "";
  const gpus = options.querySelector("[name=gpus]:checked").value;
  options.querySelector("[data-share]").textContent = JSON.parse(options.dataset.shares)[model][gpus];
}

let asked = 0;

/** Says what the present choice means: which node it will be, and when it would start. */
async function showOutlook() {
  const place = options.querySelector("[data-outlook]");
  const number = ++asked;
  const choice = new URLSearchParams(new FormData(options.closest("form"))).toString();
  let words;
  try {
    const path = `ccds/sessions/${encodeURIComponent(hub.user)}/${encodeURIComponent(options.dataset.options)}/outlook`;
    ({ words } = await call(`${path}?${choice}`));
  } catch (error) {
    words = error.body?.message ?? "What this choice means can’t be said now: the hub doesn’t answer.";
  }
  if (number === asked && place.textContent !== words) place.textContent = words; // said aloud only where it changed
}

if (options) {
  let soon;
  options.addEventListener("change", () => {
    limitGpus();
    showShare();
    clearTimeout(soon);
    soon = setTimeout(showOutlook, PAUSE_MS);
  });
  const whenSeen = (what, every) => setInterval(() => document.visibilityState === "visible" && what(), every);
  whenSeen(showFree, FREE_EVERY_MS);
  whenSeen(showOutlook, OUTLOOK_EVERY_MS);
  limitGpus();
  showOutlook();
}
