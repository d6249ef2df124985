// Formulas. minigan's docstrings write them in plain text; here they become KaTeX where that is safe.

const SIGNS = [
  [/(-?)1\/m/g, "$1\\tfrac{1}{m}"], [/Σ/g, "\\sum "], [/∇/g, "\\nabla "], [/\blog\b/g, "\\log "],
  [/x̂/g, "\\hat x"], [/ε/g, "\\varepsilon "], [/λ/g, "\\lambda "], [/²/g, "^2"], [/‖([^‖]*)‖/g, "\\lVert $1\\rVert "],
];

// Put text into an element; what looks like a formula becomes KaTeX.
export function algorithmLine(element, text) {
  const start = text.search(/∇|x̂ =/);
  if (start < 0) {
    element.append(text);
    return element;
  }
  const [formula, ...rest] = text.slice(start).split(/(?=, then)/);
  const place = document.createElement("span");
  let tex = formula.trim();
  for (const [sign, by] of SIGNS) tex = tex.replace(sign, by);
  try {
    katex.render(tex, place, { throwOnError: true, strict: false });
  } catch {
    place.textContent = formula;
  }
  element.append(text.slice(0, start).trimEnd(), " ", place, rest.join(""));
  return element;
}

// "y = x Wᵀ + b      x: (N, I)  W: (O, I)" is a formula and a note on the shapes.
export function ruleFormula(text) {
  const [formula, note] = text.split(/ {4,}/);
  const element = document.createElement("p");
  element.className = "rule-formula";
  element.append(formula);
  if (note) {
    const small = document.createElement("small");
    small.textContent = note;
    element.append(small);
  }
  return element;
}
