// The page: its state, its controls, the keyboard and the address. Start reading here.
import { el, forgetColours, reducedMotion, short } from "./arrays.js";
import { Algorithm } from "./algorithm.js";
import { Game, LAYERS } from "./game.js";
import { Graph } from "./graph.js";
import { Lessons } from "./lessons.js";
import { Loading } from "./loading.js";
import { Line } from "./line.js";
import { Recording } from "./recording.js";
import { Settings, drawingPad } from "./settings.js";
import { connect, LabError } from "./transport.js";

const $ = (id) => document.getElementById(id);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class App {
  constructor() {
    this.depth = 1;
    this.layers = new Set(LAYERS.map((layer) => layer.id));
    this.playing = false;
    this.recording = null; // the recorded step, for the depths 2 to 4
    this.cursor = 0; // the event in it
    this.limit = null; // a lesson pauses play at this position
    this.queue = Promise.resolve();
    this.settingsForm = new Settings(this);
    this.lessons = new Lessons(this);
    this.views = { 1: new Game(this), 2: new Algorithm(this), 3: new Graph(this), 4: new Line(this) };
    this.api = connect();
  }

  get game() {
    return this.views[1];
  }

  // One thing after another: a click during an answer waits for it.
  run(task) {
    this.waiting = (this.waiting ?? 0) + 1;
    this.queue = this.queue.then(task).catch((error) => this.complain(error)).finally(() => this.waiting--);
    return this.queue;
  }

  async start() {
    this.wire();
    const wanted = this.readAddress();
    const lesson = wanted.lesson?.split(".");
    // Its text can be read while Python loads.
    if (lesson && this.api.ready) await this.lessons.open(lesson[0], Number(lesson[1]) - 1 || 0);
    await new Loading(this).untilReady();
    try {
      this.hello = await this.api.call("hello");
      const known = new Set(this.hello.settings.map((setting) => setting.id));
      for (const id of Object.keys(wanted.settings)) if (!known.has(id)) delete wanted.settings[id];
      this.settingsForm.build(this.hello);
      this.welcome();
      await this.restore(wanted);
    } catch (error) {
      $("loading")?.remove();
      this.complain(error);
      return;
    }
    this.ready = true;
    for (const control of document.querySelectorAll(".top [disabled], .controls [disabled]")) control.disabled = false; // index.html disables them
    this.updateControls();
    document.body.dataset.ready = "true";
    await this.setDepth(wanted.depth ?? 1, wanted);
    if (this.lessons.lesson) await this.lessons.turn(this.lessons.index, { from: null }); // opened while Python was loading
    else if (lesson && !this.api.ready) await this.lessons.open(lesson[0], Number(lesson[1]) - 1 || 0, { restore: true });
    this.writeAddress();
  }

  // Go to the state that the address describes.
  async restore(wanted) {
    const settings = { ...this.defaultsFor(wanted.settings.model ?? this.hello.defaults.model, wanted.settings.data ?? this.hello.defaults.data), ...wanted.settings };
    let description = await this.api.call("describe");
    let refused = null;
    const same = Object.keys(settings).every((id) => JSON.stringify(settings[id]) === JSON.stringify(description.settings[id]));
    if (!same) {
      try {
        description = await this.api.call("reset", { settings });
      } catch (error) {
        if (error.kind !== "settings") throw error;
        refused = error;
      }
    }
    this.settings = description.settings;
    if (wanted.layers) this.layers = new Set(wanted.layers);
    $("loading")?.remove();
    if ((wanted.depth ?? 1) === 1) this.showGame();
    this.showDescription(description);
    const position = wanted.position ?? description.frame.position;
    if (position !== description.frame.position) await this.travelSafely(position);
    else await this.curves();
    if (refused) this.message("The address has a setting that does not work.", `${refused.message} The page shows another run instead.`, "settings");
  }

  // Go to a position. A long way is gone in pieces, so that the page can show where it is.
  async travel(position) {
    let frame = this.frame;
    if (position <= frame.recorded) {
      frame = await this.api.call("go", { position, layers: this.wantedLayers() });
    } else {
      while (frame.position < position) {
        frame = await this.api.call("go", { position: Math.min(position, Math.max(frame.recorded, frame.position) + 100), layers: frame.position + 100 >= position ? this.wantedLayers() : [] });
        if (frame.stopped) break;
        $("readout").textContent = `Training to step ${position}: step ${frame.position} …`;
      }
    }
    this.showFrame(frame);
    await this.curves();
  }

  // The same, but a run that breaks down on the way is shown at its last good step.
  async travelSafely(position) {
    try {
      await this.travel(position);
    } catch (error) {
      if (error.kind !== "nan") throw error;
      this.showFrame(await this.api.call("frame", { layers: this.wantedLayers() }));
      await this.curves();
      this.complain(error);
    }
  }

  defaultsFor(model, data) {
    const { defaults, defaults_for: special } = this.hello;
    return { ...defaults, ...(special?.[model] ?? {}), ...(special?.[data] ?? {}), ...(special?.[`${model}/${data}`] ?? {}), model, data };
  }

  // Messages

  complain(error) {
    this.playing = false;
    this.updateControls();
    if (error?.kind === "settings") {
      this.settingsForm.complain(error.setting, error.message);
      if (this.settings) this.message("This setting does not work.", error.message, "settings");
      return;
    }
    const titles = {
      nan: "Training broke down: a number became NaN or infinite.",
      gone: "No answer.",
      busy: "The lab is busy.",
      unavailable: "Not available here.",
      request: "The lab did not understand the page.",
      internal: "Something went wrong inside the lab.",
    };
    const advice = {
      nan: "A learning rate that is too large is the usual reason. Step back to look at the last good state, or make the learning rate smaller and start again.",
    };
    if (!(error instanceof LabError)) console.error(error);
    this.message(titles[error?.kind] ?? "Something went wrong on the page.", `${error?.message ?? error} ${advice[error?.kind] ?? ""}`, error?.kind ?? "page");
    $("loading")?.remove();
  }

  message(title, text, kind, info = false) {
    const place = $("message");
    place.hidden = false;
    place.dataset.kind = kind;
    place.classList.toggle("info", info);
    const body = el("p", {}, el("strong", {}, title), " ");
    for (const part of text.split(/(`[^`]+`)/)) body.append(part.startsWith("`") ? el("code", {}, part.slice(1, -1)) : part);
    const again = kind === "gone" || kind === "busy" ? el("button", { onclick: () => location.reload() }, "Try again") : null;
    place.replaceChildren(body, ...[again].filter(Boolean), el("button", { class: "close", "aria-label": "Close this message", onclick: () => (place.hidden = true) }, "×"));
  }

  clearMessage() {
    $("message").hidden = true;
  }

  dialog(...content) {
    $("dialog-body").replaceChildren(...content);
    if (!$("dialog").open) $("dialog").showModal();
  }

  closeDialog() {
    $("dialog").close();
  }

  // The state of the experiment

  wantedLayers() {
    return this.depth === 1 ? [...[...this.layers].filter((id) => id !== "real"), "measures"] : ["measures"];
  }

  showDescription(description) {
    this.description = description;
    this.settings = description.settings;
    this.frame = description.frame;
    this.game.describe(description);
    this.settingsForm.update(description);
    $("button-step-d").title = `One step of D, the ${description.players.D}: it learns, and G is held fixed (key d)`;
    $("button-step-g").title = `One step of G: G learns, and the ${description.players.D} is held fixed (key g)`;
    this.game.update(description.frame);
    this.updateControls();
  }

  showFrame(frame, options = {}) {
    this.frame = frame;
    if (frame.history && !this.playing) this.settingsForm.updateNote(this.description, frame.history);
    this.game.update(frame, options);
    this.updateControls();
    this.writeAddress();
    if (frame.stopped) this.complain(new LabError(frame.stopped));
  }

  async curves() {
    const begun = performance.now();
    const curves = await this.api.call("curves", { points: 500 });
    this.game.updateCurves(curves);
    const now = performance.now();
    this.nextCurves = now + Math.max(700, 10 * (now - begun)); // a tenth of the time at most
  }

  updateControls() {
    const { frame } = this;
    if (!frame) return;
    const play = $("button-play");
    play.querySelector("i").textContent = this.playing ? "❚❚" : "▶";
    play.querySelector("span").textContent = this.playing ? "Pause" : "Play";
    $("button-back").disabled = frame.position === 0;
    $("button-step-d").classList.toggle("next", frame.next === "D");
    $("button-step-g").classList.toggle("next", frame.next === "G");
    const rate = this.playing ? this.stepsPerSecond() : null;
    const speed = rate ? ` · ${Math.round(rate)} steps a second` : "";
    const ahead = frame.recorded > frame.position ? ` of ${frame.recorded} known` : "";
    $("readout").replaceChildren(
      "step ", el("b", { id: "position" }, String(frame.position)), `${ahead} (D ${frame.steps.D}, G ${frame.steps.G})`,
      ...(this.playing ? [speed] : [" · next: ", el("b", {}, frame.next)]),
    );
  }

  // How fast the position has grown in the last second and a half; null if that is not known yet.
  stepsPerSecond() {
    const now = performance.now();
    this.marks = [...this.marks, [now, this.frame.position]].filter(([time]) => now - time < 1500);
    const [time, position] = this.marks[0];
    return now - time > 500 ? (1000 * (this.frame.position - position)) / (now - time) : null;
  }

  // The controls

  async play() {
    if (this.playing) return this.pause();
    this.playing = true;
    this.marks = []; // [time, position] of the last pictures
    this.clearMessage();
    this.updateControls();
    this.loop = this.depth === 1 ? this.trainLoop() : this.lineLoop();
    return this.loop;
  }

  async pause() {
    this.playing = false;
    await this.loop;
    await this.queue;
    this.updateControls();
  }

  async trainLoop() {
    let round = 0;
    let coming = null; // the next answer: Python computes it while this page draws the last one
    const ask = (left) => {
      const layers = this.wantedLayers();
      if (round++ % 8) layers.splice(layers.indexOf("measures"), 1);
      coming = this.api.call("play", { milliseconds: 60, steps: Math.min(1000, left), layers });
      coming.catch(() => {});
    };
    const left = () => (this.limit === null ? Infinity : this.limit - this.frame.position);
    while (this.playing && this.depth === 1) {
      await this.run(async () => {
        if (!this.playing) return;
        const speed = Number($("speed").value);
        if (left() <= 0) {
          this.playing = false;
          return;
        }
        if (speed === 0 || coming) {
          if (!coming) ask(left());
          const answer = coming;
          coming = null;
          this.frame = await answer;
          if (this.playing && speed === 0 && left() > 0 && !this.frame.stopped) ask(left());
          this.showFrame(this.frame);
        } else {
          const begun = performance.now();
          const frame = await this.api.call("step", { player: "next", layers: this.wantedLayers() });
          this.showFrame(frame, { glide: speed === 1 ? 650 : null });
          this.lessons.did("step", frame.last);
          this.pace = Math.max(0, 1000 / speed - (performance.now() - begun));
        }
        if (performance.now() > (this.nextCurves ?? 0)) await this.curves();
        if (this.limit !== null && this.frame.position >= this.limit) {
          this.playing = false;
          this.lessons.did("play", this.frame.position);
          this.limit = null;
        }
      });
      // Wait outside the queue, so that a click is answered at once.
      if (this.playing) await (Number($("speed").value) ? this.idle(this.pace ?? 0) : new Promise(requestAnimationFrame));
    }
    this.playing = false;
    this.updateControls();
    await coming?.catch((error) => this.complain(error));
    await this.run(async () => {
      if (this.description && $("message").dataset.kind !== "gone") {
        this.showFrame(await this.api.call("frame", { layers: this.wantedLayers() }));
        await this.curves();
      }
    });
  }

  // Wait, but not longer than play goes on.
  async idle(milliseconds) {
    const end = performance.now() + milliseconds;
    while (this.playing && performance.now() < end) await wait(Math.min(40, end - performance.now()));
  }

  // In the depths 2 to 4, play moves the cursor.
  async lineLoop() {
    while (this.playing && this.depth !== 1) {
      const { depth } = this;
      await this.move(1);
      const speed = Number($("speed").value);
      const pause = { 2: 900, 3: 600, 4: 220 }[depth];
      await this.idle(speed === 1 ? pause * 1.6 : speed === 10 ? pause / 2 : pause / 6);
    }
    this.playing = false;
    this.updateControls();
  }

  // One step of a player ("D", "G" or "next"), or back (-1).
  step(player) {
    this.playing = false;
    this.clearMessage();
    return this.run(() => this.stepNow(player));
  }

  async stepNow(player) {
    const frame = await this.api.call("step", { player, layers: this.wantedLayers() });
    this.showFrame(frame, { glide: 350 });
    await this.curves();
    this.lessons.did("step", frame.last);
    if (this.depth !== 1) await this.record("next", "start");
  }

  back() {
    this.playing = false;
    this.clearMessage();
    return this.run(() => this.backNow());
  }

  async backNow() {
    this.showFrame(await this.api.call("back", { count: 1, layers: this.wantedLayers() }), { glide: 350 });
    await this.curves();
    if (this.depth !== 1) await this.record("next", "start");
  }

  reset(settings = this.settings) {
    this.playing = false;
    this.clearMessage();
    return this.run(async () => {
      await this.perform("reset", { settings });
      await this.curves();
      if (this.depth !== 1) await this.record("next", "start");
      this.writeAddress();
    });
  }

  // A call of a lesson or a control that changes the experiment.
  async perform(call, args) {
    if (call === "reset") {
      const known = args?.settings ?? {};
      const settings = { ...this.defaultsFor(known.model ?? this.hello.defaults.model, known.data ?? this.hello.defaults.data), ...known };
      this.showDescription(await this.api.call("reset", { settings }));
      this.recording = null;
    } else if (call === "go") {
      await this.travel(args.position);
      this.recording = null;
    } else {
      this.showFrame(await this.api.call(call, { ...args, layers: this.wantedLayers() }));
      this.recording = null;
    }
    if (call !== "go") await this.curves();
  }

  draw() {
    this.pause();
    drawingPad(this, 1.6, this.settings.drawing ?? [], (strokes) => {
      this.closeDialog();
      this.reset({ ...this.defaultsFor(this.settings.model, "drawing"), seed: this.settings.seed, drawing: strokes });
    });
    // If the dialog is closed without a drawing, show the data in use.
    $("dialog").addEventListener("close", () => this.settingsForm.update(this.description), { once: true });
  }

  showLayer(id, visible) {
    if (visible) this.layers.add(id);
    else this.layers.delete(id);
    this.setLayers(this.layers);
  }

  setLayers(layers) {
    this.layers = new Set(layers);
    this.game.checkLayers();
    this.writeAddress();
    if (!this.playing) this.run(async () => this.showFrame(await this.api.call("frame", { layers: this.wantedLayers() })));
  }

  // The depths

  async setDepth(depth, wanted = {}) {
    const changed = depth !== this.depth || !this.views[depth].element.isConnected;
    if (!changed) return;
    await this.pause();
    this.chooseTab(depth);
    const attach = () => this.depth === depth && $("view").replaceChildren(this.views[depth].element);
    const say = (text) => $("view").replaceChildren(el("p", { class: "loading" }, text));
    if (depth === 1) {
      this.showGame();
      this.setLayers(this.layers);
      await this.run(() => this.curves());
    } else {
      const known = () => this.recording && this.recording.raw.position === this.frame.position;
      if (known()) attach();
      else say("Recording one step …");
      await this.run(async () => {
        if (!known()) {
          try {
            await this.record(wanted.player ?? "next", "start", false);
          } catch (error) {
            say("There is nothing to show here: the next step could not be recorded.");
            throw error;
          }
          attach();
        }
        if (wanted.event !== undefined) this.cursor = Math.max(0, Math.min(wanted.event, this.recording.length - 1));
        await this.views[depth].show();
      });
    }
    this.writeAddress();
  }

  chooseTab(depth) {
    this.depth = depth;
    for (const tab of document.querySelectorAll(".depths button")) {
      const chosen = Number(tab.dataset.depth) === depth;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    this.updateFrame();
  }

  // Put the game on the page. It draws itself when it has a description.
  showGame() {
    this.chooseTab(1);
    this.game.checkLayers();
    this.game.observer.observe(this.game.holder);
    $("view").replaceChildren(this.game.element);
  }

  updateFrame() {
    const lesson = Boolean(this.lessons.lesson);
    const layout = document.querySelector(".layout");
    layout.classList.toggle("wide", this.depth !== 1 && !lesson);
    layout.classList.toggle("with-lesson", lesson);
    $("settings").hidden = this.depth !== 1;
    $("welcome").hidden = lesson || this.depth !== 1;
    if (lesson) $("settings").open = false;
    document.body.dataset.depth = String(this.depth);
  }

  // Record the next step of a player, and put the cursor at its start or end.
  async record(player, at = "start", show = true) {
    const raw = await this.api.call("record", { player });
    this.recording = new Recording(raw);
    const stops = this.recording.stops[this.depth === 1 ? 2 : this.depth];
    this.cursor = at === "end" ? stops[stops.length - 1] : (stops[0] ?? 0);
    if (this.depth === 3 && at === "start") this.cursor = 0;
    if (show && this.depth !== 1) {
      const { element } = this.views[this.depth];
      if (!element.isConnected) $("view").replaceChildren(element);
      await this.views[this.depth].show();
    }
    this.writeAddress();
  }

  choosePlayer(player) {
    this.playing = false;
    return this.run(() => this.record(player, "start"));
  }

  // Put the cursor where a lesson wants it.
  async setCursor({ record, at }) {
    await this.run(async () => {
      await this.record(record, at === "end" ? "end" : "start", false);
      const { recording } = this;
      if (at?.line_contains) {
        const { lines } = await this.api.call("source", { file: at.file });
        const line = lines.findIndex((text, i) => text.includes(at.line_contains) && recording.line.some((l, e) => l === i + 1 && recording.kind[e] === 1 && recording.fileOf(e) === at.file)) + 1;
        const event = recording.line.findIndex((l, e) => l === line && recording.kind[e] === 1 && recording.fileOf(e) === at.file);
        if (event >= 0) this.cursor = event;
      } else if (at?.walk !== undefined) {
        const { walks } = recording.raw.graph;
        const walk = walks[Math.min(at.walk, walks.length - 1)];
        this.cursor = walk.steps[Math.min(at.step ?? 0, walk.steps.length - 1)].event;
      } else if (at === "end") this.cursor = recording.length - 1;
      if (this.depth !== 1) await this.views[this.depth].show();
    });
  }

  moveTo(event) {
    if (!this.recording || this.depth === 1) return;
    this.cursor = event;
    this.writeAddress();
    return this.views[this.depth].update();
  }

  // One stop of this depth forwards or back. Past the end of the step it goes on with the next step.
  move(direction) {
    if (this.depth === 1) return direction > 0 ? this.step("next") : this.back();
    return this.run(async () => {
      const { recording, depth } = this; // the depth may have changed since the key was pressed
      if (!recording || depth === 1) return;
      const stops = recording.stops[depth];
      const index = recording.stopAt(depth, this.cursor);
      const exact = index >= 0 && stops[index] === this.cursor;
      const next = direction > 0 ? index + 1 : exact ? index - 1 : index;
      if (next >= stops.length) await this.nextRecording();
      else if (next < 0) {
        if (depth === 3 && this.cursor > 0) await this.moveTo(0);
        else if (this.frame.position > 0) {
          const before = await this.api.call("back", { count: 1, layers: this.wantedLayers() });
          this.showFrame(before);
          await this.record("next", "end");
        }
      } else await this.moveTo(stops[next]);
      if (direction > 0) this.lessons.did("move", depth);
    });
  }

  // The cursor passed the end of the step: do the step, and record the next one.
  async nextRecording() {
    const { player } = this.recording;
    const frame = await this.api.call("step", { player, layers: this.wantedLayers() });
    this.showFrame(frame);
    this.lessons.did("step", player);
    await this.record("next", "start");
  }

  moveToEnd(direction) {
    if (!this.recording || this.depth === 1) return;
    const stops = this.recording.stops[this.depth];
    this.moveTo(direction < 0 ? (this.depth === 3 ? 0 : stops[0]) : stops[stops.length - 1]);
  }

  moveOver() {
    if (!this.recording) return;
    const event = this.recording.over(this.cursor);
    return event >= this.recording.length ? this.move(1) : this.moveTo(event);
  }

  moveOut() {
    if (!this.recording) return;
    const event = this.recording.out(this.cursor);
    if (event < this.recording.length) this.moveTo(event);
  }

  setLesson() {
    this.updateFrame();
    this.game.draw();
    this.writeAddress();
  }

  lessonChanged() {
    this.updateControls();
    this.writeAddress();
  }

  // The address holds the state, so that a view can be shared or reloaded.

  readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const settings = {};
    const wanted = { settings };
    for (const [name, text] of given) {
      if (name === "depth") wanted.depth = Math.max(1, Math.min(4, Number(text) || 1));
      else if (name === "step") wanted.position = Math.max(0, Math.min(100000, Number(text) || 0));
      else if (name === "show") wanted.layers = text.split(".").filter((id) => LAYERS.some((layer) => layer.id === id));
      else if (name === "event") wanted.event = Number(text) || 0;
      else if (name === "player" && (text === "D" || text === "G")) wanted.player = text;
      else if (name === "lesson") wanted.lesson = text;
      else if (name === "drawing") {
        settings.drawing = text.split("_").map((stroke) => stroke.split("~").map((point) => point.split("*").map((x) => Number(x) / 100))).filter((stroke) => stroke.every((p) => p.length === 2 && p.every(Number.isFinite)));
      } else if (/^[a-z_0-9]+$/.test(name)) settings[name] = text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    }
    return wanted;
  }

  writeAddress() {
    // Browsers limit how often an address may change. So write at most once in 250 ms, but always the last state.
    clearTimeout(this.addressTimer);
    const rest = 250 - (performance.now() - (this.addressAt ?? -Infinity));
    if (rest <= 0) this.writeAddressNow();
    else this.addressTimer = setTimeout(() => this.writeAddressNow(), rest);
  }

  writeAddressNow() {
    this.addressAt = performance.now();
    if (!this.settings || !this.frame) return;
    const parts = [];
    const { settings } = this;
    const defaults = this.defaultsFor(settings.model, settings.data);
    parts.push(["data", settings.data], ["model", settings.model]);
    for (const [id, value] of Object.entries(settings)) {
      if (id === "data" || id === "model" || id === "drawing" || value === defaults[id]) continue;
      parts.push([id, String(value)]);
    }
    if (settings.data === "drawing") parts.push(["drawing", settings.drawing.map((stroke) => stroke.map(([x, y]) => `${Math.round(100 * x)}*${Math.round(100 * y)}`).join("~")).join("_")]);
    parts.push(["step", this.frame.position], ["depth", this.depth]);
    if (this.layers.size < LAYERS.length) parts.push(["show", [...this.layers].join(".")]);
    if (this.depth !== 1 && this.recording) parts.push(["player", this.recording.player], ["event", this.cursor]);
    if (this.lessons.lesson) parts.push(["lesson", `${this.lessons.lesson.id}.${this.lessons.index + 1}`]);
    const hash = `#${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}`;
    if (hash !== location.hash) {
      this.ownHash = hash;
      history.replaceState(null, "", hash);
    }
  }

  // Help

  welcome() {
    const { native } = this.hello;
    $("welcome").replaceChildren(
      el("p", {}, "Two networks play a game. ", el("b", {}, "G"), " turns noise into fake samples. ", el("b", {}, "D"), " learns to tell fakes from real samples. Press ", el("b", {}, "Play"), " and watch the orange fakes move to the blue samples."),
      el("p", {}, "New here? ", el("button", { class: "link", onclick: () => this.lessons.open("discriminator-step") }, "Start the first lesson"), "."),
      native ? "" : el("p", { class: "note" }, "Python runs inside this page, so training is slower than on a local page."),
    );
  }

  help() {
    const rows = [
      ["space", "play or pause; in Algorithm, Graph and Line: move through the step"],
      ["→  ←", "one step, line, operation or event forwards or back"],
      ["1 2 3 4", "Game, Algorithm, Graph, Line"],
      ["d  g", "one whole step of D, of G"],
      ["b", "take back one whole training step"],
      ["r", "start again from step 0"],
      ["Shift →", "Line: over the calls of this line"],
      ["↑", "Line: out of this function"],
      ["Home  End", "to the start or the end of the recorded step"],
    ];
    const { hello } = this;
    this.dialog(
      el("h2", {}, "What you see"),
      el("p", {}, "A real run of minigan, and not a film. Each step is computed when you ask for it, by minigan's own code, without a change. If you step back and then forwards, you get the same bits again."),
      el("p", {}, el("b", {}, "Game"), ": real samples, fakes, and what D says at each place. ", el("b", {}, "Algorithm"), ": one training step, line by line, beside the paper. ", el("b", {}, "Graph"), ": the operations behind the loss, and how the gradient goes back through them. ", el("b", {}, "Line"), ": every line of minigan that runs."),
      el("h2", {}, "Keyboard"),
      el("table", { class: "keys" }, rows.map(([key, text]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", {}, text)))),
      el("p", { class: "note" }, "The address of this page holds the settings, the step and the view. Copy it to share what you see. ", hello ? `Python ${hello.python}, NumPy ${hello.numpy}${hello.native ? "" : ", in this browser"}.` : ""),
    );
  }

  toggleTheme() {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("minigan-theme", theme);
    } catch { /* storage is forbidden here */ }
    forgetColours();
    this.game.draw();
    if (this.depth !== 1 && this.recording) this.views[this.depth].update();
  }

  wire() {
    const click = (id, action) => $(id).addEventListener("click", action);
    click("button-play", () => this.play());
    click("button-back", () => this.back());
    click("button-reset", () => this.reset());
    click("button-step-d", () => this.step("D"));
    click("button-step-g", () => this.step("G"));
    click("button-lessons", () => this.lessons.choose().catch((error) => this.complain(error)));
    click("button-help", () => this.help());
    click("button-theme", () => this.toggleTheme());
    // After a click with the mouse, the space bar should play, and not press the same button again.
    addEventListener("click", (event) => event.detail > 0 && event.target.closest?.(".controls button, .depths button, .tools button")?.blur());
    for (const tab of document.querySelectorAll(".depths button")) tab.addEventListener("click", () => this.setDepth(Number(tab.dataset.depth)));
    $("speed").value = "0";
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => forgetColours());
    addEventListener("hashchange", () => {
      // Somebody pasted another address of this page.
      if (location.hash !== this.ownHash) location.reload();
    });
    addEventListener("beforeunload", () => this.writeAddressNow());
    addEventListener("keydown", (event) => this.key(event));
    if (matchMedia("(max-width: 1060px)").matches) $("settings").open = false;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
    const { target } = event;
    if (target.matches?.("input:not([type=checkbox]):not([type=range]), select, textarea")) return;
    const onButton = target.matches?.("button, summary, input[type=checkbox], [role=button]");
    const range = target.matches?.("input[type=range]");
    const actions = {
      " ": () => (onButton ? false : this.play()),
      ArrowRight: () => (range ? false : event.shiftKey && this.depth === 4 ? this.moveOver() : this.move(1)),
      ArrowLeft: () => (range ? false : this.move(-1)),
      ArrowUp: () => (this.depth === 4 && !range ? this.moveOut() : false),
      Home: () => (this.depth !== 1 ? this.moveToEnd(-1) : false),
      End: () => (this.depth !== 1 ? this.moveToEnd(1) : false),
      1: () => this.setDepth(1),
      2: () => this.setDepth(2),
      3: () => this.setDepth(3),
      4: () => this.setDepth(4),
      d: () => this.step("D"),
      g: () => this.step("G"),
      b: () => this.back(),
      r: () => this.reset(),
      "?": () => this.help(),
    };
    // Keys must not run far ahead of Python.
    if (this.waiting > (event.repeat ? 1 : 12)) return;
    const action = actions[event.key];
    if (action && this.frame && action() !== false) event.preventDefault();
  }
}

const app = new App();
globalThis.minigan = app; // for the curious, and for the tests
app.started = app.start();
