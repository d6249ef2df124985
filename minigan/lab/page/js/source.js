// The source of minigan: fetched once for each file, and drawn with its tokens' colours.
import { el } from "./arrays.js";

const files = new Map();

export function source(app, file) {
  if (!files.has(file)) files.set(file, app.api.call("source", { file }));
  return files.get(file);
}

export function codeLine(text, tokens) {
  const line = el("span", { class: "text" });
  let at = 0;
  for (const [start, end, kind] of tokens ?? []) {
    if (start > at) line.append(text.slice(at, start));
    line.append(el("span", { class: `tok-${kind}` }, text.slice(start, end)));
    at = end;
  }
  line.append(text.slice(at) || (at ? "" : " "));
  return line;
}

// Rows of source, from line `first` to `last` (counted from 1). Returns {element, rows: Map of line -> row}.
export async function codeBlock(app, file, first = 1, last = Infinity) {
  const { lines, tokens } = await source(app, file);
  const rows = new Map();
  const element = el("div", { class: "code" });
  for (let n = Math.max(1, first); n <= Math.min(last, lines.length); n++) {
    const row = el("div", { class: "row", "data-line": String(n) }, el("span", { class: "number" }, String(n)), codeLine(lines[n - 1], tokens[n - 1]));
    rows.set(n, row);
    element.append(row);
  }
  return { element, rows };
}

// A link that shows a file in the dialog, at a line.
export function sourceLink(app, file, first, last = first, text = null) {
  return el("button", { class: "link mono", title: "Show this file", onclick: () => showSource(app, file, first, last) }, text ?? `${file}:${first}`);
}

export async function showSource(app, file, first, last = first) {
  const { element, rows } = await codeBlock(app, file);
  for (let n = first; n <= last; n++) rows.get(n)?.classList.add("current");
  app.messages.dialog(el("h2", { class: "mono" }, file), element);
  scrollTo(element, rows.get(first), 80);
}

// Scroll a code block so that a row is visible, without moving the page.
export function scrollTo(block, row, room = 60) {
  if (!row) return;
  const top = row.offsetTop - block.offsetTop * (row.offsetParent === block ? 0 : 1);
  if (top < block.scrollTop + room || top + row.offsetHeight > block.scrollTop + block.clientHeight - room) {
    block.scrollTop = Math.max(0, top - block.clientHeight / 2.6);
  }
}
