// The form with the settings.
import { el } from "./arrays.js";

const GROUPS = [
  ["", ["data", "model", "generator_loss"]],
  ["Training", ["lr_g", "lr_d", "k", "clip_value", "penalty_weight", "beta1", "batch_size", "seed"]],
  ["Networks", ["layers_g", "width_g", "layers_d", "width_d", "noise_dim", "noise"]],
];

export class Settings {
  constructor(app) {
    this.app = app;
    this.form = document.getElementById("settings-form");
    this.fields = new Map();
  }

  // Build the form from hello().
  build(hello) {
    this.hello = hello;
    const known = new Map(hello.settings.map((setting) => [setting.id, setting]));
    const listed = new Set(GROUPS.flatMap(([, ids]) => ids));
    const rest = hello.settings.filter((s) => !listed.has(s.id) && s.kind !== "drawing").map((s) => s.id);
    const parts = [];
    for (const [title, ids] of [...GROUPS, ["", rest]]) {
      if (title) parts.push(el("p", { class: "group" }, title));
      for (const id of ids) {
        const setting = known.get(id);
        if (setting) parts.push(this.field(setting));
      }
      if (!title && ids.includes("data")) {
        this.drawingButtons = el("div", { class: "actions" }, el("button", { type: "button", id: "button-draw", onclick: () => this.app.training.draw() }, "Draw the data …"));
        parts.push(this.drawingButtons);
      }
    }
    this.note = el("p", { class: "note", id: "history-note" });
    parts.push(el("div", { class: "actions" }, el("button", { type: "button", id: "button-defaults", onclick: () => this.app.training.reset(this.app.defaultsFor(this.app.settings.model, this.app.settings.data)) }, "Use the defaults")), this.note);
    this.form.replaceChildren(...parts);
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  field(setting) {
    const id = `setting-${setting.id}`;
    let input;
    if (setting.kind === "choice") {
      input = el("select", { id }, setting.choices.map(([value, label]) => el("option", { value }, label)));
      if (setting.id === "data") {
        for (const data of this.hello.data) {
          const option = [...input.options].find((o) => o.value === data.id);
          if (option && !data.available) {
            option.disabled = true;
            option.title = data.why;
          }
        }
      }
    } else {
      input = el("input", { id, type: "number", step: "any", min: setting.min == null ? null : String(setting.min), max: setting.max == null ? null : String(setting.max), inputmode: "decimal" });
    }
    input.addEventListener("change", () => this.change(setting, input));
    const help = el("span", { class: "help", hidden: true });
    const label = el("label", { for: id, title: setting.help ?? null }, setting.label);
    const field = el("div", { class: `field${["data", "model", "generator_loss", "noise"].includes(setting.id) ? " long" : ""}`, title: setting.help ?? null }, label, input, help);
    this.fields.set(setting.id, { setting, input, field, help, label });
    return field;
  }

  change(setting, input) {
    const { app } = this;
    let value = input.value;
    if (setting.kind !== "choice") {
      value = Number(value);
      if (input.value.trim() === "" || Number.isNaN(value)) return this.complain(setting.id, "Give a number.");
      if (setting.kind === "integer" && !Number.isInteger(value)) return this.complain(setting.id, "Give a whole number.");
      if (setting.min != null && value < setting.min) return this.complain(setting.id, `At least ${setting.min}.`);
      if (setting.max != null && value > setting.max) return this.complain(setting.id, `At most ${setting.max}.`);
    }
    this.complain(setting.id, null);
    if (setting.id === "data" && value === "drawing" && !(app.settings.drawing ?? []).length) return app.training.draw();
    if (setting.id === "model" || setting.id === "data") {
      const next = { ...app.settings, [setting.id]: value };
      return app.training.reset({ ...app.defaultsFor(next.model, next.data), seed: next.seed, drawing: next.drawing });
    }
    return app.training.reset({ ...app.settings, [setting.id]: value });
  }

  complain(id, text) {
    const field = this.fields.get(id);
    if (!field) return;
    field.help.hidden = !text;
    field.help.textContent = text ?? "";
    if (text) document.getElementById("settings").open = true;
  }

  // Show the settings in use.
  update(description) {
    const { settings } = description;
    const defaults = this.app.defaultsFor(settings.model, settings.data);
    const model = this.hello.models.find((m) => m.id === settings.model);
    for (const [id, { setting, input, field, label }] of this.fields) {
      field.hidden = Boolean(setting.models && !setting.models.includes(settings.model));
      if (document.activeElement !== input || !input.value) input.value = String(settings[id]);
      field.classList.toggle("changed", !["data", "model", "seed"].includes(id) && settings[id] !== defaults[id]);
      if (id === "k") label.textContent = settings.model === "gan" ? "k: D's steps per G's" : "n_critic: D's steps per G's";
      else label.textContent = model?.players?.D === "critic" ? setting.label.replace("discriminator", "critic") : setting.label;
      this.complain(id, null);
    }
    this.drawingButtons.hidden = settings.data !== "drawing";
    this.updateNote(description, description.history);
  }

  // How large the networks are, and how far back is quick: with the times that were measured so far.
  updateNote({ parameters, settings }, history) {
    this.note.textContent = `G has ${parameters.G.toLocaleString("en")} weights, ${settings.model === "gan" ? "D" : "the critic"} has ${parameters.D.toLocaleString("en")}. ${history?.sentence ?? ""} A change of a setting starts again.`;
  }
}
