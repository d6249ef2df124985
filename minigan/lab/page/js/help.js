// The welcome, and the help with the list of keys.
import { $, el } from "./arrays.js";

export class Help {
  constructor(app) {
    this.app = app;
  }

  // What to look at, in this run.
  welcome({ plane, players }) {
    const { native } = this.app.hello;
    const task = players.D === "critic" ? ", here a critic, learns to give real samples a higher score than fakes." : " learns to tell fakes from real samples.";
    const look = plane ? " and watch how the orange fakes move among the blue samples." : " and watch the fake images change. Real images are shown, too.";
    $("welcome").replaceChildren(
      el("p", {}, "Two networks play a game. ", el("b", {}, "G"), " turns noise into fake samples. ", el("b", {}, "D"), task, " Press ", el("b", {}, "Play"), look),
      el("p", {}, "New here? ", el("button", { class: "link", onclick: () => this.app.lessons.open("discriminator-step") }, "Start the first lesson"), "."),
      native ? "" : el("p", { class: "note" }, "Python runs inside this page, so training is slower than on a local page."),
    );
  }

  help() {
    const rows = [
      ["space", "play or pause; in Algorithm, Graph and Line: move through the step"],
      ["→  ←", "one step, line, operation or event forwards or back"],
      ["1 2 3 4", "Game, Algorithm, Graph, Line"],
      ["d  g", "one whole step of D, of G"],
      ["b", "take back one whole training step"],
      ["r", "start again from step 0"],
      ["Shift →", "Line: over the calls of this line"],
      ["↑", "Line: out of this function"],
      ["Escape", "stop a long way to a step"],
      ["Home  End", "to the start or the end of the recorded step"],
    ];
    const { hello } = this.app;
    this.app.messages.dialog(
      el("h2", {}, "What you see"),
      el("p", {}, "A real run of minigan, and not a film. Each step is computed when you ask for it, by minigan's own code, without a change. If you step back and then forwards, you get the same bits again."),
      el("p", {}, el("b", {}, "Game"), ": real samples, fakes, and what D says at each place. ", el("b", {}, "Algorithm"), ": one training step, line by line, beside the paper. ", el("b", {}, "Graph"), ": the operations behind the loss, and how the gradient goes back through them. ", el("b", {}, "Line"), ": every line of minigan that runs."),
      el("h2", {}, "Keyboard"),
      el("table", { class: "keys" }, rows.map(([key, text]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", {}, text)))),
      el("p", { class: "note" }, "The address of this page holds the settings, all steps and the view. Share copies it, and saves a run as a file. ", hello ? `Python ${hello.python}, NumPy ${hello.numpy}${hello.native ? "" : ", in this browser"}.` : ""),
    );
  }
}
