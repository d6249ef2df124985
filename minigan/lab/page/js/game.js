// The first depth: the game in the plane, or images, with the plots of losses and measures.
import { colour, decode, el, prepare, reducedMotion, short } from "./arrays.js";
import { Measures } from "./measures.js";
import { Plot } from "./plots.js";
import { sourceLink } from "./source.js";

// The layers of the picture, with a sign for the legend. The ids are those of frame(), and "real".
export const LAYERS = [
  { id: "real", label: "real samples", sign: '<circle cx="11" cy="8" r="4" fill="var(--real)"/>', help: "Samples of the data. D should call them real." },
  { id: "fakes", label: "fakes, G(z)", sign: '<path d="M11 2l6 6-6 6-6-6z" fill="var(--fake)"/>', help: "What G makes of noise z." },
  { id: "arrows", label: "arrows: where G's loss falls", sign: '<path d="M3 13L16 4M10 3.5h6.5v6.5" fill="none" stroke="var(--arrow)" stroke-width="1.8"/>', help: "−∂(G's loss)/∂x at each fake: the way in which the fake should move to lower G's loss." },
  { id: "heat", label: "output of D", sign: '<rect x="1" y="3" width="10" height="10" fill="var(--heat-fake)"/><rect x="11" y="3" width="10" height="10" fill="var(--heat-real)"/>', help: "The colour of the plane: what D says at each place." },
  { id: "grid", label: "G as a bent grid", sign: '<path d="M2 4q9 5 18 0M2 12q9-5 18 0M6 1q3 7 0 14M16 1q-3 7 0 14" fill="none" stroke="var(--grid)" stroke-width="1.3"/>', help: "What G makes of a straight grid of noise." },
];

// What the grid shows depends on how many numbers G gets.
function gridHelp(dimensions) {
  if (dimensions === 1) return "G maps a line of noise to this curve.";
  if (dimensions === 2) return "G maps a straight grid of noise to this one. Where it makes a cell small, the samples of this cell lie close together.";
  return `G of a straight grid in the first two dimensions of the noise. The other ${dimensions - 2} are 0, so most samples lie elsewhere.`;
}

// The numbers that a step reports: a label, and what it is.
const REPORTS = {
  d_loss: ["D's loss", "The loss of D in its last step"],
  c_loss: ["critic's loss", "The loss of the critic in its last step"],
  g_loss: ["G's loss", "The loss of G in its last step"],
  "D(x)": ["D of real", "The mean of D(x) over the real samples"],
  "D(G(z))": ["D of fakes", "The mean of D(G(z)) over the fakes"],
  wasserstein: ["critic's gap", "The mean of f(x) minus the mean of f(G(z)). It is not the distance between the data and the fakes: it also depends on how steep the critic is."],
  penalty: ["penalty", "The mean of (‖∇f(x̂)‖ − 1)², without its weight"],
  "gradient norm": ["‖∇f(x̂)‖", "The mean over the points x̂ between real samples and fakes"],
};

const ARROW = 0.085; // the longest arrow, as a share of the side of the picture
const FAINT = 1e-2; // arrows whose longest is shorter are drawn paler
const FAR_TOO_FAINT = 1e-5; // the palest arrows

const FORMULAS = {
  gan: {
    D: String.raw`L_D=-\tfrac1m\sum\log D(x)-\tfrac1m\sum\log\bigl(1-D(G(z))\bigr)`,
    non_saturating: String.raw`L_G=-\tfrac1m\sum\log D(G(z))`,
    minimax: String.raw`L_G=\tfrac1m\sum\log\bigl(1-D(G(z))\bigr)`,
  },
  wgan: { D: String.raw`L_f=\tfrac1m\sum f(G(z))-\tfrac1m\sum f(x)`, G: String.raw`L_G=-\tfrac1m\sum f(G(z))` },
  wgan_gp: {
    D: String.raw`L_f=\tfrac1m\sum\bigl[f(G(z))-f(x)+\lambda(\lVert\nabla f(\hat x)\rVert-1)^2\bigr]`,
    G: String.raw`L_G=-\tfrac1m\sum f(G(z))`,
  },
};

