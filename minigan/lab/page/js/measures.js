// The measures of the fakes: for each one a small curve over the steps, and its value now.
import { decode, el, short } from "./arrays.js";

const FEW = 0.5; // of the fakes near a mode: with fewer, the modes found say little

const HELP = {
  modes: "How many of the data's modes have at least one fake near them.",
  high_quality: "The share of the fakes within 3 standard deviations of a mode.",
  jensen_shannon: "How far the distribution of the fakes is from that of the data, on a grid of cells: 0 is equal, log 2 ≈ 0.69 is nothing in common.",
  wasserstein: "The mean over 32 directions of how far the fakes must be moved along that direction to become the data. It is smaller than the Wasserstein distance in the plane.",
};

export class Measures {
  constructor() {
    this.rows = el("div", { class: "measures" });
    this.card = el("section", { class: "card", id: "plot-measures" }, el("h2", {}, "How good are the fakes?"), this.rows, (this.dotted = el("p", { class: "note dotted" }, "Dotted: other real samples.")));
    new ResizeObserver(() => this.curves && this.draw()).observe(this.rows);
  }

  describe(names) {
    this.names = names;
    this.card.hidden = names.length === 0;
    this.dotted.hidden = !names.some((measure) => (measure.best ?? measure.floor) != null);
    this.values = null;
    this.curves = null;
    this.rows.replaceChildren();
    this.parts = names.map((measure) => {
      const value = el("b", { "data-measure": measure.id }, "–");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const better = el("small", {}, "floor" in measure ? "lower is better" : "higher is better");
      this.rows.append(el("div", { class: "measure", title: HELP[measure.id] ?? measure.help ?? null }, el("span", {}, measure.label, better), svg, value));
      return { measure, value, better, svg: d3.select(svg) };
    });
  }

  update(values) {
    this.values = values;
    for (const { measure, value } of this.parts) {
      const x = values[measure.id];
      if (x === null || x === undefined) value.textContent = "–";
      else if (measure.max > 1) value.textContent = `${x} of ${measure.max}`;
      else if (measure.max === 1) value.textContent = `${Math.round(100 * x)} %`;
      else value.textContent = short(Math.round(1000 * x) / 1000);
    }
    this.qualify(values);
  }

  // A mode counts as found when one fake is near it. Say so where most fakes are near none.
  qualify({ modes, high_quality: quality }) {
    const part = this.parts.find(({ measure }) => measure.id === "modes");
    if (!part) return;
    const few = modes > 0 && quality < FEW;
    part.better.textContent = few ? `but ${Math.round(100 * (1 - quality))} % of the fakes are near no mode` : "higher is better";
    part.value.classList.toggle("doubtful", few);
  }

  draw(curves = this.curves, position = this.position, end = this.end) {
    Object.assign(this, { curves, position, end });
    for (const { measure, svg } of this.parts) {
      const node = svg.node();
      const width = node.clientWidth;
      if (!width) continue;
      const height = 34;
      const curve = curves[measure.id];
      const xs = curve ? Array.from(decode(curve.x).data) : [];
      const ys = curve ? Array.from(decode(curve.y).data) : [];
      const most = measure.max ?? Math.max(0.3, d3.max(ys) ?? 0);
      const x = d3.scaleLinear().domain([0, Math.max(20, end)]).range([1, width - 3]);
      const y = d3.scaleLinear().domain([0, most]).range([height - 4, 4]).clamp(true);
      svg.attr("viewBox", `0 0 ${width} ${height}`);
      svg.selectAll("*").remove();
      svg.append("line").attr("class", "base").attr("x2", width).attr("y1", height - 3.5).attr("y2", height - 3.5);
      const real = measure.best ?? measure.floor;
      if (real !== undefined && real !== null) svg.append("line").attr("class", "real").attr("x2", width).attr("y1", y(real)).attr("y2", y(real)).append("title").text(`real samples: ${short(real)}`);
      const line = d3.line((i) => x(xs[i]), (i) => y(ys[i])).defined((i) => Number.isFinite(ys[i]));
      svg.append("path").attr("class", "curve").attr("d", line(d3.range(xs.length)));
      if (position < end) svg.append("line").attr("class", "cursor").attr("x1", x(position)).attr("x2", x(position)).attr("y1", 2).attr("y2", height - 3);
    }
  }
}
