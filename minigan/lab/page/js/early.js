// An exported page starts Python here, while the rest of the page is still loading.
if (location.protocol === "file:") {
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("loading").textContent =
      "A browser does not let a page from a file run Python. Let a web server serve this folder: run " +
      "python -m http.server --directory FOLDER, and open the address that it prints.";
  });
} else if (MINIGAN_LAB.transport === "pyodide") {
  MINIGAN_LAB.startWorker = () => {
    const worker = new Worker("js/worker.js");
    MINIGAN_LAB.worker = worker;
    // Until the page listens, keep the last message: it says how far Python is.
    worker.onmessage = ({ data }) => (worker.last = data);
    worker.onerror = (event) => (worker.last = { broken: event.message ?? "the worker's file did not arrive" });
  };
  MINIGAN_LAB.startWorker();
}