export class Game {
  constructor(app) {
    this.app = app;
    this.canvas = el("canvas", { id: "plane", role: "img", "aria-label": "The plane with real samples, fakes and the output of D" });
    this.holder = el("div", { class: "plane-holder", id: "plane-holder" }, this.canvas);
    this.layers = el("div", { class: "layers" });
    for (const layer of LAYERS) {
      const box = el("input", { type: "checkbox", id: `layer-${layer.id}`, onchange: () => app.showLayer(layer.id, box.checked) });
      const label = el("label", { title: layer.help, for: `layer-${layer.id}` }, box);
      label.insertAdjacentHTML("beforeend", `<svg aria-hidden="true" viewBox="0 0 22 16">${layer.sign}</svg>`);
      label.append(layer.label);
      this.layers.append(label);
    }
    this.heatKey = el("div", { class: "heat-key", id: "heat-key" });
    this.arrowKey = el("div", { class: "heat-key", id: "arrow-key" });
    this.figures = el("div", { class: "figures", id: "figures" });
    this.losses = new Plot("plot-losses", "Losses");
    this.measures = new Measures();
    this.formulas = el("div", { class: "formulas" });
    this.numbers = el("div", { class: "now", id: "numbers" });
    this.outside = el("p", { class: "note", id: "outside", hidden: true });
    this.warnings = el("section", { class: "card warnings", id: "warnings", hidden: true });
    this.links = el("div", { class: "links" });
    const when = el("p", { class: "note" }, "The numbers are of each player's last batch, before its update. The picture shows the run after it.");
    this.losses.card.append(this.formulas, this.numbers, when, this.links);
    this.element = el(
      "div",
      { class: "game" },
      el("section", { class: "card plane-card" }, this.layers, this.holder, this.figures, this.heatKey, this.arrowKey, this.outside),
      el("div", { class: "side-plots" }, this.warnings, this.losses.card, this.measures.card),
    );
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.holder);
    this.observer.observe(this.figures);
    this.shown = null; // the fakes as drawn last, to glide from
  }

  // A new experiment: its description.
  describe(description) {
    this.description = description;
    this.real = decode(description.real);
    this.shown = null;
    const { settings, plane, players } = description;
    this.holder.hidden = this.layers.hidden = this.heatKey.hidden = this.arrowKey.hidden = !plane;
    this.figures.hidden = plane;
    const formulas = FORMULAS[settings.model];
    const pair = { D: formulas.D, G: formulas.G ?? formulas[settings.generator_loss] };
    this.formulas.replaceChildren(
      ...["D", "G"].map((player) => {
        const place = el("span");
        katex.render(pair[player], place, { throwOnError: false });
        return el("div", { title: `The loss that the ${players[player]} lowers` }, place);
      }),
      players.D === "critic" ? el("p", { class: "note" }, "D is a critic here, and is written f.") : "",
    );
    this.layers.querySelector('[for="layer-heat"]').lastChild.textContent = players.D === "critic" ? "output of the critic" : "output of D";
    this.layers.querySelector('[for="layer-grid"]').title = gridHelp(settings.noise_dim);
    this.links.replaceChildren(sourceLink(this.app, description.trainer_file, 1, 1, description.trainer_file), " ", sourceLink(this.app, "minigan/losses.py", 1, 1, "minigan/losses.py"));
    this.measures.describe(description.measure_names);
    this.draw();
  }

  checkLayers() {
    for (const layer of LAYERS) this.layers.querySelector(`#layer-${layer.id}`).checked = this.app.layers.has(layer.id);
  }

  // A new frame: the picture at a position.
  update(frame, { glide = false } = {}) {
    const before = this.fakes;
    this.frame = frame;
    this.fakes = decode(frame.fakes);
    this.arrows = decode(frame.arrows);
    this.heat = decode(frame.heat);
    this.grid = decode(frame.grid);
    this.images = decode(frame.images);
    if (this.heat) this.heatPicture = null;
    this.writeNumbers();
    cancelAnimationFrame(this.animation);
    if (glide && !reducedMotion() && before && this.fakes && before.data.length === this.fakes.data.length) {
      const start = performance.now();
      const length = glide;
      const tick = (now) => {
        const t = Math.min(1, (now - start) / length);
        const s = t * t * (3 - 2 * t);
        this.between = this.fakes.data.map((x, i) => before.data[i] + s * (x - before.data[i]));
        if (t === 1) this.between = null;
        this.draw();
        if (t < 1) this.animation = requestAnimationFrame(tick);
      };
      this.animation = requestAnimationFrame(tick);
    } else {
      this.between = null;
      this.draw();
    }
  }

  updateCurves(curves) {
    const { description } = this;
    const { position } = curves; // while the game plays, the picture may be of an earlier one
    const gan = description.settings.model === "gan";
    const lines = description.loss_names.map((name) => ({
      name: REPORTS[name][0],
      colour: name === "g_loss" ? "g" : "d",
      ...curveOf(curves.reports[name]),
    }));
    const half = description.settings.generator_loss === "minimax" ? { y: -Math.LN2, text: "−log 2: G's loss if D says ½" } : { y: Math.LN2, text: "log 2: G's loss if D says ½" };
    const guides = gan ? [{ y: 2 * Math.LN2, text: "2 log 2: D's loss if D says ½" }, half] : [];
    this.losses.draw({ lines, guides, cursor: position, end: curves.recorded });
    this.measures.draw(curves.measures, position, curves.recorded);
  }

  writeNumbers() {
    const { frame, description } = this;
    const cell = (name) => el("div", { title: REPORTS[name][1] }, REPORTS[name][0], el("b", { "data-report": name }, short(frame.report[name])));
    this.numbers.replaceChildren(...description.report_names.map(cell));
    if (frame.measures) this.measures.update(frame.measures);
    const warnings = (frame.warnings ?? []).slice(-2);
    this.warnings.hidden = warnings.length === 0;
    this.warnings.replaceChildren(...warnings.map((text) => el("p", { class: "warning" }, text)));
    if (description.plane && frame.heat_range) {
      const [low, high] = frame.heat_range;
      const gan = description.settings.model === "gan";
      this.heatKey.replaceChildren(
        ...(gan
          ? ["D says: fake (0)", el("span", { class: "bar" }), "real (1)", el("span", {}, "· line: D = ½")]
          : [`critic: low (${short(low)})`, el("span", { class: "bar" }), `high (${short(high)})`]),
      );
    }
    this.arrowKey.hidden = !this.arrows;
    if (this.arrows) this.arrowKey.textContent = this.arrowsInWords();
    this.outside.hidden = !frame.outside;
    if (frame.outside) this.outside.textContent = `${frame.outside} of ${this.fakes.shape[0]} fakes are outside the picture.`;
    this.canvas.setAttribute("aria-label", this.inWords());
  }

  arrowsInWords() {
    const longest = this.frame.arrow_max;
    if (longest === 0) return "Arrows: the gradient is 0 at every fake.";
    if (!Number.isFinite(longest)) return "Arrows: the gradient is not finite.";
    const pale = longest < FAINT ? " The gradient is small, so the arrows are pale." : "";
    return `Arrows: mean length ${short(meanLength(this.arrows))}, longest ${short(longest)}, drawn ${short(this.enlargement())} times as long.${pale}`;
  }

  // The longest arrow always has the same length on the page. By how much is it longer than in the units of the plane?
  enlargement() {
    return (ARROW * 2 * this.description.limit) / this.frame.arrow_max;
  }

  // The picture in words, for those who do not see it.
  inWords() {
    const { frame, description } = this;
    const player = description.players.D;
    const seen = (id) => this.app.layers.has(id);
    const parts = [`The plane at step ${frame.position}`];
    if (seen("real")) parts.push(`${this.real?.shape[0]} real samples`);
    if (seen("fakes") && this.fakes) parts.push(`${this.fakes.shape[0]} fakes, ${frame.outside ?? 0} of them outside`);
    if (seen("heat") && frame.heat_range) parts.push(`output of the ${player} from ${frame.heat_range.map(short).join(" to ")}`);
    if (seen("arrows") && this.arrows) parts.push(`arrows of mean length ${short(meanLength(this.arrows))}`);
    if (seen("grid") && this.grid) parts.push("G as a grid");
    return `${parts.join("; ")}.`;
  }

  draw() {
    const { description } = this;
    if (!description || !this.element.isConnected) return;
    if (description.plane) this.drawPlane();
    else this.drawImages();
  }

  drawPlane() {
    const side = Math.floor(this.holder.clientWidth);
    if (!side) return;
    const context = prepare(this.canvas, side, side);
    const { limit } = this.description;
    const shown = this.app.layers;
    const scale = side / (2 * limit);
    const X = (x) => (x + limit) * scale;
    const Y = (y) => (limit - y) * scale;
    this.toPlane = (px, py) => [px / scale - limit, limit - py / scale];
    context.fillStyle = colour("heat-middle");
    context.fillRect(0, 0, side, side);
    if (shown.has("heat") && this.heat) this.drawHeat(context, side);
    context.lineJoin = "round";
    if (shown.has("grid") && this.grid) this.drawGrid(context, X, Y);
    if (shown.has("real")) {
      const { data, shape } = this.real;
      context.strokeStyle = colour("halo");
      context.lineWidth = 1;
      context.fillStyle = colour("real");
      for (let i = 0; i < shape[0]; i++) {
        context.beginPath();
        context.arc(X(data[2 * i]), Y(data[2 * i + 1]), 2.6, 0, 7);
        context.fill();
        context.stroke();
      }
    }
    const fakes = this.between ?? this.fakes?.data;
    if (!fakes) return;
    if (shown.has("arrows") && this.arrows && !this.between) this.drawArrows(context, X, Y, side);
    if (shown.has("fakes")) {
      context.fillStyle = colour("fake");
      context.strokeStyle = colour("halo");
      context.lineWidth = 1;
      const r = 4;
      for (let i = 0; i < fakes.length / 2; i++) {
        const x = X(fakes[2 * i]);
        const y = Y(fakes[2 * i + 1]);
        context.beginPath();
        context.moveTo(x, y - r);
        context.lineTo(x + r, y);
        context.lineTo(x, y + r);
        context.lineTo(x - r, y);
        context.closePath();
        context.fill();
        context.stroke();
      }
    }
  }

  drawHeat(context, side) {
    const [rows, columns] = this.heat.shape;
    const { data } = this.heat;
    const gan = this.description.settings.model === "gan";
    let [low, high] = gan ? [0, 1] : this.frame.heat_range;
    if (!(high > low)) [low, high] = [low - 1, low + 1];
    if (!this.heatPicture || this.heatTheme !== document.documentElement.dataset.theme) {
      this.heatTheme = document.documentElement.dataset.theme;
      const middle = colour("heat-middle");
      const warm = d3.interpolateRgb(middle, colour("heat-fake"));
      const cool = d3.interpolateRgb(middle, colour("heat-real"));
      const palette = d3.range(256).map((i) => d3.color(i < 128 ? warm(1 - i / 127.5) : cool(i / 127.5 - 1)));
      const picture = document.createElement("canvas");
      picture.width = columns;
      picture.height = rows;
      const pixels = new ImageData(columns, rows);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const t = (data[i * columns + j] - low) / (high - low);
          const c = palette[Math.max(0, Math.min(255, Math.round(255 * (Number.isFinite(t) ? t : 0.5))))];
          pixels.data.set([c.r, c.g, c.b, 255], 4 * ((rows - 1 - i) * columns + j));
        }
      }
      picture.getContext("2d").putImageData(pixels, 0, 0);
      this.heatPicture = picture;
    }
    context.imageSmoothingEnabled = true;
    context.drawImage(this.heatPicture, 0, 0, side, side);
    // Lines of equal output, so that the picture can be read without its colours.
    const levels = gan ? [0.5] : d3.range(1, 6).map((i) => low + (i / 6) * (high - low));
    context.strokeStyle = colour("soft");
    for (const ring of d3.contours().size([columns, rows]).thresholds(levels)(data)) {
      context.lineWidth = gan ? 1.5 : 0.7;
      context.globalAlpha = 0.65;
      context.beginPath();
      for (const polygon of ring.coordinates) {
        for (const path of polygon) {
          let drawn = false;
          for (const [x, y] of path) {
            // The contours close along the border of the plane. Do not draw that part.
            const border = x <= 0.5 || y <= 0.5 || x >= columns - 0.5 || y >= rows - 0.5;
            const px = (x / columns) * side;
            const py = side - (y / rows) * side;
            if (border || !drawn) context.moveTo(px, py);
            else context.lineTo(px, py);
            drawn = !border;
          }
        }
      }
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  drawGrid(context, X, Y) {
    const { data, shape } = this.grid;
    const [rows, columns] = shape;
    const at = (i, j) => 2 * (i * columns + j);
    const density = decode(this.frame.grid_density);
    if (density && rows > 1) {
      const areas = Array.from(density.data, Math.abs).sort((a, b) => a - b);
      const typical = areas[areas.length >> 1] || 1;
      context.fillStyle = colour("grid");
      for (let i = 0; i < rows - 1; i++) {
        for (let j = 0; j < columns - 1; j++) {
          const area = Math.abs(density.data[i * (columns - 1) + j]);
          context.globalAlpha = Math.max(0.02, Math.min(0.32, (0.1 * typical) / (area + 1e-9)));
          context.beginPath();
          for (const [a, b] of [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]]) context.lineTo(X(data[at(a, b)]), Y(data[at(a, b) + 1]));
          context.fill();
        }
      }
      context.globalAlpha = 1;
    }
    context.strokeStyle = colour("grid");
    context.lineWidth = 1;
    context.globalAlpha = 0.6;
    context.beginPath();
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) context[j ? "lineTo" : "moveTo"](X(data[at(i, j)]), Y(data[at(i, j) + 1]));
    }
    for (let j = 0; rows > 1 && j < columns; j++) {
      for (let i = 0; i < rows; i++) context[i ? "lineTo" : "moveTo"](X(data[at(i, j)]), Y(data[at(i, j) + 1]));
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  drawArrows(context, X, Y, side) {
    const fakes = this.fakes.data;
    const arrows = this.arrows.data;
    const longest = this.frame.arrow_max;
    if (!(longest > 0)) return;
    const unit = (ARROW * side) / longest;
    context.strokeStyle = colour("arrow");
    context.fillStyle = colour("arrow");
    context.lineWidth = 1.2;
    context.globalAlpha = d3.scaleLog([FAR_TOO_FAINT, FAINT], [0.2, 0.7]).clamp(true)(longest);
    context.beginPath();
    for (let i = 0; i < fakes.length / 2; i++) {
      const x = X(fakes[2 * i]);
      const y = Y(fakes[2 * i + 1]);
      const dx = arrows[2 * i] * unit;
      const dy = -arrows[2 * i + 1] * unit;
      const length = Math.hypot(dx, dy);
      if (!(length > 5)) continue;
      const [ux, uy] = [dx / length, dy / length];
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      const h = Math.min(5, length / 2.5);
      context.moveTo(x + dx - h * (ux + 0.6 * uy), y + dy - h * (uy - 0.6 * ux));
      context.lineTo(x + dx, y + dy);
      context.lineTo(x + dx - h * (ux - 0.6 * uy), y + dy - h * (uy + 0.6 * ux));
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  drawImages() {
    if (!this.figures.children.length) {
      for (const [id, text] of [["images-fake", "Fakes, G(z)"], ["images-real", "Real samples"]]) {
        this.figures.append(el("div", {}, el("h3", {}, text), el("canvas", { id, role: "img" })));
      }
    }
    const images = this.images ? this.images.shape[0] * this.images.shape[1] : 0;
    this.figures.querySelector("#images-fake").setAttribute("aria-label", `${images} images that G makes at step ${this.frame?.position ?? 0}`);
    this.figures.querySelector("#images-real").setAttribute("aria-label", "Real images, for comparison");
    drawImageGrid(this.figures.querySelector("#images-fake"), this.images);
    drawImageGrid(this.figures.querySelector("#images-real"), decode(this.description.real_images));
  }
}

// The mean length of the rows of an array (n, 2).
function meanLength({ data, shape }) {
  let sum = 0;
  for (let i = 0; i < shape[0]; i++) sum += Math.hypot(data[2 * i], data[2 * i + 1]);
  return sum / shape[0];
}

function curveOf(curve) {
  if (!curve) return { x: [], y: [] };
  return { x: Array.from(decode(curve.x).data), y: Array.from(decode(curve.y).data) };
}

// Images (rows, columns, h, w) or (n, h, w) of uint8, in a grid.
export function drawImageGrid(canvas, images, most = 36) {
  if (!canvas || !images) return;
  let { shape } = images;
  if (shape.length === 3) {
    const count = Math.min(shape[0], most);
    const columns = Math.ceil(Math.sqrt(count));
    shape = [Math.ceil(count / columns), columns, shape[1], shape[2]];
  }
  const [rows, columns, h, w] = shape;
  canvas.width = columns * (w + 1);
  canvas.height = rows * (h + 1);
  const pixels = new ImageData(canvas.width, canvas.height);
  for (let n = 0; n < rows * columns; n++) {
    const top = Math.floor(n / columns) * (h + 1);
    const left = (n % columns) * (w + 1);
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) {
        const value = images.data[n * h * w + i * w + j] ?? 0;
        pixels.data.set([value, value, value, 255], 4 * ((top + i) * canvas.width + left + j));
      }
    }
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
