// Give a run away: its address, or a file with its settings and moves, which may be longer than an address.
import { VERSION } from "./address.js";
import { el } from "./arrays.js";

export class Share {
  constructor(app) {
    this.app = app;
  }

  async show() {
    const { app } = this;
    await app.training.pause();
    app.address.writeNow();
    const address = el("input", { id: "share-address", readonly: "", "aria-label": "The address of this run", value: location.href, onfocus: (event) => event.target.select() });
    const copy = el("button", { id: "share-copy", onclick: () => this.copy(address, copy) }, "Copy");
    const file = el("input", { id: "share-open", type: "file", accept: ".json,application/json", onchange: () => this.open(file.files[0]) });
    app.messages.dialog(
      el("h2", {}, "Share this run"),
      ...(app.address.long
        ? [el("p", { id: "share-long" }, "This run is too long for an address. Save it as a file.")]
        : [el("p", {}, "The address holds the settings, all moves, and the view. Anyone who opens it repeats the run."), el("div", { class: "actions" }, address, copy)]),
      el("div", { class: "actions" }, el("button", { id: "share-save", onclick: () => this.save() }, "Save the run as a file")),
      el("p", {}, el("label", { for: "share-open" }, "Open the file of a run: "), file),
      el("p", { class: "note" }, "On the same platform the numbers are the same to the last bit. The page compares them."),
    );
  }

  async copy(address, button) {
    address.select();
    try {
      await navigator.clipboard.writeText(address.value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl C"; // the browser does not let a page copy; the text is selected
    }
  }

  save() {
    const text = JSON.stringify({ "minigan-lab": VERSION, ...this.app.restore.now() }, null, 1);
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    el("a", { href: url, download: `minigan-run-${this.app.frame.position}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  async open(file) {
    const { app } = this;
    app.messages.closeDialog();
    let run;
    try {
      run = JSON.parse(await file.text());
    } catch {
      run = null;
    }
    const known = run?.["minigan-lab"] === VERSION && typeof run.moves === "string" && Number.isInteger(run.position) && typeof run.settings === "object" && run.settings;
    if (!known) return app.messages.message("This is not the file of a run.", `${file.name} was not saved by this lab with Share.`, "file");
    app.messages.clearMessage();
    await app.run(() => app.restore.show(run));
    if (app.depth !== 1) await app.setDepth(app.depth);
    app.address.write();
  }
}
