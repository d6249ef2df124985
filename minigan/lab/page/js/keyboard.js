// What each key does.
import { $ } from "./arrays.js";

export class Keyboard {
  constructor(app) {
    this.app = app;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
    if (this.app.jump.covered) {
      if (event.key === " " || event.key === "Escape") this.app.jump.cancel();
      return;
    }
    const { target } = event;
    if (event.key === " " && this.app.playing) {
      // Space pauses wherever the focus is. On a button it would also press the button.
      event.preventDefault();
      this.app.training.pause();
      return;
    }
    // Enter ends the typing of a number: then the keys act on the page again.
    if (event.key === "Enter" && target.matches?.("input[type=number]")) return target.blur();
    // On a list, → and ← step; ↑ and ↓ choose, as in every list. A number has no space in it.
    const list = target.matches?.("select") && (event.key === "ArrowRight" || event.key === "ArrowLeft");
    const space = target.matches?.("input[type=number]") && event.key === " ";
    if (!list && !space && target.matches?.("input:not([type=checkbox]):not([type=range]), select, textarea")) return;
    const onButton = target.matches?.("button, summary, input[type=checkbox], [role=button]");
    const range = target.matches?.("input[type=range]");
    const actions = {
      " ": () => (onButton ? false : this.app.training.play()),
      ArrowRight: () => (range ? false : event.shiftKey && this.app.depth === 4 ? this.app.stepper.moveOver() : this.app.stepper.move(1)),
      ArrowLeft: () => (range ? false : this.app.stepper.move(-1)),
      ArrowUp: () => (this.app.depth === 4 && !range ? this.app.stepper.moveOut() : false),
      Home: () => (this.app.depth !== 1 ? this.app.stepper.moveToEnd(-1) : false),
      End: () => (this.app.depth !== 1 ? this.app.stepper.moveToEnd(1) : false),
      1: () => this.app.setDepth(1),
      2: () => this.app.setDepth(2),
      3: () => this.app.setDepth(3),
      4: () => this.app.setDepth(4),
      d: () => this.app.training.step("D"),
      g: () => this.app.training.step("G"),
      b: () => this.app.training.back(),
      r: () => this.app.training.reset(),
      "?": () => this.app.help.help(),
    };
    // Keys must not run far ahead of Python.
    if (this.app.waiting > (event.repeat ? 1 : 12)) return;
    const action = actions[event.key];
    if (action && this.app.frame && action() !== false) event.preventDefault();
  }
}
