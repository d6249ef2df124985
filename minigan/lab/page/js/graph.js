// The third depth: the operations behind the loss, arranged by generation, and the walk back through them.
import { el, reducedMotion, shapeText } from "./arrays.js";
import { RecordingBar } from "./bar.js";
import { ruleFormula } from "./formulas.js";
import { chip, inspect } from "./inspect.js";
import { codeBlock, sourceLink } from "./source.js";

const COLUMN = 124;
const OP = { width: 96, height: 38 };
const LEAF = { width: 92, height: 30 };
const TOP = 34;

const sizeOf = (node) => (node.kind === "op" ? OP : LEAF);

// Give each node a place. A column is a generation. Parameters and constants are leaves, of generation 0, but stand
// in the column of the operation that uses them first, so that their edges are short. Data and noise stand on the left.
export function arrange(nodes) {
  const users = new Map(nodes.map((node) => [node.id, []]));
  for (const node of nodes) for (const input of node.inputs) users.get(input)?.push(node);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = new Map();
  const columns = [];
  for (const node of nodes) {
    let column = node.generation;
    if (node.kind !== "op" && (users.get(node.id).length > 0) && !["data", "noise", "fake"].includes(node.role)) {
      const first = users.get(node.id).filter((user) => user.graph !== 2);
      column = d3.min(first.length ? first : users.get(node.id), (user) => user.generation) ?? 0;
    }
    (columns[column] ??= []).push(node);
    places.set(node.id, { column, y: 0 });
  }
  for (let i = 0; i < columns.length; i++) columns[i] ??= [];
  const near = (node, side) =>
    [...node.inputs.map((id) => byId.get(id)), ...users.get(node.id)].filter((other) => other && (side === 0 || Math.sign(places.get(other.id).column - places.get(node.id).column) !== side));
  // A first order: as the nodes were made. Then move each node towards its neighbours, again and again.
  const settle = (column, side) => {
    const wanted = column.map((node) => {
      // A chain of operations should be straight. So leaves pull little.
      let [sum, weight] = [0, 0];
      for (const other of near(node, side)) {
        const pull = other.kind === "op" ? 10 : 1;
        sum += pull * places.get(other.id).y;
        weight += pull;
      }
      return [node, weight ? sum / weight : places.get(node.id).y];
    });
    // What a backward rule made stands below everything else.
    const lane = (node) => (node.graph === 2 ? 1 : 0);
    wanted.sort((a, b) => lane(a[0]) - lane(b[0]) || a[1] - b[1] || a[0].id - b[0].id);
    // Push apart what overlaps, and keep the middle of each group where it wants to be.
    const groups = [];
    for (const [node, y] of wanted) {
      const height = sizeOf(node).height + 10;
      const weight = node.kind === "op" ? 10 : 1;
      groups.push({ nodes: [node], height, sum: weight * (y - height / 2), count: weight });
      for (let last = groups.length - 1; last > 0; last--) {
        const [a, b] = [groups[last - 1], groups[last]];
        if (a.sum / a.count + a.height <= b.sum / b.count) break;
        a.sum += b.sum - b.count * a.height;
        a.count += b.count;
        a.height += b.height;
        a.nodes.push(...b.nodes);
        groups.pop();
      }
    }
    for (const group of groups) {
      let y = group.sum / group.count;
      for (const node of group.nodes) {
        const height = sizeOf(node).height + 10;
        places.get(node.id).y = y + height / 2;
        y += height;
      }
    }
  };
  columns.forEach((column) => column.forEach((node, i) => (places.get(node.id).y = (i - column.length / 2) * 48 + (node.graph === 2 ? 240 : 0))));
  for (let sweep = 0; sweep < 10; sweep++) {
    const order = d3.range(columns.length);
    if (sweep % 2) order.reverse();
    for (const c of order) settle(columns[c], sweep < 8 ? (sweep % 2 ? -1 : 1) : 0);
  }
  const top = d3.min(nodes, (node) => places.get(node.id).y - sizeOf(node).height / 2);
  const bottom = d3.max(nodes, (node) => places.get(node.id).y + sizeOf(node).height / 2);
  for (const place of places.values()) {
    place.x = 16 + place.column * COLUMN + OP.width / 2;
    place.y += TOP - top;
  }
  return { places, width: columns.length * COLUMN + 20, height: bottom - top + TOP + 16, columns: columns.length };
}

