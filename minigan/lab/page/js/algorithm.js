// The second depth: the trainer's own lines beside the paper's algorithm, with the values that they make.
import { bringIntoView, el } from "./arrays.js";
import { RecordingBar } from "./bar.js";
import { algorithmLine } from "./formulas.js";
import { chip, inspect } from "./inspect.js";
import { codeBlock, sourceLink } from "./source.js";

export class Algorithm {
  constructor(app) {
    this.app = app;
    this.bar = new RecordingBar(app, 2);
    this.box = el("section", { class: "card box", id: "algorithm-box" });
    this.code = el("section", { class: "card code-card", id: "algorithm-code" });
    this.inspector = el("section", { class: "card inspect", id: "algorithm-inspector" });
    this.element = el("div", {}, this.bar.element, el("div", { class: "columns" }, el("div", {}, this.code), el("div", {}, this.box, this.inspector)));
  }

  async show() {
    const { app } = this;
    const { recording, description } = app;
    const { algorithm, files } = recording.raw;
    if (this.recording !== recording) {
      this.recording = recording;
      this.chosen = null;
      const file = files[algorithm.file];
      const { element, rows } = await codeBlock(app, file, algorithm.first, algorithm.last);
      if (this.recording !== recording) return;
      element.classList.add("free");
      this.rows = rows;
      // The call itself stands at the first line, which may be a decorator. Mark the line with "def" instead.
      this.start = [...rows].find(([, row]) => /^\s*\d*\s*def /.test(row.textContent))?.[0] ?? algorithm.first;
      this.code.replaceChildren(
        el("header", {}, el("h2", {}, `One step of ${recording.player}, the ${description.players[recording.player] ?? "player"}`), el("span", { class: "spacer" }), sourceLink(app, file, algorithm.first, algorithm.last)),
        element,
      );
      for (const [line, row] of rows) {
        const stop = recording.stops[2].find((event) => recording.line[event] === line);
        if (stop === undefined) row.classList.add("dim");
        else {
          row.classList.add("clickable");
          row.addEventListener("click", () => app.stepper.moveTo(stop));
        }
      }
      const items = description.algorithm.map((item) => {
        const indent = item.text.length - item.text.trimStart().length;
        const li = el("li", { class: item.players.length && !item.players.includes(recording.player) ? "other" : "", style: `padding-left:${30 + 5 * indent}px` });
        return algorithmLine(li, item.text.trim());
      });
      this.boxItems = items;
      const { model, generator_loss: loss } = description.settings;
      const other = model === "gan" && loss === "non_saturating" ? " G uses the other loss of the paper here: it descends −log D(G(z))." : "";
      this.box.replaceChildren(
        el("h2", {}, description.algorithm_title),
        el("ol", {}, items),
        el("p", { class: "note" }, "The paper's algorithm. The marked line is what the code does now.", other),
      );
      this.valueRows = [];
      this.inspector.replaceChildren(el("h2", {}, "Values"), el("p", { class: "note" }, "Press Forward. Each line that has run shows the values that it made. Press one to see its numbers here."));
    }
    this.update();
  }

  update() {
    const { app, recording } = this;
    if (!this.rows || this.recording !== app.recording) return;
    const { algorithm } = recording.raw;
    const stops = recording.stops[2];
    const index = recording.stopAt(2, app.cursor);
    const lineOf = (event) => (recording.kind[event] === 0 ? this.start : recording.line[event]);
    const current = index >= 0 ? lineOf(stops[index]) : null;
    // After the last stop (the return), every line has run.
    const atEnd = index === stops.length - 1;
    const run = new Set(stops.slice(0, Math.max(0, index)).map(lineOf));
    for (const row of this.valueRows) row.remove();
    this.valueRows = [];
    for (const [line, row] of this.rows) {
      row.classList.toggle("run", run.has(line));
      row.classList.toggle("current", line === current);
      const values = run.has(line) || (atEnd && line === current) ? algorithm.line_values[line] : null;
      if (values?.length) {
        const fresh = index > 0 && lineOf(stops[index - 1]) === line;
        const chips = el("div", { class: "values" }, values.map(([name, value]) => chip(app, recording, name, value, (v, n) => this.inspect(v, n), fresh)));
        row.after(chips);
        this.valueRows.push(chips);
        if (fresh && !this.chosen) inspect(app, recording, values[0][1], values[0][0], this.inspector);
      }
    }
    const now = new Set(algorithm.box[current] ?? []);
    this.boxItems.forEach((item, i) => item.classList.toggle("current", now.has(i)));
    this.bar.update();
    const row = this.rows.get(current);
    if (row) bringIntoView(row);
  }

  inspect(value, name) {
    this.chosen = value;
    inspect(this.app, this.recording, value, name, this.inspector);
  }
}
