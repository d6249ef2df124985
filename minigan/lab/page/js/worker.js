// Runs Python, NumPy and minigan in a web worker, with Pyodide. A classic worker, so that
// importScripts can load Pyodide from a folder or from its public address.

let experiment = null;

async function start({ pyodide: folder, minigan }) {
  postMessage({ progress: "Loading Python (about 10 MB) …" });
  const archive = fetch(minigan).then((response) => {
    if (!response.ok) throw new Error(`${minigan} is missing (${response.status})`);
    return response.arrayBuffer();
  });
  importScripts(`${folder}pyodide.js`);
  const python = await loadPyodide({ indexURL: folder, packages: ["numpy"] });
  postMessage({ progress: "Loading minigan …" });
  python.unpackArchive(await archive, "zip");
  python.runPython("import sys\nif '.' not in sys.path: sys.path.insert(0, '.')");
  experiment = python.runPython("from minigan.lab.experiment import Experiment\nExperiment()");
}

onmessage = async ({ data }) => {
  try {
    if (data.start) {
      await start(data.start);
      postMessage({ id: data.id, answer: null });
    } else {
      postMessage({ id: data.id, answer: experiment.call(data.text) });
    }
  } catch (error) {
    postMessage({ id: data.id, failed: `Python in this page failed: ${error.message ?? error}` });
  }
};
