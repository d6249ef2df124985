// The two ways to reach the experiment: a server on this computer, or Pyodide in a web worker.
// Both have call(method, args), which returns a promise of the answer, and bye().

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

// The tab's id: a reload goes on with the same experiment. A duplicated tab copies the storage, and would share
// the experiment. So each page holds a lock with its id as long as it lives, and takes another id if that is held.
async function tabId() {
  const make = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  const hold = (id) =>
    new Promise((resolve) => {
      navigator.locks.request(`minigan-tab-${id}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {});
      });
    });
  try {
    let id = sessionStorage.getItem("minigan-tab") ?? make();
    // After a reload, the page before may hold the lock for a moment more.
    for (let attempt = 0; !(await hold(id)); attempt++) {
      if (attempt < 5) await new Promise((resolve) => setTimeout(resolve, 40));
      else id = make();
    }
    sessionStorage.setItem("minigan-tab", id);
    return id;
  } catch {
    return make(); // no storage or no locks: this page is on its own
  }
}

// One call after another, in the order in which the page makes them. So an answer never comes after a later call.
class Calls {
  constructor() {
    this.last = Promise.resolve();
    this.restore = null; // makes the experiment again, if the server no longer has it
  }

  call(method, args = {}) {
    const answer = this.last.then(() => this.attempt(method, args));
    this.last = answer.catch(() => {});
    return answer;
  }

  async attempt(method, args) {
    try {
      return await this.send(method, args);
    } catch (error) {
      if (error.kind !== "gone" || !this.restore) throw error;
      const numbers = await this.restore((...call) => this.send(...call));
      return this.send(method, args.recording in numbers ? { ...args, recording: numbers[args.recording] } : args);
    }
  }

  bye() {}
}

class Server extends Calls {
  constructor() {
    super();
    this.tab = tabId();
    this.tab.then((tab) => (this.name = tab));
  }

  // The page closes: another tab may take its place. With keepalive it is sent even then. (A beacon of Firefox has no
  // origin, and the server refuses it.)
  bye() {
    fetch("./bye", { method: "POST", keepalive: true, body: JSON.stringify({ tab: this.name }) }).catch(() => {});
  }

  async send(method, args) {
    const tab = await this.tab;
    let response;
    try {
      response = await fetch("./call", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ tab, method, args }),
      });
    } catch {
      throw new LabError({
        kind: "unreachable",
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
        kind: response.status === 403 || response.status === 404 ? "unreachable" : "internal",
        message:
          response.status === 403 || response.status === 404
            ? "The server does not know this address. It was probably started again. Open the address that it printed last."
            : `The server answered with an error (${response.status}).`,
      });
    }
    return unpack(answer);
  }
}

class Pyodide extends Calls {
  constructor() {
    super();
    this.waiting = new Map();
    this.next = 0;
  }

  // Resolves when Python runs. Until then, `progress` is called with how far it is. Throws if it cannot start.
  untilRunning(progress) {
    const { worker } = MINIGAN_LAB;
    this.worker = worker;
    return new Promise((resolve, reject) => {
      const stopped = (message) => {
        const error = new LabError({ kind: "unreachable", message });
        reject(error);
        for (const call of this.waiting.values()) call.reject(error);
        this.waiting.clear();
      };
      const hear = (data) => {
        if (data.ready) resolve();
        else if (data.broken) stopped(data.broken);
        else if (data.id === undefined) progress(data);
        else this.answer(data);
      };
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = (event) => {
        event.preventDefault();
        stopped(`Python stopped in this page: ${event.message ?? "unknown error"}. Reload the page.`);
      };
      if (worker.last) hear(worker.last);
    });
  }

  // After a failure: start Python again.
  restart() {
    this.worker.terminate();
    MINIGAN_LAB.startWorker();
  }

  answer({ id, answer, failed }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (failed) reject(new LabError({ kind: "internal", message: failed }));
    else resolve(answer);
  }

  post(text) {
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, text });
    });
  }

  call(method, args = {}) {
    if (method === "lessons") return Promise.resolve(MINIGAN_LAB.lessons); // they can be read while Python loads
    return super.call(method, args);
  }

  async send(method, args) {
    return unpack(JSON.parse(await this.post(JSON.stringify({ method, args }))));
  }
}

// Connect to the experiment.
export function connect() {
  return MINIGAN_LAB.transport === "pyodide" ? new Pyodide() : new Server();
}
