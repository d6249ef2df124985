// Training: play, single steps, steps back, and a new start.
import { $ } from "./arrays.js";
import { drawingPad } from "./drawing.js";

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Training {
  constructor(app) {
    this.app = app;
  }

  async play() {
    if (this.app.playing) return this.pause();
    this.app.playing = true;
    this.marks = []; // [time, position] of the last pictures
    this.app.messages.clearMessage();
    this.app.controls.update();
    this.app.loop = this.app.depth === 1 ? this.trainLoop() : this.lineLoop();
    return this.app.loop;
  }

  async pause() {
    this.app.playing = false;
    await this.app.loop;
    await this.app.queue;
    this.app.controls.update();
  }

  async trainLoop() {
    let round = 0;
    let coming = null; // the next answer: Python computes it while this page draws the last one
    const ask = (left) => {
      const layers = this.app.wantedLayers();
      if (round++ % 8) layers.splice(layers.indexOf("measures"), 1);
      coming = this.app.api.call("play", { milliseconds: 60, steps: Math.min(1000, left), layers });
      coming.catch(() => {});
    };
    const left = () => (this.app.limit === null ? Infinity : this.app.limit - this.app.frame.position);
    while (this.app.playing && this.app.depth === 1) {
      await this.app.run(async () => {
        if (!this.app.playing) return;
        const speed = Number($("speed").value);
        if (left() <= 0) {
          this.app.playing = false;
          return;
        }
        if (speed === 0 || coming) {
          if (!coming) ask(left());
          const answer = coming;
          coming = null;
          this.app.frame = await answer;
          if (this.app.playing && speed === 0 && left() > 0 && !this.app.frame.stopped) ask(left());
          this.app.showFrame(this.app.frame);
        } else {
          const begun = performance.now();
          const frame = await this.app.api.call("step", { player: "next", layers: this.app.wantedLayers() });
          this.app.showFrame(frame, { glide: speed === 1 ? 650 : null });
          this.app.lessons.did("step", frame.last);
          this.pace = Math.max(0, 1000 / speed - (performance.now() - begun));
        }
        if (performance.now() > (this.nextCurves ?? 0)) await this.curves();
        if (this.app.limit !== null && this.app.frame.position >= this.app.limit) {
          this.app.playing = false;
          this.app.lessons.did("play", this.app.frame.position);
          this.app.limit = null;
        }
      });
      // Wait outside the queue, so that a click is answered at once.
      if (this.app.playing) await (Number($("speed").value) ? this.idle(this.pace ?? 0) : new Promise(requestAnimationFrame));
    }
    this.app.playing = false;
    this.app.controls.update();
    await coming?.catch((error) => this.app.messages.complain(error));
    await this.app.run(async () => {
      if (this.app.description && $("message").dataset.kind !== "unreachable") {
        this.app.showFrame(await this.app.api.call("frame", { layers: this.app.wantedLayers() }));
        await this.curves();
      }
    });
  }

  // In the depths 2 to 4, play moves the cursor.
  async lineLoop() {
    while (this.app.playing && this.app.depth !== 1) {
      const { depth } = this.app;
      await this.app.stepper.move(1);
      const speed = Number($("speed").value);
      const pause = { 2: 900, 3: 600, 4: 220 }[depth];
      await this.idle(speed === 1 ? pause * 1.6 : speed === 10 ? pause / 2 : pause / 6);
    }
    this.app.playing = false;
    this.app.controls.update();
  }

  // Wait, but not longer than play goes on.
  async idle(milliseconds) {
    const end = performance.now() + milliseconds;
    while (this.app.playing && performance.now() < end) await wait(Math.min(40, end - performance.now()));
  }

  // How fast the position has grown in the last second and a half; null if that is not known yet.
  stepsPerSecond() {
    const now = performance.now();
    this.marks = [...this.marks, [now, this.app.frame.position]].filter(([time]) => now - time < 1500);
    const [time, position] = this.marks[0];
    return now - time > 500 ? (1000 * (this.app.frame.position - position)) / (now - time) : null;
  }

  // One step of a player ("D", "G" or "next"), or back (-1).
  step(player) {
    this.app.playing = false;
    this.app.messages.clearMessage();
    return this.app.run(() => this.stepNow(player));
  }

  async stepNow(player) {
    const frame = await this.app.api.call("step", { player, layers: this.app.wantedLayers() });
    this.app.showFrame(frame, { glide: 350 });
    await this.curves();
    this.app.lessons.did("step", frame.last);
    if (this.app.depth !== 1) await this.app.stepper.record("next", "start");
  }

  back() {
    this.app.playing = false;
    this.app.messages.clearMessage();
    return this.app.run(() => this.backNow());
  }

  async backNow() {
    await this.app.jump.travel(Math.max(0, this.app.frame.position - 1), { glide: 350 });
  }

  reset(settings = this.app.settings) {
    this.app.playing = false;
    this.app.messages.clearMessage();
    return this.app.run(async () => {
      await this.perform("reset", { settings });
      if (this.app.depth !== 1) await this.app.stepper.record("next", "start");
      this.app.address.write();
    });
  }

  // A call of a lesson or a control that changes the experiment. Returns false if the user stopped it.
  async perform(call, args) {
    if (call === "reset") {
      const settings = this.app.complete(args?.settings ?? {});
      this.app.showDescription(await this.app.api.call("reset", { settings }));
      this.app.recording = null;
    } else if (call === "go") {
      return this.app.jump.travel(args.position);
    } else {
      this.app.showFrame(await this.app.api.call(call, { ...args, layers: this.app.wantedLayers() }));
      this.app.recording = null;
    }
    await this.curves();
    return true;
  }

  async curves() {
    const begun = performance.now();
    const curves = await this.app.api.call("curves", { points: 500 });
    this.app.game.updateCurves(curves);
    const now = performance.now();
    this.nextCurves = now + Math.max(700, 10 * (now - begun)); // a tenth of the time at most
  }

  draw() {
    this.pause();
    drawingPad(this.app, 1.6, this.app.settings.drawing ?? [], (strokes) => {
      this.app.messages.closeDialog();
      this.reset({ ...this.app.defaultsFor(this.app.settings.model, "drawing"), seed: this.app.settings.seed, drawing: strokes });
    });
    // If the dialog is closed without a drawing, show the data in use.
    $("dialog").addEventListener("close", () => this.app.settingsForm.update(this.app.description), { once: true });
  }
}
