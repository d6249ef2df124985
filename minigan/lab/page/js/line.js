// The fourth depth: every line of minigan that runs, with its local variables.
import { bringIntoView, colour, el, prepare } from "./arrays.js";
import { RecordingBar } from "./bar.js";
import { chip, inspect } from "./inspect.js";
import { shown } from "./recording.js";
import { codeBlock, scrollTo, sourceLink } from "./source.js";

export class Line {
  constructor(app) {
    this.app = app;
    this.bar = new RecordingBar(app, 4);
    this.flame = el("canvas", { class: "flame", id: "line-flame", role: "img", "aria-label": "All calls of this step, from left to right. A bar is a function that runs; the functions that it calls are below it." });
    this.flame.addEventListener("click", (event) => this.seek(event));
    this.flame.addEventListener("mousemove", (event) => this.hint(event));
    this.flameNote = el("p", { class: "note" });
    this.helpers = el("input", { type: "checkbox", id: "line-helpers", onchange: () => this.showHelpers() });
    const helpers = el("label", { class: "note helpers", title: "Also step through the checks, the bookkeeping of memory and the walks over modules" }, this.helpers, " Show helper functions: checks, memory, walks over modules");
    this.header = el("header", {});
    this.note = el("div", { class: "event-note", id: "line-event" });
    this.codePlace = el("div", {});
    this.code = el("section", { class: "card code-card", id: "line-code" }, this.header, this.note, this.codePlace);
    this.stack = el("ol", { class: "stack" });
    this.localsTitle = el("h2", {});
    this.locals = el("table", { class: "locals" });
    this.inspector = el("section", { class: "card inspect", id: "line-inspector", hidden: true });
    this.element = el(
      "div",
      {},
      this.bar.element,
      el("section", { class: "card", style: "padding:8px 12px;margin-bottom:14px" }, this.flame, this.flameNote, helpers),
      el(
        "div",
        { class: "columns" },
        el("div", {}, this.code),
        el("div", {}, el("section", { class: "card", id: "line-locals" }, this.localsTitle, this.locals), this.inspector, el("section", { class: "card", id: "line-stack" }, el("h2", {}, "How we got here"), this.stack)),
      ),
    );
    new ResizeObserver(() => this.recording && this.drawFlame()).observe(this.flame.parentElement);
  }

  async show() {
    if (this.recording !== this.app.recording) {
      this.recording = this.app.recording;
      this.frame = 0;
      this.flamePicture = null;
      this.inspector.hidden = true;
    }
    await this.update();
  }

  async update() {
    const { app, recording } = this;
    if (recording !== app.recording) return;
    const event = recording.lineAt(app.cursor); // the cursor of another depth may be at a helper
    if (this.shownEvent !== event) this.frame = 0;
    this.shownEvent = event;
    const stack = recording.stack(event).filter((item) => recording.shows(item.call));
    const frame = stack[Math.min(this.frame, stack.length - 1)];
    this.bar.update();
    this.drawFlame();
    this.stack.replaceChildren(
      ...stack.map((item, i) =>
        el("li", {}, el("button", { "aria-current": String(i === this.frame), title: "Show this function's line and variables", onclick: () => ((this.frame = i), this.update()) }, item.fn.name, " ", el("small", {}, `${item.file}:${item.line}`))),
      ),
    );
    const kind = this.frame ? 1 : recording.kind[event];
    const returned = recording.raw.returns[event];
    this.note.replaceChildren(
      ...(this.frame
        ? ["This function is waiting for the call in the marked line."]
        : kind === 0
          ? ["Python enters ", el("b", {}, frame.fn.name), "."]
          : kind === 2
            ? [el("b", {}, frame.fn.name), " returns ", returned === undefined ? "None" : chip(app, recording, "result", returned, (v, n) => this.inspect(v, n))]
            : kind === 3
              ? ["An exception passes through this line."]
              : ["The marked line runs next."]),
    );
    this.header.replaceChildren(el("h2", { class: "mono" }, frame.fn.name), el("span", { class: "spacer" }), sourceLink(app, frame.file, frame.line));
    this.localsTitle.textContent = `Variables of ${frame.fn.name}`;
    const locals = recording.locals(frame.call, frame.event);
    this.locals.replaceChildren(
      ...locals.map(({ name, value, changed }) =>
        el("tr", { class: changed ? "changed" : "" }, el("td", {}, name), el("td", {}, this.valueText(name, value))),
      ),
    );
    if (!locals.length) this.locals.replaceChildren(el("tr", {}, el("td", { colSpan: 2 }, "none yet")));
    await this.showCode(frame);
  }

