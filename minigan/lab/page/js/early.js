// An exported page starts Python here, while the rest of the page is still loading.
if (MINIGAN_LAB.transport === "pyodide") MINIGAN_LAB.worker = new Worker("js/worker.js");
