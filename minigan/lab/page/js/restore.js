// Show the run that an address, a file or a lesson describes: its settings, its moves, and the position in it.
// The same settings and moves give the same bits on one platform. A digest of the weights says whether they did.

export class Restore {
  constructor(app) {
    this.app = app;
  }

  // The run of this page.
  now() {
    const { settings, frame, hello } = this.app;
    return { settings, moves: frame.moves, position: frame.position, digest: frame.digest, platform: hello.platform };
  }

  // Show a run. Without moves, the position counts steps of the schedule, as in addresses of the first version.
  async show(wanted) {
    const { app } = this;
    const settings = app.complete(wanted.settings);
    let description = await app.api.call("describe");
    let refused = null;
    const same = Object.keys(settings).every((id) => JSON.stringify(settings[id]) === JSON.stringify(description.settings[id]));
    if (!same) {
      try {
        description = await app.api.call("reset", { settings });
      } catch (error) {
        if (error.kind !== "settings") throw error;
        refused = error;
      }
    }
    app.showDescription(description);
    if (refused) {
      await app.training.curves();
      app.messages.message("The address has a setting that does not work.", `${refused.message} The page shows another run instead.`, "settings");
    } else await this.go(wanted, description.frame);
  }

  async go(wanted, frame) {
    const { app } = this;
    const position = wanted.position ?? frame.position;
    const moves = wanted.moves ?? (wanted.position === undefined ? frame.moves : schedule(wanted.position));
    try {
      let arrived = true;
      if (moves === frame.moves || (wanted.moves === undefined && scheduled(frame.moves) && position <= frame.recorded)) {
        if (position !== frame.position) arrived = await app.jump.travel(position);
        else await app.training.curves();
      } else arrived = await app.jump.replay(moves, position);
      if (arrived) this.compare(wanted);
      else app.messages.message("Stopped on the way.", `The run is at step ${app.frame.position} of ${position}.`, "stopped", { info: true, action: ["Go on", () => app.run(() => this.go({ ...wanted, moves, position }, app.frame))] });
    } catch (error) {
      if (error.kind !== "nan" && error.kind !== "request") throw error;
      // A run that breaks down on the way is shown at its last good step.
      app.showFrame(await app.api.call("frame", { layers: app.wantedLayers() }));
      await app.training.curves();
      app.messages.complain(error);
    }
  }

  compare({ digest, platform }) {
    const { frame, hello, messages } = this.app;
    if (!digest || !frame.digest || digest === frame.digest) return;
    if (platform === hello.platform) messages.message("The numbers differ.", "This run has the same settings and the same moves as the one that was shared, but other weights. It was probably shared from another version of minigan.", "digest");
    else messages.message("Another platform.", `The moves are the same, and the numbers may differ a little: the run was shared from ${platform ?? "an unknown platform"}, and this is ${hello.platform}.`, "platform", { info: true });
  }
}

const schedule = (steps) => (steps ? `s${steps}` : "");
const scheduled = (moves) => /^(s\d+)?$/.test(moves);
