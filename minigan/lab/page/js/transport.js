// The two ways to reach the experiment: a server on this computer, or Pyodide in a web worker.
// Both have one method, call(method, args), which returns a promise of the answer.

export class LabError extends Error {
  constructor(error) {
    super(error.message);
    Object.assign(this, error); // kind, setting, traceback
  }
}

function unpack(answer) {
  if (answer.error) throw new LabError(answer.error);
  return answer.ok;
}

// The tab's id: a reload goes on with the same experiment.
function tabId() {
  const make = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  try {
    let id = sessionStorage.getItem("minigan-tab");
    // A duplicated tab copies the storage. Then two pages would share one experiment.
    const duplicated = performance.getEntriesByType("navigation")[0]?.type === "navigate" && window.opener;
    if (!id || duplicated) sessionStorage.setItem("minigan-tab", (id = make()));
    return id;
  } catch {
    return make();
  }
}

class Server {
  constructor() {
    this.tab = tabId();
  }

  async call(method, args = {}) {
    let response;
    try {
      response = await fetch("./call", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ tab: this.tab, method, args }),
      });
    } catch {
      throw new LabError({
        kind: "gone",
        message:
          "The lab's server does not answer. It was probably stopped. Start it again with " +
          "`python -m minigan.lab`, and open the address that it prints.",
      });
    }
    let answer;
    try {
      answer = await response.json();
    } catch {
      answer = null;
    }
    if (!answer || (!response.ok && !answer.error)) {
      throw new LabError({
        kind: response.status === 403 || response.status === 404 ? "gone" : "internal",
        message:
          response.status === 403 || response.status === 404
            ? "The server does not know this address. It was probably started again. Open the address that it printed last."
            : `The server answered with an error (${response.status}).`,
      });
    }
    return unpack(answer);
  }
}

class Pyodide {
  constructor(config, progress) {
    this.waiting = new Map();
    this.next = 0;
    this.worker = new Worker(new URL("worker.js", import.meta.url));
    this.worker.onmessage = ({ data }) => {
      if (data.progress) return progress(data.progress);
      const { resolve, reject } = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.failed) reject(new LabError({ kind: "internal", message: data.failed }));
      else resolve(data.answer);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.waiting.values()) {
        reject(new LabError({ kind: "gone", message: `Python stopped in this page: ${event.message ?? "unknown error"}. Reload the page.` }));
      }
      this.waiting.clear();
    };
    const absolute = (path) => new URL(path, location.href).href;
    this.ready = this.post({ start: { pyodide: absolute(config.pyodide), minigan: absolute(config.minigan) } });
    this.ready.catch(() => {});
  }

  post(message) {
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...message });
    });
  }

  async call(method, args = {}) {
    await this.ready;
    return unpack(JSON.parse(await this.post({ text: JSON.stringify({ method, args }) })));
  }
}

// Connect to the experiment. progress(text) reports what is being loaded.
export function connect(progress) {
  const config = globalThis.MINIGAN_LAB ?? { transport: "server" };
  return config.transport === "pyodide" ? new Pyodide(config, progress) : new Server();
}
