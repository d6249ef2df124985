// Show one value of a recording: its text, or its numbers as a strip, a histogram, points or images.
import { colour, decode, el, prepare, shapeText, short } from "./arrays.js";
import { drawImageGrid } from "./game.js";

export async function details(app, recording, index) {
  if (!recording.details.has(index)) {
    recording.details.set(index, app.api.call("value", { recording: recording.id, value: index, bins: 40, limit: 64 }));
  }
  return recording.details.get(index);
}

// A strip: each number is one cell; blue is positive, orange is negative, and the background is 0.
export function drawStrip(canvas, strip) {
  const [rows, columns] = strip.shape.length === 2 ? strip.shape : [1, strip.data.length];
  canvas.width = columns;
  canvas.height = rows;
  canvas.style.aspectRatio = "auto";
  canvas.style.height = `${Math.max(14, Math.min(150, rows * Math.max(3, Math.min(12, 300 / columns))))}px`;
  let most = 0;
  for (const x of strip.data) if (Number.isFinite(x)) most = Math.max(most, Math.abs(x));
  const middle = colour("heat-middle");
  const plus = d3.interpolateRgb(middle, colour("real"));
  const minus = d3.interpolateRgb(middle, colour("fake"));
  const palette = d3.range(129).map((i) => [d3.color(minus(i / 128)), d3.color(plus(i / 128))]);
  const pixels = new ImageData(columns, rows);
  strip.data.forEach((x, i) => {
    if (Number.isFinite(x)) {
      const c = palette[Math.round(128 * (most ? Math.abs(x) / most : 0))][x < 0 ? 0 : 1];
      pixels.data.set([c.r, c.g, c.b, 255], 4 * i);
    } else pixels.data.set([230, 0, 120, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

// A batch of points in the plane.
export function drawPoints(canvas, points, limit, width, others = null) {
  const context = prepare(canvas, width, width);
  const scale = width / (2 * limit);
  const dot = (data, i, r) => {
    context.beginPath();
    context.arc((data[2 * i] + limit) * scale, (limit - data[2 * i + 1]) * scale, r, 0, 7);
    context.fill();
  };
  if (others) {
    context.fillStyle = colour("line");
    for (let i = 0; i < others.shape[0]; i++) dot(others.data, i, width > 100 ? 1.4 : 0.8);
  }
  context.fillStyle = colour("ink");
  for (let i = 0; i < points.shape[0]; i++) dot(points.data, i, width > 100 ? 2.2 : 1.3);
}

function histogram(h) {
  const [width, height] = [300, 74];
  const x = d3.scaleLinear().domain(d3.extent(h.edges)).range([6, width - 6]);
  const y = d3.scaleLinear().domain([0, d3.max(h.counts) || 1]).range([height - 18, 4]);
  const place = el("div");
  const svg = d3.select(place).append("svg").attr("class", "plot").attr("viewBox", `0 0 ${width} ${height}`);
  svg.selectAll("rect").data(h.counts).join("rect").attr("x", (_, i) => x(h.edges[i]) + 0.4).attr("y", (c) => y(c))
    .attr("width", (_, i) => Math.max(0.6, x(h.edges[i + 1]) - x(h.edges[i]) - 0.8)).attr("height", (c) => y(0) - y(c)).style("fill", "var(--accent)");
  svg.append("g").attr("transform", `translate(0,${height - 18})`).call(d3.axisBottom(x).ticks(4).tickSizeOuter(0).tickFormat((t) => short(t)));
  return place;
}

// Fill `place` with what is known about a value.
export async function inspect(app, recording, index, title, place) {
  const value = recording.values[index];
  place.className = "card inspect";
  place.dataset.value = index;
  const kind = value.shape ? `${value.type} ${shapeText(value.shape)}${value.dtype && value.dtype !== "float32" ? ` ${value.dtype}` : ""}` : value.type;
  const head = el("div", { class: "head" }, el("h2", {}, title), el("span", { class: "note mono" }, kind));
  if (!value.array) {
    const body = el("pre", { class: "mono" }, value.text);
    const items = (value.items ?? []).map((item, i) => {
      const name = value.names[i]; // of a list "[0]", of a dict "['m']", of an object "lr"
      return chip(app, recording, name, item, (it) => inspect(app, recording, it, `${title}${name.startsWith("[") ? "" : "."}${name}`, place));
    });
    place.replaceChildren(head, body, el("div", { class: "values", style: "padding:6px 0 0" }, items));
    return;
  }
  if (!place.querySelector(".stats")) place.replaceChildren(head, el("p", { class: "note" }, "Loading …"));
  let info;
  try {
    info = await details(app, recording, index);
  } catch (error) {
    place.replaceChildren(head, el("p", {}, error.message));
    return;
  }
  if (place.dataset.value !== String(index)) return; // another value was chosen meanwhile
  const stat = (label, number) => el("div", {}, label, el("b", {}, short(number)));
  const parts = [head, el("div", { class: "stats" }, stat("mean", info.mean), stat("std", info.std), stat("smallest", info.min), stat("largest", info.max))];
  if (info.nan || info.infinite) parts.push(el("p", { class: "warning" }, `${info.nan} NaN and ${info.infinite} infinite`));
  const figure = (caption, ...content) => el("figure", {}, el("figcaption", {}, caption), ...content);
  const points = decode(info.points);
  const images = decode(info.images);
  const numbers = info.numbers;
  if (points) {
    const canvas = el("canvas", { class: "points", role: "img", "aria-label": `${title} as points` });
    drawPoints(canvas, points, app.description.limit, 240, decode(app.description.real));
    const { limit } = app.description;
    const outside = d3.range(points.shape[0]).filter((i) => !(Math.abs(points.data[2 * i]) <= limit && Math.abs(points.data[2 * i + 1]) <= limit)).length;
    parts.push(figure(`as points in the plane (grey: real samples)${outside ? `; ${outside} of ${points.shape[0]} are outside the picture` : ""}`, canvas));
  }
  if (images) {
    const canvas = el("canvas", { class: "strip", role: "img", "aria-label": `${title} as images` });
    drawImageGrid(canvas, images);
    parts.push(figure(value.shape[0] > images.shape[0] ? `the first ${images.shape[0]} of ${value.shape[0]} as images` : "as images", canvas));
  }
  if (numbers !== null && numbers !== undefined) {
    const rows = Array.isArray(numbers) ? (Array.isArray(numbers[0]) ? numbers : [numbers]) : [[numbers]];
    const table = el("table", {}, rows.map((row) => el("tr", {}, row.flat(3).map((x) => el("td", {}, short(x))))));
    parts.push(figure("the numbers", el("div", { class: "numbers" }, table)));
  }
  const strip = decode(info.strip);
  if (strip && strip.data.length > 1) {
    const canvas = el("canvas", { class: "strip", role: "img", "aria-label": `${title} as a strip` });
    drawStrip(canvas, strip);
    parts.push(figure(`as a strip: blue is positive, orange is negative${info.thinned ? "; only some rows and columns" : ""}`, canvas));
  }
  const counts = info.histogram?.counts;
  if (counts && strip?.data.length > 8) parts.push(figure(`how often each size occurs${info.thinned ? "; only some of the numbers" : ""}`, histogram(info.histogram)));
  place.replaceChildren(...parts);
}

// A small button that shows a value in few characters.
export function chip(app, recording, name, index, onclick, fresh = false) {
  const value = recording.values[index];
  const button = el("button", { class: `chip${fresh ? " fresh" : ""}`, title: value.text, onclick: () => onclick(index, name) });
  const shape = value.shape ? `${shapeText(value.shape)}${value.mean !== undefined && value.mean !== null ? ` mean ${short(value.mean)}` : ""}` : value.text;
  const single = value.shape && value.shape.length === 0;
  button.append(el("span", {}, el("b", {}, name), " ", single ? short(value.mean) : shape));
  if (value.image === "points" || value.image === "images") {
    const canvas = el("canvas", { role: "img", "aria-label": `${name} as a picture` });
    details(app, recording, index).then((info) => {
      if (info.points) drawPoints(canvas, decode(info.points), app.description.limit, 56);
      else if (info.images) drawImageGrid(canvas, decode(info.images), 4);
      if (info.points || info.images) button.append(canvas);
    }, () => {});
  }
  return button;
}
