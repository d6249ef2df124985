// The state of the page, and what changes it. The state of the run itself is in Python: the page only asks for it.
import { Address, VERSION } from "./address.js";
import { Algorithm } from "./algorithm.js";
import { $, el } from "./arrays.js";
import { Controls } from "./controls.js";
import { Game, LAYERS } from "./game.js";
import { Graph } from "./graph.js";
import { Help } from "./help.js";
import { Jump } from "./jump.js";
import { Keyboard } from "./keyboard.js";
import { Lessons } from "./lessons.js";
import { Line } from "./line.js";
import { Loading } from "./loading.js";
import { Messages } from "./messages.js";
import { Restore } from "./restore.js";
import { Share } from "./share.js";
import { Settings } from "./settings.js";
import { Stepper } from "./stepper.js";
import { Training } from "./training.js";
import { connect, LabError } from "./transport.js";

export class App {
  constructor() {
    this.api = connect();
    this.depth = 1;
    this.layers = new Set(LAYERS.map((layer) => layer.id));
    this.playing = false;
    this.recording = null; // the recorded step, for the depths 2 to 4
    this.cursor = 0; // the event in it
    this.limit = null; // a lesson pauses play at this position
    this.queue = Promise.resolve();
    this.address = new Address(this);
    this.controls = new Controls(this);
    this.help = new Help(this);
    this.jump = new Jump(this);
    this.keyboard = new Keyboard(this);
    this.messages = new Messages(this);
    this.restore = new Restore(this);
    this.share = new Share(this);
    this.stepper = new Stepper(this);
    this.training = new Training(this);
    this.settingsForm = new Settings(this);
    this.lessons = new Lessons(this);
    this.views = { 1: new Game(this), 2: new Algorithm(this), 3: new Graph(this), 4: new Line(this) };
  }

  get game() {
    return this.views[1];
  }

  // One thing after another: a click during an answer waits for it.
  run(task) {
    this.waiting = (this.waiting ?? 0) + 1;
    this.queue = this.queue.then(task).catch((error) => this.messages.complain(error)).finally(() => this.waiting--);
    return this.queue;
  }

  async start() {
    this.controls.wire();
    const wanted = this.address.read();
    const lesson = wanted.lesson?.split(".");
    // Its text can be read while Python loads.
    if (lesson && this.api.untilRunning) await this.lessons.open(lesson[0], Number(lesson[1]) - 1 || 0);
    await new Loading(this).untilRunning();
    try {
      this.hello = await this.api.call("hello");
      const known = new Set(this.hello.settings.map((setting) => setting.id));
      for (const id of Object.keys(wanted.settings)) if (!known.has(id)) delete wanted.settings[id];
      this.settingsForm.build(this.hello);
      if (wanted.layers) this.layers = new Set(wanted.layers);
      if ((wanted.depth ?? 1) === 1) this.showGame();
      $("loading")?.remove();
      await this.restore.show(wanted);
      if (wanted.lost) this.messages.message("This run is too long for an address.", "The address names only its view. Ask for the run's file: Share offers it, and opens it.", "long");
    } catch (error) {
      $("loading")?.remove();
      this.messages.complain(error);
      return;
    }
    this.ready = true;
    for (const control of document.querySelectorAll(".top [disabled], .controls [disabled]")) control.disabled = false; // index.html disables them
    this.controls.update();
    document.body.dataset.ready = "true";
    await this.setDepth(wanted.depth ?? 1, wanted);
    const shown = wanted.version === VERSION; // the address holds the whole run of the lesson
    if (this.lessons.lesson) {
      // It was opened while Python was loading.
      if (!lesson) this.lessons.keepNow();
      const same = lesson && this.address.lesson() === wanted.lesson;
      await this.lessons.turn(this.lessons.index, { from: null, shown: shown && same });
    } else if (lesson && !this.api.untilRunning) await this.lessons.open(lesson[0], Number(lesson[1]) - 1 || 0, { restore: true, shown });
    this.address.write();
  }

  defaultsFor(model, data) {
    const { defaults, defaults_for: special } = this.hello;
    return { ...defaults, ...(special?.[model] ?? {}), ...(special?.[data] ?? {}), ...(special?.[`${model}/${data}`] ?? {}), model, data };
  }

  // All settings: the given ones, and the defaults of their model and data for the others.
  complete(settings) {
    const { defaults } = this.hello;
    return { ...this.defaultsFor(settings.model ?? defaults.model, settings.data ?? defaults.data), ...settings };
  }

  wantedLayers() {
    return this.depth === 1 ? [...[...this.layers].filter((id) => id !== "real"), "measures"] : ["measures"];
  }

  showDescription(description) {
    this.description = description;
    this.recording = null;
    this.settings = description.settings;
    this.frame = description.frame;
    this.help.welcome(description);
    this.game.describe(description);
    this.settingsForm.update(description);
    $("button-step-d").title = `One step of D, the ${description.players.D}: it learns, and G is held fixed (key d)`;
    $("button-step-g").title = `One step of G: G learns, and the ${description.players.D} is held fixed (key g)`;
    this.game.update(description.frame);
    this.controls.update();
  }

  showFrame(frame, options = {}) {
    this.frame = frame;
    if (frame.history && !this.playing) this.settingsForm.updateNote(this.description, frame.history);
    this.game.update(frame, options);
    this.controls.update();
    this.address.write();
    if (frame.stopped) this.messages.complain(new LabError(frame.stopped));
  }

  // Ask for the frame again.
  async refresh() {
    this.showFrame(await this.api.call("frame", { layers: this.wantedLayers() }));
  }

  showLayer(id, visible) {
    if (visible) this.layers.add(id);
    else this.layers.delete(id);
    this.setLayers(this.layers);
  }

  setLayers(layers) {
    this.layers = new Set(layers);
    this.game.checkLayers();
    this.address.write();
    if (!this.playing) this.run(() => this.refresh());
  }

  async setDepth(depth, wanted = {}) {
    const known = () => this.recording && this.recording.digest === this.frame.digest;
    if (depth === this.depth && this.views[depth].element.isConnected && (depth === 1 || known())) return;
    await this.training.pause();
    this.controls.chooseTab(depth);
    const attach = () => this.depth === depth && $("view").replaceChildren(this.views[depth].element);
    const say = (text) => $("view").replaceChildren(el("p", { class: "loading" }, text));
    if (depth === 1) {
      this.showGame();
      this.setLayers(this.layers);
      await this.run(() => this.training.curves());
    } else {
      if (known()) attach();
      else say("Recording one step …");
      await this.run(async () => {
        if (!known()) {
          try {
            await this.stepper.record(wanted.player ?? "next", "start", false);
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
    this.address.write();
  }

  // Put the game on the page. It draws itself when it has a description.
  showGame() {
    this.controls.chooseTab(1);
    this.game.checkLayers();
    this.game.observer.observe(this.game.holder);
    $("view").replaceChildren(this.game.element);
  }

  setLesson() {
    this.controls.updateFrame();
    this.game.draw();
    this.address.write();
  }

  lessonChanged() {
    this.controls.update();
    this.address.write();
  }
}
