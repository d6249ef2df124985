// Go to a position of the run, or to the state that an address describes.
import { $ } from "./arrays.js";

export class Jump {
  constructor(app) {
    this.app = app;
  }

  // Go to the state that the address describes.
  async restore(wanted) {
    const settings = { ...this.app.defaultsFor(wanted.settings.model ?? this.app.hello.defaults.model, wanted.settings.data ?? this.app.hello.defaults.data), ...wanted.settings };
    let description = await this.app.api.call("describe");
    let refused = null;
    const same = Object.keys(settings).every((id) => JSON.stringify(settings[id]) === JSON.stringify(description.settings[id]));
    if (!same) {
      try {
        description = await this.app.api.call("reset", { settings });
      } catch (error) {
        if (error.kind !== "settings") throw error;
        refused = error;
      }
    }
    this.app.settings = description.settings;
    if (wanted.layers) this.app.layers = new Set(wanted.layers);
    $("loading")?.remove();
    if ((wanted.depth ?? 1) === 1) this.app.showGame();
    this.app.showDescription(description);
    const position = wanted.position ?? description.frame.position;
    if (position !== description.frame.position) await this.travelSafely(position);
    else await this.app.training.curves();
    if (refused) this.app.messages.message("The address has a setting that does not work.", `${refused.message} The page shows another run instead.`, "settings");
  }

  // Go to a position. A long way is gone in pieces, so that the page can show where it is.
  async travel(position) {
    let frame = this.app.frame;
    if (position <= frame.recorded) {
      frame = await this.app.api.call("go", { position, layers: this.app.wantedLayers() });
    } else {
      while (frame.position < position) {
        frame = await this.app.api.call("go", { position: Math.min(position, Math.max(frame.recorded, frame.position) + 100), layers: frame.position + 100 >= position ? this.app.wantedLayers() : [] });
        if (frame.stopped) break;
        $("readout").textContent = `Training to step ${position}: step ${frame.position} …`;
      }
    }
    this.app.showFrame(frame);
    await this.app.training.curves();
  }

  // The same, but a run that breaks down on the way is shown at its last good step.
  async travelSafely(position) {
    try {
      await this.travel(position);
    } catch (error) {
      if (error.kind !== "nan") throw error;
      this.app.showFrame(await this.app.api.call("frame", { layers: this.app.wantedLayers() }));
      await this.app.training.curves();
      this.app.messages.complain(error);
    }
  }
}
