// The cursor in a recorded step, for the depths Algorithm, Graph and Line.
import { $ } from "./arrays.js";
import { Recording } from "./recording.js";

export class Stepper {
  constructor(app) {
    this.app = app;
  }

  // Record the next step of a player, and put the cursor at its start or end.
  async record(player, at = "start", show = true) {
    const raw = await this.app.api.call("record", { player });
    this.app.recording = new Recording(raw);
    this.app.recording.digest = this.app.frame.digest; // of the state before the step
    const stops = this.app.recording.stops[this.app.depth === 1 ? 2 : this.app.depth];
    this.app.cursor = at === "end" ? stops[stops.length - 1] : (stops[0] ?? 0);
    if (this.app.depth === 3 && at === "start") this.app.cursor = 0;
    if (show && this.app.depth !== 1) {
      const { element } = this.app.views[this.app.depth];
      if (!element.isConnected) $("view").replaceChildren(element);
      await this.app.views[this.app.depth].show();
    }
    this.app.address.write();
  }

  choosePlayer(player) {
    this.app.playing = false;
    return this.app.run(() => this.record(player, "start"));
  }

  // Put the cursor where a lesson wants it.
  async setCursor({ record, at }) {
    await this.app.run(async () => {
      await this.record(record, at === "end" ? "end" : "start", false);
      const { recording } = this.app;
      if (at?.line_contains) {
        const { lines } = await this.app.api.call("source", { file: at.file });
        const line = lines.findIndex((text, i) => text.includes(at.line_contains) && recording.line.some((l, e) => l === i + 1 && recording.kind[e] === 1 && recording.fileOf(e) === at.file)) + 1;
        const event = recording.line.findIndex((l, e) => l === line && recording.kind[e] === 1 && recording.fileOf(e) === at.file);
        if (event >= 0) this.app.cursor = event;
      } else if (at?.walk !== undefined) {
        const { walks } = recording.raw.graph;
        const walk = walks[Math.min(at.walk, walks.length - 1)];
        this.app.cursor = walk.steps[Math.min(at.step ?? 0, walk.steps.length - 1)].event;
      } else if (at === "end") this.app.cursor = recording.length - 1;
      if (this.app.depth !== 1) await this.app.views[this.app.depth].show();
    });
  }

  moveTo(event) {
    if (!this.app.recording || this.app.depth === 1) return;
    this.app.cursor = event;
    this.app.address.write();
    return this.app.views[this.app.depth].update();
  }

  // One stop of this depth forwards or back. Past the end of the step it goes on with the next step.
  move(direction) {
    if (this.app.depth === 1) return direction > 0 ? this.app.training.step("next") : this.app.training.back();
    return this.app.run(async () => {
      const { recording, depth } = this.app; // the depth may have changed since the key was pressed
      if (!recording || depth === 1) return;
      const stops = recording.stops[depth];
      const index = recording.stopAt(depth, this.app.cursor);
      const exact = index >= 0 && stops[index] === this.app.cursor;
      const next = direction > 0 ? index + 1 : exact ? index - 1 : index;
      if (next >= stops.length) await this.nextRecording();
      else if (next < 0) {
        if (depth === 3 && this.app.cursor > 0) await this.moveTo(0);
        else if (this.app.frame.position > 0) {
          const arrived = await this.app.jump.travel(this.app.frame.position - 1, { record: false });
          await this.record("next", arrived ? "end" : "start");
        }
      } else await this.moveTo(stops[next]);
      if (direction > 0) this.app.lessons.did("move", depth);
    });
  }

  // The cursor passed the end of the step: do the step, and record the next one.
  async nextRecording() {
    const { player } = this.app.recording;
    const frame = await this.app.api.call("step", { player, layers: this.app.wantedLayers() });
    this.app.showFrame(frame);
    this.app.lessons.did("step", player);
    await this.record("next", "start");
  }

  moveToEnd(direction) {
    if (!this.app.recording || this.app.depth === 1) return;
    const stops = this.app.recording.stops[this.app.depth];
    this.moveTo(direction < 0 ? (this.app.depth === 3 ? 0 : stops[0]) : stops[stops.length - 1]);
  }

  moveOver() {
    if (!this.app.recording) return;
    const event = this.app.recording.over(this.app.cursor);
    return event >= this.app.recording.length ? this.move(1) : this.moveTo(event);
  }

  moveOut() {
    if (!this.app.recording) return;
    const event = this.app.recording.out(this.app.cursor);
    if (event < this.app.recording.length) this.moveTo(event);
  }
}
