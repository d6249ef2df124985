// Drawing the data by hand.
import { colour, el, prepare } from "./arrays.js";

// The dialog in which the user draws where the data should be. Calls done(strokes), in the plane's coordinates.
export function drawingPad(app, limit, before, done) {
  const canvas = el("canvas", { id: "pad", "aria-label": "Draw here", tabindex: "0" });
  const strokes = before.map((stroke) => stroke.map((p) => [...p]));
  let current = null;
  let side = 300;
  const paint = () => {
    side = Math.max(200, Math.min(520, canvas.parentElement.clientWidth, innerHeight - 260));
    canvas.style.width = `${side}px`;
    const context = prepare(canvas, side, side);
    context.fillStyle = colour("faint");
    context.fillRect(0, 0, side, side);
    context.strokeStyle = colour("real");
    context.lineWidth = 7;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](((x + limit) / (2 * limit)) * side, ((limit - y) / (2 * limit)) * side));
      if (stroke.length === 1) context.lineTo(((stroke[0][0] + limit) / (2 * limit)) * side + 0.1, ((limit - stroke[0][1]) / (2 * limit)) * side);
      context.stroke();
    }
    use.disabled = strokes.length === 0;
    undo.disabled = strokes.length === 0;
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const inside = (v) => Math.max(-0.97 * limit, Math.min(0.97 * limit, v));
    const round = (v) => Math.round(v * 100) / 100;
    return [round(inside(((event.clientX - box.left) / box.width) * 2 * limit - limit)), round(inside(limit - ((event.clientY - box.top) / box.height) * 2 * limit))];
  };
  const count = () => strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  canvas.addEventListener("pointerdown", (event) => {
    if (count() >= 600) return;
    canvas.setPointerCapture(event.pointerId);
    strokes.push((current = [at(event)]));
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || count() >= 600) return;
    const [x, y] = at(event);
    const [px, py] = current[current.length - 1];
    if (Math.hypot(x - px, y - py) > 0.03 * limit) {
      current.push([x, y]);
      paint();
    }
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (current = null));
  const undo = el("button", { type: "button", onclick: () => (strokes.pop(), paint()) }, "Undo");
  const use = el("button", { type: "button", class: "primary", id: "button-use-drawing", onclick: () => done(strokes) }, "Use this drawing");
  app.messages.dialog(
    el("h2", {}, "Draw the data"),
    el("p", {}, "Draw one or more lines. Real samples will lie along them."),
    el("div", { class: "drawing", style: "display:grid;justify-items:center" }, canvas),
    el("div", { class: "actions", style: "display:flex;gap:8px;margin-top:10px" }, use, undo, el("button", { type: "button", onclick: () => ((strokes.length = 0), paint()) }, "Clear")),
  );
  paint();
}
