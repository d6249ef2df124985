// Runs Python, NumPy and minigan in a web worker, with Pyodide. lab-config.js says which files it needs, with the
// size and the SHA-256 of each. The worker runs a file only if the file agrees with them.
// A classic worker, because Pyodide calls importScripts.
//
// It posts { loaded, total } in bytes while the files arrive, { starting: true }, { ready: true }, and
// { broken: message } if it cannot start. Then it answers each call.

importScripts("../lab-config.js");
const { files } = MINIGAN_LAB;
const total = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
const stop = new AbortController(); // if one file does not arrive, the others are not needed
let loaded = 0;

// The content of a file, checked. A file that does not agree may be an old one that the browser kept: ask once more.
async function load(name) {
  return (await loadOnce(name, "default")) ?? (await loadOnce(name, "reload")) ?? wrong(name);
}

function wrong(name) {
  throw new Error(`${name} is not the file that belongs to this page: its SHA-256 differs. It was not run. Export the lab again, or check what changed the file.`);
}

// The same, or null if the SHA-256 differs.
async function loadOnce(name, cache) {
  const url = new URL(files[name].url, new URL("..", location.href)); // relative to the page
  let response;
  const chunks = [];
  let arrived = 0;
  try {
    response = await fetch(url, { cache, signal: stop.signal });
    if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      arrived += part.value.length;
      loaded += part.value.length;
      if (!stop.signal.aborted) postMessage({ loaded, total });
    }
  } catch (error) {
    throw new Error(`${url} did not arrive: ${error.message}. Is this computer connected, and does the server run?`);
  }
  const copy = URL.createObjectURL(new Blob(chunks));
  try {
    // This fetch fails if the SHA-256 differs. (crypto.subtle is missing if the page comes from http:// elsewhere.)
    return await (await fetch(copy, { integrity: files[name].integrity })).arrayBuffer();
  } catch {
    loaded -= arrived;
    return null;
  } finally {
    URL.revokeObjectURL(copy);
  }
}

async function start() {
  const names = Object.keys(files);
  const contents = new Map(await Promise.all(names.map(async (name) => [name, await load(name)])));
  postMessage({ starting: true });
  // From here on, whatever Pyodide asks for comes from the files that were checked.
  self.fetch = async (url) => {
    const name = String(url).split("/").pop();
    if (!contents.has(name)) throw new Error(`Pyodide asks for ${url}, which is not in lab-config.js`);
    return new Response(contents.get(name), { headers: { "Content-Type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" } });
  };
  for (const name of ["pyodide.asm.js", "pyodide.js"]) importScripts(URL.createObjectURL(new Blob([contents.get(name)], { type: "text/javascript" })));
  const python = await loadPyodide({ indexURL: new URL("pyodide/", location.href).href, packages: ["numpy"] });
  python.unpackArchive(contents.get("minigan.zip"), "zip");
  contents.clear();
  python.runPython("import sys\nif '.' not in sys.path: sys.path.insert(0, '.')");
  const made = python.runPython("from minigan.lab.experiment import Experiment\nExperiment()");
  postMessage({ ready: true });
  return made;
}

const experiment = start();
experiment.catch((error) => {
  stop.abort();
  postMessage({ broken: String(error.message ?? error) }); // the last message about loading
});

onmessage = async ({ data }) => {
  try {
    postMessage({ id: data.id, answer: (await experiment).call(data.text) });
  } catch (error) {
    postMessage({ id: data.id, failed: `Python in this page failed: ${error.message ?? error}` });
  }
};
