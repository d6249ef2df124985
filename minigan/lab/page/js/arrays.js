// Arrays from Python, and numbers and text on the page.

export const $ = (id) => document.getElementById(id);

const KINDS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

// An array of the protocol becomes {data: a typed array, shape}.
export function decode(array) {
  if (!array) return null;
  if (array.data) return array;
  const text = atob(array.base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return { data: new KINDS[array.dtype](bytes.buffer), shape: array.shape };
}

// Three significant digits, in few characters.
export function short(x) {
  if (x === null || x === undefined) return "–";
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x).replace("-", "−");
  const size = Math.abs(x);
  const text = size >= 1e5 || size < 1e-3 ? x.toExponential(1) : String(Number(x.toPrecision(3)));
  return text.replaceAll("-", "−");
}

export const shapeText = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

// Make an element: el("p", {class: "x", onclick: f}, child, "text", ...)
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// The colours of style.css, for the canvases.
let cached = {};
export function colour(name) {
  cached[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return cached[name];
}
export function forgetColours() {
  cached = {};
}

// Size a canvas for its place on the page and for the screen's density. Returns its context, scaled to CSS pixels.
export function prepare(canvas, width, height) {
  const density = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// The part of the window that no bar and no lesson covers, from top to bottom, in pixels.
export function clearing() {
  let [top, bottom] = [0, innerHeight];
  for (const bar of document.querySelectorAll(".controls, .controls .buttons, .recording-bar .moves, .lesson")) {
    const { position } = getComputedStyle(bar);
    const box = bar.getBoundingClientRect();
    if (!box.height || (position !== "fixed" && position !== "sticky")) continue;
    if (position === "fixed") bottom = Math.min(bottom, box.top);
    else if (box.width > 0.8 * innerWidth) top = Math.max(top, box.height + parseFloat(getComputedStyle(bar).top)); // where it sticks
  }
  return { top, bottom };
}

// Scroll the page, if it must be, so that an element begins inside the clearing.
export function bringIntoView(element, room = 8) {
  const { top, bottom } = clearing();
  const box = element.getBoundingClientRect();
  const fits = box.height < bottom - top;
  if (box.top >= top && (fits ? box.bottom <= bottom : box.top < top + 0.3 * (bottom - top))) return;
  scrollBy({ top: box.top - top - (fits && box.height < 60 ? (bottom - top - box.height) / 2 : room), behavior: "instant" });
}
