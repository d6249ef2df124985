// Runs Python, NumPy and minigan in a web worker, with Pyodide. A classic worker, so that
// importScripts can load Pyodide from a folder or from its public address.

importScripts("../lab-config.js");
const address = (path) => new URL(path, new URL("..", location.href)).href; // relative to the page

async function start() {
  const folder = address(MINIGAN_LAB.pyodide);
  const minigan = address(MINIGAN_LAB.minigan);
  const archive = fetch(minigan).then((response) => {
    if (!response.ok) throw new Error(`${minigan} is missing (${response.status})`);
    return response.arrayBuffer();
  });
  importScripts(`${folder}pyodide.js`);
  const python = await loadPyodide({ indexURL: folder, packages: ["numpy"] });
  python.unpackArchive(await archive, "zip");
  python.runPython("import sys\nif '.' not in sys.path: sys.path.insert(0, '.')");
  return python.runPython("from minigan.lab.experiment import Experiment\nExperiment()");
}

const experiment = start();
experiment.catch(() => {}); // each call reports it

onmessage = async ({ data }) => {
  try {
    postMessage({ id: data.id, answer: (await experiment).call(data.text) });
  } catch (error) {
    postMessage({ id: data.id, failed: `Python in this page failed: ${error.message ?? error}` });
  }
};