export class Graph {
  constructor(app) {
    this.app = app;
    this.bar = new RecordingBar(app, 3);
    this.scroll = el("div", { class: "graph-scroll", tabindex: "0", "aria-label": "The graph of operations" });
    this.title = el("h2", {});
    this.zoom = el("select", { title: "Size of the graph", "aria-label": "Size of the graph", onchange: () => this.resize() }, ...[["fit", "fit the width"], ["0.6", "60 %"], ["0.8", "80 %"], ["1", "100 %"], ["1.3", "130 %"]].map(([value, text]) => el("option", { value }, text)));
    const key = el("div", { class: "graph-key" });
    key.innerHTML = '<span><i></i>operation</span><span><i class="leaf"></i>leaf</span><span class="d-key"><i class="leaf d"></i>of D</span><span class="g-key"><i class="leaf g"></i>of G</span><span class="has-second"><i class="second"></i>made inside a backward rule</span><span><i class="flow"></i>gradient</span><span>⊕ gradients are added</span>';
    this.key = key;
    this.card = el("section", { class: "card graph-card", id: "graph" }, el("header", {}, this.title, el("span", { class: "spacer" }), this.zoom, key), this.scroll);
    this.rule = el("section", { class: "card", id: "graph-walk" });
    this.inspector = el("section", { class: "card inspect", id: "graph-inspector" });
    this.element = el("div", {}, this.bar.element, this.card, el("div", { class: "columns" }, el("div", {}, this.rule), el("div", {}, this.inspector)));
    new ResizeObserver(() => this.layout && this.resize()).observe(this.card);
  }

  async show() {
    const { app } = this;
    if (this.recording !== app.recording) {
      this.recording = app.recording;
      this.chosen = null;
      this.build();
      this.inspector.replaceChildren(el("h2", {}, "Numbers"), el("p", { class: "note" }, "Press a node of the graph to see its numbers: weights, activations or gradients."));
    }
    this.update();
  }

  build() {
    const { nodes } = this.recording.raw.graph;
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.layout = arrange(nodes);
    const { places, width, height, columns } = this.layout;
    this.scroll.replaceChildren();
    this.svg = d3.select(this.scroll).append("svg").attr("class", "graph-svg").attr("viewBox", `0 0 ${width} ${height}`);
    this.key.querySelector(".has-second").hidden = !nodes.some((node) => node.graph === 2);
    for (let c = 0; c < columns; c++) {
      if (c % 2) this.svg.append("rect").attr("class", "band").attr("x", 16 + c * COLUMN - 14).attr("y", 0).attr("width", COLUMN).attr("height", height);
      this.svg.append("text").attr("class", "generation").attr("x", 16 + c * COLUMN + OP.width / 2).attr("y", 16).attr("text-anchor", "middle").text(c ? (columns > 1 && c === 1 ? "generation 1" : c) : "generation 0");
    }
    const edges = nodes.flatMap((node) => node.inputs.map((input, i) => ({ node, input, i })).filter((edge) => places.has(edge.input)));
    const path = ({ node, input }) => {
      const from = places.get(input);
      const to = places.get(node.id);
      const [a, b] = [sizeOf(this.byId.get(input)), sizeOf(node)];
      if (from.column === to.column) {
        const [x0, x1] = [from.x - a.width / 2, to.x - b.width / 2];
        const bow = Math.min(x0, x1) - 8 - Math.min(8, Math.abs(from.y - to.y) / 12);
        return `M${x0},${from.y}C${bow},${from.y} ${bow},${to.y} ${x1},${to.y}`;
      }
      const [x0, x1] = [from.x + a.width / 2, to.x - b.width / 2];
      const bend = Math.max(14, Math.min(60, (x1 - x0) / 2));
      return `M${x0},${from.y}C${x0 + bend},${from.y} ${x1 - bend},${to.y} ${x1},${to.y}`;
    };
    this.edges = this.svg.append("g").selectAll("path").data(edges).join("path").attr("class", "edge").attr("d", path);
    this.grown = this.svg.append("g");
    const classes = (node) => ["node", node.kind, node.role, node.player, node.graph === 2 ? "second" : "", node.id === this.recording.raw.graph.loss ? "loss" : ""].filter(Boolean).join(" ");
    this.nodeClasses = classes;
    const groups = this.svg.append("g").selectAll("g").data(nodes).join("g")
      .attr("class", classes)
      .attr("data-node", (node) => node.id)
      .attr("tabindex", 0)
      .attr("role", "button")
      .attr("aria-label", (node) => `${node.label}, shape ${shapeText(node.shape)}`)
      .attr("transform", (node) => `translate(${places.get(node.id).x},${places.get(node.id).y})`)
      .on("click", (event, node) => this.choose(node.id))
      .on("keydown", (event, node) => {
        if (event.key !== "Enter" && (event.key !== " " || this.app.playing)) return; // a space pauses
        event.preventDefault(); // or a space would scroll
        this.choose(node.id);
      });
    groups.append("title").text((node) => `${node.label}${/^[DG]\./.test(node.module ?? "") ? ` (${node.module})` : ""}\n${node.formula ?? ""}\nshape ${shapeText(node.shape)}, generation ${node.generation}`);
    groups.append("rect").attr("x", (n) => -sizeOf(n).width / 2).attr("y", (n) => -sizeOf(n).height / 2).attr("width", (n) => sizeOf(n).width).attr("height", (n) => sizeOf(n).height).attr("rx", (n) => (n.kind === "op" ? 7 : 14));
    groups.append("text").attr("text-anchor", "middle").attr("y", -2).text((n) => clip(n.label, n.kind === "op" ? 12 : 13));
    groups.append("text").attr("class", "shape").attr("text-anchor", "middle").attr("y", 11).text((n) => shapeText(n.shape));
    groups.append("text").attr("class", "order").attr("x", (n) => 4 - sizeOf(n).width / 2).attr("y", (n) => -sizeOf(n).height / 2 - 2);
    this.groups = groups;
    this.plus = this.svg.append("g");
    this.resize();
  }

