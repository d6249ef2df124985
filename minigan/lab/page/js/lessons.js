// The lessons: short guided tours. A lesson sets up the page, points at parts of it, and asks for an action.
import { el } from "./arrays.js";
import { keep, kept } from "./storage.js";

// A little Markdown: paragraphs, lists, **bold**, *emphasis*, `code` and $formulas$.
export function markdown(text) {
  const block = el("div", { class: "text" });
  for (const paragraph of text.trim().split(/\n\s*\n/)) {
    const lines = paragraph.split("\n");
    if (lines.every((line) => /^\s*[-*] /.test(line))) block.append(el("ul", {}, lines.map((line) => inline(el("li"), line.replace(/^\s*[-*] /, "")))));
    else block.append(inline(el("p"), lines.join(" ")));
  }
  return block;
}

function inline(element, text) {
  for (const part of text.split(/(\$\$[^$]+\$\$|\$[^$]+\$|`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)/)) {
    if (part.startsWith("$")) {
      const place = el("span");
      katex.render(part.replace(/^\$+|\$+$/g, ""), place, { throwOnError: false, displayMode: part.startsWith("$$") });
      element.append(place);
    } else if (part.startsWith("`")) element.append(el("code", {}, part.slice(1, -1)));
    else if (part.startsWith("**")) element.append(el("b", {}, part.slice(2, -2)));
    else if (/^\*[^*]/.test(part) && part.length > 2) element.append(el("em", {}, part.slice(1, -1)));
    else element.append(part);
  }
  return element;
}

const PLACES = {
  heat: "#plane-holder",
  arrows: "#plane-holder",
  grid: "#plane-holder",
  "line-locals": "#line-locals",
};

export class Lessons {
  constructor(app) {
    this.app = app;
    this.place = document.getElementById("lesson");
    this.lesson = null;
    this.stopped = null; // the step at which the user stopped the way to this page
  }

  async list() {
    this.lessons ??= await this.app.api.call("lessons");
    return this.lessons;
  }

  async choose() {
    const lessons = await this.list();
    this.app.messages.dialog(
      el("h2", {}, "Lessons"),
      el("p", { class: "note" }, "Each lesson takes one or two minutes. It sets up the page for you."),
      el("div", { class: "lesson-list" }, lessons.map((lesson, i) =>
        el("button", { "data-lesson": lesson.id, onclick: () => (this.app.messages.closeDialog(), this.open(lesson.id)) }, el("b", {}, `${i + 1}. ${lesson.title}`), el("span", { class: "note" }, `${lesson.question} About ${lesson.minutes} ${lesson.minutes === 1 ? "minute" : "minutes"}.`)),
      )),
    );
  }

  // Open a lesson. `restore`: the page loads an address of the lesson; `shown`: and shows its run already.
  async open(id, page = 0, { restore = false, shown = false } = {}) {
    const lessons = await this.list();
    const lesson = lessons.find((other) => other.id === id);
    if (!lesson) return;
    if (!this.lesson && !restore && this.app.ready && !(await this.keepRun(lesson))) return;
    this.lesson = lesson;
    this.app.setLesson(true);
    await this.turn(Math.min(page, lesson.pages.length - 1), { from: restore ? -1 : null, shown });
  }

  // A lesson makes runs of its own. Keep the learner's run for afterwards, and ask first. Returns whether to go on.
  async keepRun(lesson) {
    const { app } = this;
    await app.training.pause();
    const { position, recorded } = app.frame;
    if (recorded > 0) {
      const going = await app.messages.ask(
        `Start “${lesson.title}”?`,
        `The lesson makes a run of its own. Your run (step ${position}) is kept. When you leave the lesson, it comes back with its settings and layers.`,
        "Start the lesson",
      );
      if (!going) return false;
    }
    this.keepNow();
    return true;
  }

  keepNow() {
    const { app } = this;
    keep("own-run", { ...app.restore.now(), layers: [...app.layers], depth: app.depth, settingsOpen: document.getElementById("settings").open, player: app.recording?.player, event: app.cursor });
  }

  // Show a page. Going back, or opening a later page, first does what the pages before it do.
  async turn(index, { from = this.index, shown = false } = {}) {
    const { app, lesson } = this;
    if (this.turning) return;
    if (this.stopped !== null) from = null;
    this.stopped = null;
    if (!app.ready) {
      // Python does not run yet: the text can be read. The page turns here again when it runs.
      this.index = index;
      this.draw(false);
      return;
    }
    this.turning = true;
    try {
      const pages = lesson.pages;
      const resets = (page) => page.do.some((action) => action.call === "reset");
      let start = index;
      const straight = from !== null && from !== undefined && index === from + 1;
      if (!straight) while (start > 0 && !resets(pages[start])) start--;
      this.index = index;
      this.attempt = null;
      this.unpoint();
      this.draw(true);
      await app.training.pause();
      const page = pages[index];
      const actions = shown ? [] : pages.slice(start, index + 1).flatMap((p) => p.do);
      if (!(await this.carryOut(actions))) {
        this.stopped = app.frame.position;
        return;
      }
      const layers = pages.slice(0, index + 1).findLast((p) => p.layers)?.layers;
      if (layers && !shown) app.setLayers(layers);
      if (page.cursor && !shown) await app.stepper.setCursor(page.cursor);
      const depth = pages.slice(0, index + 1).findLast((p) => p.depth)?.depth;
      if (depth && !shown && (page.depth || !straight)) await app.setDepth(depth);
      if (page.try) this.attempt = { what: page.try, done: false, count: 0 };
      app.limit = page.try?.what === "play" ? page.try.until : null;
      if (this.attempt && app.limit !== null && app.frame.position >= app.limit) {
        app.limit = null;
        this.attempt.done = shown; // done before the page was loaded again
      }
      if (app.depth !== 1) await app.setDepth(app.depth);
      app.lessonChanged();
    } catch (error) {
      app.messages.complain(error);
    } finally {
      this.turning = false;
      if (this.leaving) this.close();
      else if (this.lesson) {
        this.draw(false);
        this.point();
      }
    }
  }

  // Carry out the calls of a page, in the queue of the page. Returns false if the user stopped a long one.
  async carryOut(actions) {
    let done = false;
    let failure = null;
    await this.app.run(async () => {
      try {
        done = true;
        for (const { call, args } of actions) done = done && (await this.app.training.perform(call, args));
      } catch (error) {
        failure = error;
      }
    });
    if (failure) throw failure;
    return done;
  }

  // Leave the lesson, and give the learner's run back.
  close() {
    return (this.closing = this.closeNow().catch((error) => this.app.messages.complain(error)));
  }

  async closeNow() {
    const { app } = this;
    this.leaving = this.turning;
    if (this.turning) return app.jump.cancel();
    const own = kept("own-run");
    keep("own-run", null);
    await app.training.pause();
    this.lesson = this.attempt = null;
    this.place.hidden = true;
    this.app.limit = null;
    this.unpoint();
    this.app.setLesson(false);
    if (!own) return;
    app.layers = new Set(own.layers);
    await app.run(() => app.restore.show(own));
    await app.setDepth(own.depth, own);
    if (own.depth === 1) app.setLayers(own.layers);
    document.getElementById("settings").open = own.settingsOpen;
  }

  draw(busy) {
    const { lesson, index } = this;
    const page = lesson.pages[index];
    const last = index === lesson.pages.length - 1;
    const number = this.lessons.indexOf(lesson);
    const following = this.lessons[number + 1];
    this.place.hidden = false;
    this.place.dataset.page = String(index);
    this.place.dataset.lesson = lesson.id;
    this.place.setAttribute("aria-busy", String(busy));
    this.tryPlace = el("div", { class: "try", id: "lesson-try", hidden: !page.try || busy || this.stopped !== null });
    this.place.replaceChildren(
      el("header", {}, el("h2", {}, lesson.title), el("button", { class: "close", id: "lesson-close", "aria-label": "Leave the lesson", title: "Leave the lesson", onclick: () => this.close() }, "×")),
      el("div", { class: "progress", role: "img", "aria-label": `Page ${index + 1} of ${lesson.pages.length}` }, lesson.pages.map((_, i) => el("span", { class: i <= index ? "done" : "" }))),
      index === 0 ? el("p", { class: "note", style: "margin-bottom:8px" }, lesson.question) : "",
      ...this.body(page, busy),
      this.tryPlace,
      el(
        "footer",
        {},
        el("button", { id: "lesson-back", disabled: busy || index === 0, onclick: () => this.turn(index - 1) }, "Back"),
        el("span", { class: "note" }, `${index + 1} of ${lesson.pages.length}`),
        el("span", { class: "spacer" }),
        last
          ? el("button", { id: "lesson-end", class: "primary", disabled: busy, onclick: () => (following ? this.open(following.id) : this.close()) }, following ? "Next lesson" : "Finish")
          : el("button", { id: "lesson-next", class: "primary", disabled: busy, onclick: () => this.turn(index + 1) }, "Next"),
      ),
    );
    this.drawTry();
    if (busy) this.place.scrollTop = 0;
  }

  // The text of a page. It speaks of a picture, so it waits until the page has arrived there.
  body(page, busy) {
    if (this.stopped !== null) return [el("p", {}, `Stopped at step ${this.stopped}, before this page of the lesson was ready. `, el("button", { id: "lesson-again", onclick: () => this.turn(this.index, { from: null }) }, "Go on"))];
    return busy && this.app.ready ? [el("p", { class: "note" }, "The lesson goes to its step …")] : [markdown(page.text)];
  }

  drawTry() {
    const page = this.lesson?.pages[this.index];
    if (!page?.try) return;
    const { what, until, player, count } = page.try;
    const times = count - (this.attempt?.count ?? 0);
    const ask = {
      play: `Try it: press Play (or space). It pauses at step ${until}.`,
      step: `Try it: press Step ${player}.`,
      lines: `Try it: press Forward (or →) ${times === 1 ? "once more" : `${times} times`}.`,
      walk: `Try it: press Forward (or →) ${times === 1 ? "once more" : `${times} times`}, and watch the gradient move.`,
    }[what];
    const done = this.attempt?.done;
    this.tryPlace.classList.toggle("done", Boolean(done));
    this.tryPlace.replaceChildren(...(done ? [inline(el("span"), `✓ ${page.also ?? "Done."}`)] : [ask]));
  }

  // The page tells of what the learner did: ("play"), ("step", "D"), ("move", depth).
  did(what, detail) {
    const { attempt } = this;
    if (!attempt || attempt.done) return;
    const wanted = attempt.what;
    if (what === "play" && wanted.what === "play") attempt.done = detail >= wanted.until;
    else if (what === "step" && wanted.what === "step") attempt.done = detail === wanted.player;
    else if (what === "move" && ((wanted.what === "lines" && detail !== 3) || (wanted.what === "walk" && detail === 3))) attempt.done = ++attempt.count >= wanted.count;
    this.drawTry();
  }

  unpoint() {
    for (const element of document.querySelectorAll(".pointed")) element.classList.remove("pointed");
  }

  point() {
    this.unpoint();
    const id = this.lesson.pages[this.index].point_at;
    if (!id) return;
    if (id === "settings") document.getElementById("settings").open = true;
    const element = document.querySelector(PLACES[id] ?? `#${CSS.escape(id)}`);
    if (!element) return;
    element.classList.add("pointed");
    const box = element.getBoundingClientRect();
    if (box.bottom < 120 || box.top > innerHeight - 140) element.scrollIntoView({ block: "center" });
  }
}
