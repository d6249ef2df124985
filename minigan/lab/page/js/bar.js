// The bar over the depths Algorithm, Graph and Line: which step is recorded, and the cursor in it.
import { colour, el, reducedMotion } from "./arrays.js";

const WORDS = { 2: "line", 3: "operation", 4: "event" };

export class RecordingBar {
  constructor(app, depth) {
    this.app = app;
    this.depth = depth;
    this.title = el("span", { class: "title" });
    this.players = el("span", { class: "switch", role: "group", "aria-label": "Whose step" });
    for (const player of ["D", "G"]) {
      this.players.append(el("button", { "data-player": player, title: `Record a step of ${player} from here`, onclick: () => app.stepper.choosePlayer(player) }, `${player}'s step`));
    }
    this.range = el("input", { type: "range", min: "0", "aria-label": `Position in the step, by ${WORDS[depth]}`, oninput: () => app.stepper.moveTo(app.recording?.stops[depth][Number(this.range.value)]) });
    this.where = el("span", { class: "where" });
    const button = (id, text, title, action) => el("button", { id: `${id}-${depth}`, "data-move": id, title, onclick: action }, text);
    this.element = el(
      "section",
      { class: "card recording-bar" },
      this.title,
      this.players,
      el(
        "span",
        { class: "moves" },
        button("first", "⇤", "To the start of this step (Home)", () => app.stepper.moveToEnd(-1)),
        button("previous", "◂ Back", `One ${WORDS[depth]} back (←)`, () => app.stepper.move(-1)),
        button("next", "Forward ▸", `One ${WORDS[depth]} forward (→)`, () => app.stepper.move(1)),
        button("last", "⇥", "To the end of this step (End)", () => app.stepper.moveToEnd(1)),
        depth === 4 ? button("over", "Over ↷", "Over the calls of this line (Shift →)", () => app.stepper.moveOver()) : null,
        depth === 4 ? button("out", "Out ↑", "Out of this function (↑)", () => app.stepper.moveOut()) : null,
      ),
      this.range,
      this.where,
    );
  }

  update() {
    const { recording, cursor } = this.app;
    const stops = recording.stops[this.depth];
    const index = recording.stopAt(this.depth, cursor);
    if (this.shown && this.shown !== recording && !reducedMotion()) {
      // Another step is recorded now. Let the reader notice.
      this.title.animate([{ background: colour("current") }, { background: "transparent" }], 1600);
    }
    this.shown = recording;
    this.title.replaceChildren("Step ", el("b", {}, String(recording.raw.position + 1)), ": ", el("b", { class: recording.player }, recording.player), " learns");
    for (const button of this.players.children) button.setAttribute("aria-pressed", String(button.dataset.player === recording.player));
    this.range.max = String(Math.max(0, stops.length - 1));
    this.range.value = String(Math.max(0, index));
    this.where.textContent = `${WORDS[this.depth]} ${index + 1} of ${stops.length}`;
  }
}
