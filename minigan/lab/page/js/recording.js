// One recorded step, and a cursor in it. The depths Algorithm, Graph and Line share the cursor.
import { decode } from "./arrays.js";

export const shown = { helpers: false }; // whether the line depth also shows the helpers: see minigan/lab/helpers.py

export class Recording {
  constructor(raw) {
    this.raw = raw;
    this.id = raw.recording;
    this.player = raw.player;
    this.values = raw.values;
    this.call = decode(raw.events.call).data;
    this.line = decode(raw.events.line).data;
    this.kind = decode(raw.events.kind).data;
    this.length = this.call.length;
    const calls = raw.calls.length;
    this.depth = new Int32Array(calls);
    raw.calls.forEach((call, i) => (this.depth[i] = call.parent < 0 ? 0 : this.depth[call.parent] + 1));
    // For each call, the event of its caller before it.
    this.caller = new Int32Array(calls).fill(-1);
    const last = new Int32Array(calls).fill(-1);
    for (let e = 0; e < this.length; e++) {
      const call = this.call[e];
      if (last[call] < 0 && raw.calls[call].parent >= 0) this.caller[call] = last[raw.calls[call].parent];
      last[call] = e;
    }
    this.changes = new Map(raw.changes); // event -> [[name, value], ...]
    this.changesOfCall = Array.from({ length: calls }, () => []);
    for (const [event, pairs] of raw.changes) this.changesOfCall[this.call[Math.min(event, this.length - 1)]].push([event, pairs]);
    this.details = new Map(); // value -> the answer of value()
    this.stops = {
      2: Array.from(decode(raw.algorithm.events).data),
      3: this.graphStops(),
    };
    const all = d3.range(this.length);
    const own = all.filter((e) => !raw.calls[this.call[e]].helper);
    Object.defineProperty(this.stops, 4, { get: () => (shown.helpers ? all : own) });
  }

  graphStops() {
    const { nodes, walks } = this.raw.graph;
    const events = new Set(nodes.filter((node) => node.kind === "op").map((node) => node.event));
    for (const walk of walks) for (const step of walk.steps) events.add(step.event);
    return [...events].sort((a, b) => a - b);
  }

  // The index of the last stop at or before the event; -1 if there is none.
  stopAt(depth, event) {
    return d3.bisectRight(this.stops[depth], event) - 1;
  }

  // Whether the line depth shows this call.
  shows(call) {
    return shown.helpers || !this.raw.calls[call].helper;
  }

  // The event that the line depth shows at an event: the last one before it that is not hidden.
  lineAt(event) {
    return this.stops[4][Math.max(0, this.stopAt(4, event))];
  }

  functionOf(event) {
    return this.raw.functions[this.raw.calls[this.call[event]].function];
  }

  fileOf(event) {
    return this.raw.files[this.functionOf(event).file];
  }

  // The calls that are open at an event, the innermost first: {call, event, line, fn, file}.
  stack(event) {
    const frames = [];
    for (let call = this.call[event], at = event; call >= 0; at = this.caller[call], call = this.raw.calls[call].parent) {
      const fn = this.raw.functions[this.raw.calls[call].function];
      frames.push({ call, event: at, line: at >= 0 ? this.line[at] : fn.first, fn, file: this.raw.files[fn.file] });
    }
    return frames;
  }

  // The local variables of a call at an event: [{name, value, changed}], in the order in which they appeared.
  locals(call, event) {
    const found = new Map();
    for (const [at, pairs] of this.changesOfCall[call]) {
      if (at > event) break;
      for (const [name, value] of pairs) {
        if (value === null) found.delete(name);
        else found.set(name, { name, value, changed: at === event });
      }
    }
    return [...found.values()];
  }

  // The next event in the same function or in its caller: "step over".
  over(event) {
    const depth = this.depth[this.call[event]];
    for (let e = event + 1; e < this.length; e++) if (this.depth[this.call[e]] <= depth && this.shows(this.call[e])) return e;
    return this.length;
  }

  // The event at which the current function returns to its caller: "step out".
  out(event) {
    const depth = this.depth[this.call[event]];
    for (let e = event + 1; e < this.length; e++) if (this.depth[this.call[e]] < depth && this.shows(this.call[e])) return e;
    return this.length;
  }

  // The graph at an event: which nodes exist, and where the walks are.
  moment(event) {
    const { nodes, walks } = this.raw.graph;
    let current = null;
    let newest = -1;
    for (const node of nodes) {
      if (node.kind === "op" && node.event <= event && node.event >= newest) [newest, current] = [node.event, { node: node.id, walk: -1, step: -1 }];
    }
    const visited = walks.map((walk, w) => {
      let count = 0;
      for (const step of walk.steps) {
        if (step.event > event) break;
        if (step.event >= newest) [newest, current] = [step.event, { node: step.node, walk: w, step: count }];
        count++;
      }
      return count;
    });
    return { visited, current, made: (node) => node.event <= event || node.kind !== "op" };
  }
}