  resize() {
    const room = this.card.clientWidth - 4;
    if (room < 20 || !this.layout) return;
    const { width, height } = this.layout;
    const scale = this.zoom.value === "fit" ? Math.max(0.62, Math.min(1.15, room / width)) : Number(this.zoom.value);
    this.scale = scale;
    this.svg.attr("width", width * scale).attr("height", height * scale);
    this.follow();
  }

  update() {
    const { app, recording } = this;
    if (recording !== app.recording || !this.layout) return;
    const { walks } = recording.raw.graph;
    const moment = (this.moment = recording.moment(app.cursor));
    const { current } = moment;
    // Which edges have carried a gradient, and where gradients were added.
    const flow = new Map();
    const order = new Map();
    const added = new Set();
    const walkNow = current && current.walk >= 0 ? current.walk : moment.visited.findLastIndex((count) => count > 0);
    if (walkNow >= 0) {
      walks[walkNow].steps.slice(0, moment.visited[walkNow]).forEach((step, i) => {
        order.set(step.node, i + 1);
        for (const gradient of step.gradients) {
          if (gradient.value === null) continue;
          flow.set(`${step.node}<${gradient.input}`, current?.walk === walkNow && i === current.step ? "flow now" : "flow");
          if (gradient.added) added.add(gradient.input);
        }
      });
    }
    this.order = order;
    this.groups.attr("aria-pressed", (node) => String(this.chosen === node.id)).attr("class", (node) =>
      [this.nodeClasses(node), moment.made(node) ? "" : "later", order.has(node.id) ? "visited" : "", current?.node === node.id ? "current" : "", this.chosen === node.id ? "chosen" : ""].filter(Boolean).join(" "),
    );
    this.groups.select(".order").text((node) => order.get(node.id) ?? "");
    this.edges.attr("class", ({ node, input }) => ["edge", moment.made(node) ? "made" : "", flow.get(`${node.id}<${input}`) ?? ""].filter(Boolean).join(" "));
    const marks = [...added].filter((id) => this.layout.places.has(id)).map((id) => ({ ...this.layout.places.get(id), ...sizeOf(this.byId.get(id)) }));
    this.plus.selectAll("*").remove();
    this.grown.selectAll("*").remove();
    for (const mark of marks) {
      const g = this.plus.append("g").attr("transform", `translate(${mark.x + mark.width / 2},${mark.y + mark.height / 2 - 2})`);
      g.append("circle").attr("class", "plus").attr("r", 8);
      g.append("text").attr("class", "plus-text").attr("y", 4.5).text("+");
    }
    // From a backward rule to the operations that it made: the second graph grows out of the first.
    for (const node of recording.raw.graph.nodes) {
      const from = this.layout.places.get(node.inside);
      const to = this.layout.places.get(node.id);
      if (!from || !moment.made(node)) continue;
      const bend = (to.y - from.y) / 2;
      this.grown.append("path").attr("class", `grown${node.id === current?.node && current.walk < 0 ? " now" : ""}`).attr("d", `M${from.x},${from.y + OP.height / 2}C${from.x},${from.y + bend} ${to.x},${to.y - bend} ${to.x},${to.y - OP.height / 2}`);
    }
    const forward = recording.raw.graph.nodes.filter((node) => node.kind === "op" && moment.made(node)).length;
    this.title.textContent = current?.walk >= 0 ? `Backwards: ${walks[current.walk].title}` : `${this.way()}: ${forward} operations so far`;
    this.bar.update();
    this.showRule();
    this.follow();
    if (this.chosen !== null) this.showNumbers();
  }

