// Words and signs of the states of studies, and numbers with their units.

const STATES = {
  arrived: { word: "arrived", sign: "✓", tone: 2 },
  running: { word: "being fetched", sign: "↓", tone: 0 },
  waiting: { word: "waiting", sign: "·", tone: 7 },
  interrupted: { word: "interrupted", sign: "‖", tone: 4 },
  failed: { word: "failed", sign: "!", tone: 1 },
  refused: { word: "refused", sign: "×", tone: 6 },
};

function stateChip(state) {
  const { word, sign, tone } = STATES[state];
  return h("span", { class: "ccds-chip", "data-tone": tone, "data-state": state }, h("span", { "aria-hidden": "true" }, sign), word);
}

/** 0.42 as "0.42 MB", 4200 as "4.2 GB". */
function size(mb) {
  return mb < 1000 ? `${mb < 10 ? mb.toFixed(1) : grouped(Math.round(mb))} MB` : `${(mb / 1000).toFixed(1)} GB`;
}

function speed(mbPerS) {
  return `${mbPerS < 10 ? mbPerS.toFixed(1) : grouped(Math.round(mbPerS))} MB/s`;
}

/** How far a part is of a whole, without saying 100 % before it is. */
function share(part, whole) {
  if (!whole) return "0 %";
  return part === whole ? "100 %" : `${Math.min(99, Math.floor((100 * part) / whole))} %`;
}
