// A small line plot over the steps of training, drawn with d3.
import { el, short } from "./arrays.js";

export class Plot {
  constructor(id, title) {
    this.keys = el("div", { class: "keys" });
    this.holder = el("div", {});
    this.card = el("section", { class: "card", id }, el("div", { class: "plot-title" }, el("h2", {}, title), this.keys), this.holder);
    this.svg = d3.select(this.holder).append("svg").attr("class", "plot").attr("role", "img").attr("aria-label", title);
    new ResizeObserver(() => this.last && this.draw(this.last)).observe(this.holder);
  }

  // lines: [{name, colour, dash, x, y}]; guides: horizontal lines; cursor: the position; end: the last position that is known.
  draw(what) {
    this.last = what;
    const { lines, guides, cursor, end, zero } = what;
    const width = this.holder.clientWidth;
    if (!width) return;
    const height = 150;
    const finite = (y) => y.filter(Number.isFinite);
    const all = lines.flatMap((line) => finite(line.y)).sort((a, b) => a - b);
    // A few extreme values must not flatten the rest.
    let low = d3.quantile(all, 0.005) ?? 0;
    let high = d3.quantile(all, 0.995) ?? 1;
    for (const guide of guides) {
      if (all.length === 0 || (guide.y < high + (high - low) + 0.2 && guide.y > low - (high - low) - 0.2)) [low, high] = [Math.min(low, guide.y), Math.max(high, guide.y)];
    }
    if (zero) low = Math.min(0, low);
    if (zero) high = Math.max(1, high);
    if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
    const y = d3.scaleLinear().domain([low, high]).nice(5).clamp(true);
    const marks = y.ticks(4);
    const longest = d3.max(marks, (mark) => short(mark).length);
    const margin = { top: 8, right: 12, bottom: 20, left: 14 + 7 * longest }; // room for the longest label
    y.range([height - margin.bottom, margin.top]);
    const x = d3.scaleLinear().domain([0, Math.max(20, end)]).range([margin.left, width - margin.right]);
    const svg = this.svg.attr("viewBox", `0 0 ${width} ${height}`).attr("height", height);
    svg.selectAll("*").remove();
    svg.append("g").attr("transform", `translate(0,${height - margin.bottom})`).call(d3.axisBottom(x).ticks(Math.max(3, width / 90)).tickSizeOuter(0).tickFormat(d3.format("~s")));
    svg.append("g").attr("transform", `translate(${margin.left},0)`).call(d3.axisLeft(y).tickValues(marks).tickFormat(short).tickSizeOuter(0));
    for (const guide of guides) {
      svg.append("line").attr("x1", margin.left).attr("x2", width - margin.right).attr("y1", y(guide.y)).attr("y2", y(guide.y)).attr("stroke-dasharray", "2 4").style("stroke", "var(--soft)");
    }
    for (const line of lines) {
      const path = d3.line((i) => x(line.x[i]), (i) => y(line.y[i])).defined((i) => Number.isFinite(line.y[i]));
      svg.append("path").attr("class", "curve").attr("d", path(d3.range(line.x.length))).style("stroke", `var(--${line.colour})`).attr("stroke-width", 1.7).attr("stroke-dasharray", line.dash ?? null);
      const last = line.y.length - 1;
      if (last >= 0 && Number.isFinite(line.y[last])) svg.append("circle").attr("cx", x(line.x[last])).attr("cy", y(line.y[last])).attr("r", 2.6).style("fill", `var(--${line.colour})`);
    }
    for (const guide of guides) svg.append("text").attr("class", "guide").attr("x", width - margin.right).attr("y", y(guide.y) + (y(guide.y) < 24 ? 13 : -5)).attr("text-anchor", "end").text(guide.text);
    if (cursor < end) svg.append("line").attr("x1", x(cursor)).attr("x2", x(cursor)).attr("y1", margin.top).attr("y2", height - margin.bottom).style("stroke", "var(--ink)").attr("stroke-width", 1.5);
    this.keys.replaceChildren(
      ...lines.map((line) =>
        el("span", { title: line.y.length ? short(line.y[line.y.length - 1]) : null }, el("b", { style: `border-color: var(--${line.colour});border-top-style:${line.dash ? "dashed" : "solid"}` }), line.name),
      ),
    );
  }
}