  // Where the current operation is called, if the cursor is not on a rule.
  way() {
    const node = this.byId.get(this.moment.current?.node);
    return node?.graph === 2 ? "Inside a backward rule" : "Forwards";
  }

  // Keep the current node in sight.
  follow() {
    const id = this.moment?.current?.node;
    if (id === undefined || !this.layout) return;
    const place = this.layout.places.get(id);
    if (!place) return;
    const [x, y] = [place.x * this.scale, place.y * this.scale];
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.scroll;
    const behavior = reducedMotion() ? "auto" : "smooth";
    if (x < scrollLeft + 80 || x > scrollLeft + clientWidth - 120) this.scroll.scrollTo({ left: x - clientWidth / 2, behavior });
    if (y < scrollTop + 30 || y > scrollTop + clientHeight - 40) this.scroll.scrollTo({ top: y - clientHeight / 2, behavior });
  }

  // The rule of the current operation: forwards what it made, backwards what it returned.
  async showRule() {
    const { recording, moment, app } = this;
    const { walks } = recording.raw.graph;
    const { current } = moment;
    const token = (this.token = {});
    const show = (value, name) => inspect(app, recording, value, name, this.inspector);
    if (!current) {
      this.rule.replaceChildren(el("h2", {}, "Nothing is computed yet"), el("p", { class: "note" }, "Press Forward. Each press makes one operation. After the loss, each press carries the gradient back through one operation."));
      return;
    }
    const node = this.byId.get(current.node);
    const parts = [];
    const name = (id) => this.byId.get(id)?.label ?? `node ${id}`;
    let lines;
    if (current.walk < 0) {
      parts.push(el("h2", {}, `${this.way()}: ${node.label}`, /^[DG]\./.test(node.module ?? "") ? el("span", { class: "note" }, `  in ${node.module}`) : ""));
      if (node.formula) parts.push(ruleFormula(node.formula));
      const inputs = node.inputs.filter((id) => this.byId.get(id)?.value != null).map((id) => chip(app, recording, name(id), this.byId.get(id).value, show));
      parts.push(el("div", { class: "gradient-list" }, el("div", {}, "takes ", ...inputs), node.value != null ? el("div", {}, "makes ", chip(app, recording, "y", node.value, show, true)) : null));
      if (node.inside !== null && node.inside !== undefined) parts.push(el("p", { class: "note" }, `Made inside the backward rule of ${name(node.inside)}. So this gradient has a graph of its own, and can be differentiated again.`));
      lines = [node.forward_first, node.forward_last];
    } else {
      const walk = walks[current.walk];
      const step = walk.steps[current.step];
      parts.push(el("h2", {}, `Backwards: visit ${current.step + 1} of ${walk.steps.length}, ${node.label}`));
      if (node.formula) parts.push(ruleFormula(node.formula));
      const list = el("div", { class: "gradient-list" });
      if (step.gy !== null && step.gy !== undefined) list.append(el("div", {}, "gy, the gradient of the output: ", chip(app, recording, "gy", step.gy, show)));
      for (const gradient of step.gradients) {
        const line = el("div", {}, `gradient for ${name(gradient.input)}: `);
        if (gradient.value === null) line.append(el("span", { class: "note" }, "not computed, because nothing needs it"));
        else line.append(chip(app, recording, "g", gradient.value, show, true));
        if (gradient.added) line.append(el("b", {}, "⊕ added to the gradient that was there"), gradient.sum != null ? chip(app, recording, "sum", gradient.sum, show) : "");
        list.append(line);
      }
      parts.push(list);
      lines = [node.first, node.last];
    }
    const place = el("div", { style: "margin:10px -16px 0" });
    parts.push(place);
    if (node.file !== null && node.file !== undefined && lines[0]) {
      const { file } = node;
      parts.push(sourceLink(app, file, lines[0], lines[1]));
      codeBlock(app, file, lines[0], lines[1]).then(({ element }) => {
        element.classList.add("short");
        if (this.token === token) place.replaceChildren(element);
      }, () => {});
    }
    const w = current.walk >= 0 ? current.walk : -1;
    if (w >= 0) {
      const order = el("div", { class: "walk-order", "aria-label": "The order of the walk" });
      walks[w].steps.forEach((step, i) => order.append(el("button", { class: i === current.step ? "here" : i < current.step ? "done" : "", onclick: () => app.stepper.moveTo(step.event) }, `${i + 1} ${name(step.node)}`)));
      parts.push(el("h3", { style: "margin-top:12px" }, "The order of the walk: the largest generation first"), order);
      queueMicrotask(() => {
        const now = order.querySelector(".here");
        if (now) order.scrollTop = Math.max(0, now.offsetTop - order.offsetTop - 40);
      });
    }
    this.rule.replaceChildren(...parts);
    if (this.chosen === null) {
      const step = current.walk >= 0 ? walks[current.walk].steps[current.step] : null;
      const gradient = step?.gradients.find((g) => g.value !== null);
      if (gradient) show(gradient.value, `gradient for ${name(gradient.input)}`);
      else if (node.value !== null && node.value !== undefined) show(node.value, `${node.label}: y`);
    }
  }

