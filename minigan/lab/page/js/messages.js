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
      gone: "No answer.",
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

  message(title, text, kind, info = false) {
    const place = $("message");
    place.hidden = false;
    place.dataset.kind = kind;
    place.classList.toggle("info", info);
    const body = el("p", {}, el("strong", {}, title), " ");
    for (const part of text.split(/(`[^`]+`)/)) body.append(part.startsWith("`") ? el("code", {}, part.slice(1, -1)) : part);
    const again = kind === "gone" || kind === "busy" ? el("button", { onclick: () => location.reload() }, "Try again") : null;
    place.replaceChildren(body, ...[again].filter(Boolean), el("button", { class: "close", "aria-label": "Close this message", onclick: () => (place.hidden = true) }, "×"));
  }

  clearMessage() {
    $("message").hidden = true;
  }

  dialog(...content) {
    $("dialog-body").replaceChildren(...content);
    if (!$("dialog").open) $("dialog").showModal();
  }

  closeDialog() {
    $("dialog").close();
  }
}
