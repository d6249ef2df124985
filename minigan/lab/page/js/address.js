// The address holds the state, so that a view can be shared or reloaded: the settings, the moves (s120.D5.G1 is 120
// steps of the schedule, 5 of D and one of G), the position, and the digest of the weights there.
import { LAYERS } from "./game.js";
import { keep, kept } from "./storage.js";

export const VERSION = 2; // of addresses and of the files of runs; those of version 1 had no moves
const LONGEST = 3900; // characters of the whole address
const RELOAD = 3000; // ms that a reload may take from its beginning until this page ends

export class Address {
  constructor(app) {
    this.app = app;
    this.replaced = []; // [an address that this page wrote over, when]
  }

  read() {
    const left = kept("left") ?? []; // see leave()
    keep("left", null);
    const again = ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
    const hash = (again ? left : left.slice(-2)).includes(location.hash) ? left.at(-1) : location.hash;
    const given = new URLSearchParams(hash.slice(1));
    const settings = {};
    const wanted = { settings };
    for (const [name, text] of given) {
      if (name === "depth") wanted.depth = Math.max(1, Math.min(4, Number(text) || 1));
      else if (name === "step") wanted.position = Math.max(0, Math.min(100000, Number(text) || 0));
      else if (name === "v") wanted.version = Number(text);
      else if (name === "long") wanted.long = true;
      else if (name === "moves") wanted.moves = text;
      else if (name === "position") wanted.position = Math.max(0, Number(text) || 0);
      else if (name === "digest" || name === "platform") wanted[name] = text;
      else if (name === "show") wanted.layers = text.split(".").filter((id) => LAYERS.some((layer) => layer.id === id));
      else if (name === "event") wanted.event = Number(text) || 0;
      else if (name === "player" && (text === "D" || text === "G")) wanted.player = text;
      else if (name === "lesson") wanted.lesson = text;
      else if (name === "drawing") {
        settings.drawing = text.split("_").map((stroke) => stroke.split("~").map((point) => point.split("*").map((x) => Number(x) / 100))).filter((stroke) => stroke.every((p) => p.length === 2 && p.every(Number.isFinite)));
      } else if (/^[a-z_0-9]+$/.test(name)) settings[name] = text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    }
    if (wanted.long) {
      const run = kept("long");
      if (run && run.position === wanted.position && (run.digest ?? undefined) === wanted.digest) Object.assign(wanted, run);
      else wanted.lost = true;
    }
    return wanted;
  }

  write() {
    // Browsers limit how often an address may change. So write at most once in 250 ms, but always the last state.
    clearTimeout(this.addressTimer);
    const rest = 250 - (performance.now() - (this.addressAt ?? -Infinity));
    if (rest <= 0) this.writeNow();
    else this.addressTimer = setTimeout(() => this.writeNow(), rest);
  }

  // The page is closed or loaded again. A reload takes the address from the moment in which it began, and this page may
  // have written over that address since. So keep what was written over lately, and the last address.
  leave() {
    this.writeNow();
    if (location.hash !== this.ownHash) return keep("left", null); // somebody pasted another address
    const lately = this.replaced.filter(([, time]) => performance.now() - time < RELOAD);
    keep("left", [...lately.map(([hash]) => hash), location.hash]);
  }

  writeNow() {
    this.addressAt = performance.now();
    if (!this.app.ready || !this.app.frame) return;
    if (this.app.jump.running) return; // the run is on its way to what the address says
    if (this.ownHash !== undefined && location.hash !== this.ownHash) return; // somebody pasted another address
    const run = this.app.restore.now();
    let hash = this.text([["v", VERSION], ...this.run(run), ...this.view()]);
    this.long = location.href.split("#")[0].length + hash.length > LONGEST;
    if (this.long) {
      keep("long", run);
      const digest = run.digest ? [["digest", run.digest]] : [];
      hash = this.text([["v", VERSION], ["long", 1], ["position", run.position], ...digest, ...this.view()]);
    }
    if (hash !== location.hash) {
      this.replaced = [...this.replaced.slice(-19), [location.hash, performance.now()]];
      history.replaceState(null, "", hash);
    }
    this.ownHash = location.hash;
  }

  text(parts) {
    return `#${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}`;
  }

  run({ settings, moves, position, digest, platform }) {
    const parts = [];
    const defaults = this.app.defaultsFor(settings.model, settings.data);
    parts.push(["data", settings.data], ["model", settings.model]);
    for (const [id, value] of Object.entries(settings)) {
      if (id === "data" || id === "model" || id === "drawing" || value === defaults[id]) continue;
      parts.push([id, String(value)]);
    }
    if (settings.data === "drawing") parts.push(["drawing", settings.drawing.map((stroke) => stroke.map(([x, y]) => `${Math.round(100 * x)}*${Math.round(100 * y)}`).join("~")).join("_")]);
    parts.push(["moves", moves], ["position", position]);
    if (digest) parts.push(["digest", digest], ["platform", platform]);
    return parts;
  }

  view() {
    const parts = [["depth", this.app.depth]];
    if (this.app.layers.size < LAYERS.length) parts.push(["show", [...this.app.layers].join(".")]);
    if (this.app.depth !== 1 && this.app.recording) parts.push(["player", this.app.recording.player], ["event", this.app.cursor]);
    if (this.app.lessons.lesson) parts.push(["lesson", this.lesson()]);
    return parts;
  }

  lesson() {
    return `${this.app.lessons.lesson.id}.${this.app.lessons.index + 1}`;
  }
}
