// Go to a position of the run, or repeat a whole run from its moves. Both may take long: the page shows how far
// they are, hides the old picture, and lets the user stop.
import { $, el } from "./arrays.js";
import { LabError } from "./transport.js";

const PIECE = 100; // milliseconds of one call
const PATIENCE = 250; // milliseconds, after which the bar appears

export class Jump {
  constructor(app) {
    this.app = app;
    this.running = this.covered = false;
    this.progress = el("progress", { id: "jump-bar" });
    this.text = el("span", { id: "jump-text" });
    $("jump").replaceChildren(this.text, this.progress, el("button", { id: "button-cancel", title: "Stop here (Escape)", onclick: () => this.cancel() }, "Stop here"));
    app.api.restore = (send) => this.again(send);
  }

  cancel() {
    this.cancelled = true;
  }

  // Go to a position of this run. Returns whether the page has arrived there.
  travel(position, options) {
    return this.arrive("go", { position }, `Going to step ${position}`, options);
  }

  // Make the run of these moves, from step 0 of the settings, and go to a position in it.
  replay(moves, position, what = "Repeating the run") {
    return this.arrive("replay", { moves, position }, what);
  }

  // `glide`: milliseconds in which the points move; `record`: in the depths 2 to 4, show the step from here.
  async arrive(method, args, what, { glide = null, record = true } = {}) {
    const { app } = this;
    const frame = await this.pieces((...call) => app.api.call(...call), method, { ...args, layers: app.wantedLayers() }, what);
    app.recording = null;
    app.showFrame(frame ?? (await app.api.call("frame", { layers: app.wantedLayers() })), { glide });
    await app.training.curves();
    if (record && app.depth !== 1 && app.ready && !app.lessons.turning) await app.stepper.record("next");
    return frame !== null;
  }

  // Call a method again and again until it has arrived: its frame. Null if the user stopped it.
  async pieces(send, method, args, what) {
    const inside = this.running; // the experiment of this tab comes back during a jump
    if (!inside) this.show(what);
    try {
      for (;;) {
        const answer = await send(method, { ...args, milliseconds: PIECE });
        if (answer.arrived) return answer.frame;
        if (this.cancelled) return null;
        this.progress.max = answer.target;
        this.progress.value = answer.position;
        this.text.textContent = `${what}: step ${answer.position} of ${answer.target}`;
      }
    } finally {
      if (!inside) this.hide();
    }
  }

  show(what) {
    this.running = true;
    this.cancelled = false;
    this.text.textContent = `${what} …`;
    this.progress.removeAttribute("value");
    this.timer = setTimeout(() => this.cover(true), PATIENCE);
  }

  hide() {
    this.running = false;
    clearTimeout(this.timer);
    this.cover(false);
  }

  // The picture is of another step until the page arrives: hide it, and let only the button work.
  cover(covered) {
    this.covered = covered;
    $("jump").hidden = !covered;
    for (const part of document.querySelectorAll(".controls, #settings, #view")) part.inert = covered;
  }

  // The server no longer has the experiment of this tab: make it again, as the page shows it.
  // Returns the new number of the recorded step, by its old number.
  async again(send) {
    const { app } = this;
    if (!app.settings) throw new LabError({ kind: "internal", message: "The server does not know this tab." });
    const { moves, position, digest } = app.frame;
    await send("hello");
    await send("reset", { settings: app.settings });
    const frame = await this.pieces(send, "replay", { moves, position, layers: [] }, "Another tab had taken this tab's place. Repeating the run");
    if (!frame) {
      app.recording = null;
      app.showFrame(await send("frame", { layers: app.wantedLayers() }));
      throw new LabError({ kind: "stopped", message: `The run is at step ${app.frame.position}, and not at step ${position}.` });
    }
    if (digest && frame.digest && frame.digest !== digest) throw new LabError({ kind: "internal", message: "The repeated run differs from the one that this page shows. Reset it." });
    if (!app.recording) return {};
    const { recording } = await send("record", { player: app.recording.player });
    const old = app.recording.id;
    app.recording.id = recording;
    return { [old]: recording };
  }
}
