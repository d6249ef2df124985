// What the page tells the user: messages above the view, and the dialog.
import { $, el } from "./arrays.js";
import { LabError } from "./transport.js";

export class Messages {
  constructor(app) {
    this.app = app;
  }

  complain(error) {
    this.app.playing = false;
    this.app.controls.update();
    if (error?.kind === "settings") {
      this.app.settingsForm.complain(error.setting, error.message);
      if (this.app.settings) this.message("This setting does not work.", error.message, "settings");
      return;
    }
    const titles = {
      nan: "Training broke down: a number became NaN or infinite.",
      unreachable: "No answer.",
      stopped: "Stopped on the way.",
      busy: "The lab is busy.",
      unavailable: "Not available here.",
      request: "The lab did not understand the page.",
      internal: "Something went wrong inside the lab.",
    };
    const advice = {
      nan: "A learning rate that is too large is the usual reason. Step back to look at the last good state, or make the learning rate smaller and start again.",
    };
    if (!(error instanceof LabError)) console.error(error);
    this.message(titles[error?.kind] ?? "Something went wrong on the page.", `${error?.message ?? error} ${advice[error?.kind] ?? ""}`, error?.kind ?? "page");
    $("loading")?.remove();
  }

  // `action` is a button: [text, function].
  message(title, text, kind, { info = false, action = null } = {}) {
    const place = $("message");
    place.hidden = false;
    place.dataset.kind = kind;
    place.classList.toggle("info", info);
    const body = el("p", {}, el("strong", {}, title), " ");
    for (const part of text.split(/(`[^`]+`)/)) body.append(part.startsWith("`") ? el("code", {}, part.slice(1, -1)) : part);
    if (kind === "unreachable" || kind === "busy") action = ["Try again", () => location.reload()];
    const button = action ? [el("button", { onclick: () => ((place.hidden = true), action[1]()) }, action[0])] : [];
    place.replaceChildren(body, ...button, el("button", { class: "close", "aria-label": "Close this message", onclick: () => (place.hidden = true) }, "×"));
  }

  clearMessage() {
    $("message").hidden = true;
  }

  dialog(...content) {
    $("dialog-body").replaceChildren(...content);
    if (!$("dialog").open) $("dialog").showModal();
  }

  // A question with a button that goes on. Resolves to whether it was pressed.
  ask(title, text, button) {
    return new Promise((resolve) => {
      let yes = false;
      const closed = () => {
        if ($("dialog").open) return; // it was the dialog before this one
        $("dialog").removeEventListener("close", closed);
        resolve(yes);
      };
      $("dialog").addEventListener("close", closed);
      this.dialog(
        el("h2", {}, title),
        el("p", {}, text),
        el("div", { class: "actions" }, el("button", { id: "dialog-yes", class: "primary", onclick: () => ((yes = true), this.closeDialog()) }, button), el("button", { id: "dialog-no", onclick: () => this.closeDialog() }, "Cancel")),
      );
      $("dialog-yes").focus();
    });
  }

  closeDialog() {
    $("dialog").close();
  }
}
