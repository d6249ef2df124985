// What an exported page shows until Python runs: how much has arrived, why it failed, and a button to try again.
import { el } from "./arrays.js";

const PATIENCE = 20; // seconds without a byte, after which the page says so
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

export class Loading {
  constructor(app) {
    this.app = app;
    this.place = document.getElementById("loading");
    this.bar = el("progress", { id: "loading-bar", "aria-label": "Python and minigan" });
    this.text = el("p", { id: "loading-text" });
    this.stalled = el("p", { role: "alert", id: "loading-stalled", hidden: true });
    this.note = el("p", { class: "note" }, "Meanwhile you can ", el("button", { class: "link", onclick: () => app.lessons.choose().catch((error) => app.messages.complain(error)) }, "read the lessons"), ". What they ask you to do works when Python runs.");
  }

  // Resolves when Python runs. After a failure it waits for a click on "Try again".
  async untilRunning() {
    const { api } = this.app;
    if (!api.untilRunning) return; // a server on this computer runs already
    for (;;) {
      this.place.replaceChildren(this.text, this.bar, this.stalled, this.note);
      this.text.textContent = "Loading Python, NumPy and minigan";
      const again = new Promise((resolve) => (this.again = () => resolve("again")));
      this.expectMore(true);
      try {
        const end = await Promise.race([api.untilRunning((state) => this.show(state)), again]);
        if (end !== "again") return;
      } catch (error) {
        await this.fail(error);
      } finally {
        this.expectMore(false);
      }
      api.restart();
    }
  }

  show({ loaded, total, starting }) {
    this.expectMore(!starting);
    if (starting) {
      this.bar.removeAttribute("value"); // how long Python takes to start is not known
      this.text.textContent = "Starting Python …";
    } else if (total) {
      this.bar.max = total;
      this.bar.value = loaded;
      this.text.textContent = `Loading Python, NumPy and minigan: ${megabytes(loaded)} of ${megabytes(total)} MB`;
    }
  }

  // Offer to try again if nothing arrives for some time.
  expectMore(more) {
    clearTimeout(this.timer);
    this.stalled.hidden = true;
    if (!more) return;
    this.timer = setTimeout(() => {
      this.stalled.hidden = false;
      this.stalled.replaceChildren(`Nothing has arrived for ${PATIENCE} seconds. The connection may be broken. `, el("button", { onclick: this.again }, "Try again"));
    }, 1000 * PATIENCE);
  }

  // Say what failed, and wait for a click.
  fail(error) {
    return new Promise((resolve) => {
      this.place.replaceChildren(
        el("p", { role: "alert", id: "loading-error" }, el("strong", {}, "Python could not be loaded. "), error.message),
        el("button", { id: "button-retry", class: "primary", onclick: resolve }, "Try again"),
        this.note,
      );
    });
  }
}
