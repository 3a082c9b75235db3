// Words of a text, in UTF-16 offsets, by the kernel's idea of a word character: letter, number, mark, underscore. Characters
// that nobody sees join what they stand between.

const WORD = /[\p{L}\p{N}\p{M}_\u00ad\u200b-\u200f\u2060\ufeff]+/gu;

/** Every word of `text` as [start, end]. */
function wordsOf(text) {
  return [...text.matchAll(WORD)].map((match) => [match.index, match.index + match[0].length]);
}

/** [start, end] without white space at its ends, widened so that no word touches it; null where nothing is left. */
function toWholeWords(text, start, end) {
  while (start < end && /\s/u.test(text[start])) start += 1;
  while (end > start && /\s/u.test(text[end - 1])) end -= 1;
  if (start >= end) return null;
  for (const [from, to] of wordsOf(text)) {
    if (from < start && start <= to) start = from;
    if (from <= end && end < to) end = to;
  }
  return [start, end];
}

/** The offset in `element`'s text of a point in it. */
function offsetIn(element, node, offset) {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(node, offset);
  return range.toString().length;
}

/** The range from `start` to `end` of `element`'s text. */
function rangeIn(element, start, end) {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let before = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.data.length;
    if (!begun && start < before + length) {
      range.setStart(node, start - before);
      begun = true;
    }
    if (end <= before + length) {
      range.setEnd(node, end - before);
      break;
    }
    before += length;
  }
  return range;
}
