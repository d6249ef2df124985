// The page starts here. Each file has one job:
//
//   app.js        the state of the page: run, depth, layers, recorded step; one task after another
//   transport.js  calls to Python, on the server or in a web worker
//   address.js    the state as text in the address; storage.js what a tab keeps during a reload
//   restore.js    show a run that an address, a file or a lesson describes; share.js gives it away
//   jump.js       go to a position, or repeat a run: with progress, and a button to stop
//   training.js   play, steps, steps back, a new start
//   stepper.js    the cursor in a recorded step; recording.js is that step
//   controls.js   buttons, tabs and readout; keyboard.js the keys; settings.js the form; drawing.js data by hand
//   messages.js   errors and the dialog; help.js the welcome and the help; loading.js Python on its way
//   lessons.js    the guided tours
//   game.js, algorithm.js, graph.js, line.js     the four depths; bar.js the bar over the last three
//   measures.js, plots.js, arrays.js, inspect.js, formulas.js, source.js     what they draw with
import { App } from "./app.js";

const app = new App();
globalThis.minigan = app; // for the curious, and for the tests
app.started = app.start();
