// The buttons, the tabs and the line that says where the run is.
import { $, el, forgetColours } from "./arrays.js";

// How fast Play goes, by the value of the list: in the game, and in a recorded step.
const SPEEDS = {
  game: { 1: "1 step a second", 10: "up to 10 steps a second", 0: "as fast as possible" },
  recording: { 1: "slow", 10: "medium", 0: "fast" },
};

export class Controls {
  constructor(app) {
    this.app = app;
  }

  wire() {
    const click = (id, action) => $(id).addEventListener("click", action);
    click("button-play", () => this.app.training.play());
    click("button-back", () => this.app.training.back());
    click("button-reset", () => this.app.training.reset());
    click("button-step-d", () => this.app.training.step("D"));
    click("button-step-g", () => this.app.training.step("G"));
    click("button-lessons", () => this.app.lessons.choose().catch((error) => this.app.messages.complain(error)));
    click("button-share", () => this.app.share.show());
    click("button-help", () => this.app.help.help());
    click("button-theme", () => this.toggleTheme());
    // After a click with the mouse, the space bar should play, and not press the same button again.
    addEventListener("click", (event) => event.detail > 0 && event.target.closest?.(".controls button, .depths button, .tools button")?.blur());
    for (const tab of document.querySelectorAll(".depths button")) tab.addEventListener("click", () => this.app.setDepth(Number(tab.dataset.depth)));
    $("speed").value = "0";
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => forgetColours());
    addEventListener("hashchange", () => {
      // Somebody pasted another address of this page.
      if (location.hash !== this.app.address.ownHash) location.reload();
    });
    addEventListener("pagehide", () => {
      this.app.address.leave();
      this.app.api.bye();
    });
    // The browser shows a page again that it had kept: its experiment may be gone meanwhile, and comes back.
    addEventListener("pageshow", (event) => event.persisted && this.app.run(() => this.app.refresh()));
    this.app.keyboard.wire();
    if (matchMedia("(max-width: 1060px)").matches) $("settings").open = false;
  }

  update() {
    const { frame } = this.app;
    if (!frame) return;
    const play = $("button-play");
    play.querySelector("i").textContent = this.app.playing ? "❚❚" : "▶";
    play.querySelector("span").textContent = this.app.playing ? "Pause" : "Play";
    $("button-back").disabled = frame.position === 0;
    $("button-step-d").classList.toggle("next", frame.next === "D");
    $("button-step-g").classList.toggle("next", frame.next === "G");
    const rate = this.app.playing ? this.app.training.stepsPerSecond() : null;
    const speed = rate ? ` · ${Math.round(rate)} steps a second` : "";
    const ahead = frame.recorded > frame.position ? ` of ${frame.recorded} known` : "";
    $("readout").replaceChildren(
      "step ", el("b", { id: "position" }, String(frame.position)), `${ahead} (D ${frame.steps.D}, G ${frame.steps.G})`,
      ...(this.app.playing ? [speed] : [" · next: ", el("b", {}, frame.next)]),
    );
  }

  chooseTab(depth) {
    this.app.depth = depth;
    for (const tab of document.querySelectorAll(".depths button")) {
      tab.setAttribute("aria-selected", String(Number(tab.dataset.depth) === depth));
    }
    this.updateFrame();
  }

  updateFrame() {
    const lesson = Boolean(this.app.lessons.lesson);
    const layout = document.querySelector(".layout");
    layout.classList.toggle("wide", this.app.depth !== 1 && !lesson);
    layout.classList.toggle("with-lesson", lesson);
    $("settings").hidden = this.app.depth !== 1;
    $("welcome").hidden = lesson || this.app.depth !== 1;
    if (lesson) $("settings").open = false;
    document.body.dataset.depth = String(this.app.depth);
    const speeds = SPEEDS[this.app.depth === 1 ? "game" : "recording"];
    for (const option of $("speed").options) option.textContent = speeds[option.value];
  }

  toggleTheme() {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("minigan-theme", theme);
    } catch { /* storage is forbidden here */ }
    forgetColours();
    this.app.game.draw();
    if (this.app.depth !== 1 && this.app.recording) this.app.views[this.app.depth].update();
  }
}