  choose(id) {
    this.chosen = this.chosen === id ? null : id;
    this.update();
  }

  // The numbers of the chosen node, and its gradient as far as the walk has come.
  async showNumbers() {
    const { recording, app } = this;
    const node = this.byId.get(this.chosen);
    if (!node) return;
    const { walks } = recording.raw.graph;
    let gradient = null;
    walks.forEach((walk, w) => {
      for (const step of walk.steps.slice(0, this.moment.visited[w])) {
        if (step.node === node.id && step.gy != null) gradient = step.gy;
        for (const g of step.gradients) if (g.input === node.id && g.value !== null) gradient = g.sum ?? g.value;
      }
    });
    const value = el("section", {});
    const grad = el("section", {});
    const both = el("div", {}, value, grad);
    this.inspector.className = "card inspect";
    delete this.inspector.dataset.value;
    if (this.shownNode === node.id && this.shownGradient === gradient && this.inspector.querySelector("[data-numbers]")) return;
    this.shownNode = node.id;
    this.shownGradient = gradient;
    both.dataset.numbers = node.id;
    this.inspector.replaceChildren(both);
    const what = node.role === "parameter" ? "weights" : node.kind === "op" ? "output" : node.role;
    if (node.value === null || node.value === undefined || !this.moment.made(node)) value.append(el("h2", {}, node.label), el("p", { class: "note" }, this.moment.made(node) ? "No numbers were kept." : "Not computed yet."));
    else await inspect(app, recording, node.value, `${node.label}: ${what}`, value);
    value.classList.remove("card");
    if (gradient !== null) {
      await inspect(app, recording, gradient, `${node.label}: gradient`, grad);
      grad.classList.remove("card");
      grad.style.marginTop = "14px";
    } else grad.append(el("p", { class: "note" }, "No gradient has come here so far."));
  }
}

const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