  // Hide or show the helpers. The line in view stays, or the last one before it.
  async showHelpers() {
    shown.helpers = this.helpers.checked;
    await this.app.stepper.moveTo(this.recording.lineAt(this.app.cursor));
  }

  valueText(name, value) {
    const known = this.recording.values[value];
    if (known.array || known.items) return el("button", { class: "link mono", title: "Show the numbers", onclick: () => this.inspect(value, name) }, known.text);
    return known.text;
  }

  async showCode(frame) {
    const { recording } = this;
    if (this.file !== frame.file) {
      this.file = frame.file;
      const block = await codeBlock(this.app, frame.file);
      if (this.file !== frame.file) return;
      this.block = block;
      this.codePlace.replaceChildren(block.element);
      this.marked = null;
    }
    if (!this.block || recording !== this.app.recording) return;
    this.marked?.classList.remove("current");
    this.marked = this.block.rows.get(frame.line);
    this.marked?.classList.add("current");
    scrollTo(this.block.element, this.marked);
    if (this.marked) bringIntoView(this.marked);
  }

  inspect(value, name) {
    this.inspector.hidden = false;
    inspect(this.app, this.recording, value, name, this.inspector);
  }

  // The calls of the step as bars: time from left to right, deeper calls further down.
  drawFlame() {
    const { recording, flame } = this;
    const width = flame.parentElement.clientWidth - 24;
    if (width < 10) return;
    const { calls, functions } = recording.raw;
    const rowHeight = 7;
    const deepest = Math.min(11, d3.max(recording.depth) + 1);
    const height = deepest * rowHeight + 4;
    const context = prepare(flame, width, height);
    const x = (e) => (e / recording.length) * width;
    const tints = { "/ops/": "grid", "/autograd.py": "d", "/op.py": "d", "/optim.py": "fake", "/losses.py": "real" };
    calls.forEach((call, i) => {
      if (recording.depth[i] >= deepest) return;
      const file = recording.raw.files[functions[call.function].file];
      const found = Object.keys(tints).find((part) => file.includes(part));
      context.fillStyle = colour(tints[found] ?? "soft");
      context.globalAlpha = recording.shows(i) ? 0.55 : 0.15;
      context.fillRect(x(call.event), 2 + recording.depth[i] * rowHeight, Math.max(0.7, x(call.end) - x(call.event) - 0.5), rowHeight - 1.5);
    });
    context.globalAlpha = 1;
    context.fillStyle = colour("current-edge");
    context.fillRect(Math.max(0, x(this.app.cursor) - 1), 0, 2.5, height);
    if (this.flameNote.textContent) return;
    const keys = [["soft", "trainer and networks"], ["real", "losses"], ["grid", "operations"], ["d", "Op and the walk"], ["fake", "optimizer"]];
    this.flameNote.append(
      "The whole step, from left to right. Each bar is a function that runs; the functions that it calls are below it. Press a place to go there. ",
      ...keys.map(([tint, text]) => el("span", { class: "flame-key" }, el("i", { style: `background: var(--${tint})` }), text)),
    );
  }

  place(event) {
    const box = this.flame.getBoundingClientRect();
    const e = Math.max(0, Math.min(this.recording.length - 1, Math.floor(((event.clientX - box.left) / box.width) * this.recording.length)));
    return { e, depth: Math.floor((event.clientY - box.top - 2) / 7) };
  }

  seek(event) {
    this.app.stepper.moveTo(this.recording.lineAt(this.place(event).e));
  }

  hint(event) {
    const { e, depth } = this.place(event);
    const stack = this.recording.stack(e).reverse();
    const item = stack[Math.max(0, Math.min(depth, stack.length - 1))];
    this.flame.title = `${item.fn.name} in ${item.file}`;
  }
}
