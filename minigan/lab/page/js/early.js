// An exported page starts Python here, while the rest of the page is still loading.
if (MINIGAN_LAB.transport === "pyodide") {
  MINIGAN_LAB.startWorker = () => {
    const worker = new Worker("js/worker.js");
    MINIGAN_LAB.worker = worker;
    // Until the page listens, keep the last message: it says how far Python is.
    worker.onmessage = ({ data }) => (worker.last = data);
    worker.onerror = (event) => (worker.last = { broken: event.message ?? "the worker's file did not arrive" });
  };
  MINIGAN_LAB.startWorker();
}
