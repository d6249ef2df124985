"""The experiment: the one object that the page talks to, in JSON.

`Experiment().call(text)` takes {"method": "frame", "args": {...}} and returns {"ok": result} or
{"error": {"kind": ..., "message": ...}}. It is the same object behind the local server and inside
Pyodide. See docs/lab_internals.md for each call.
"""

import base64
import json
import math
import platform
import sys
import time
import traceback

import numpy as np

from minigan.lab import algorithm, arguments, data, lessons, recording, settings, source
from minigan.lab.arguments import MAX_STEPS
from minigan.lab.game import Game
from minigan.lab.moves import parse, to_text
from minigan.lab.picture import LAYERS, Picture
from minigan.lab.problems import DivergedError, LabError, RequestError

MEASURE_EVERY = 50  # steps between two points of the curves of the measures
KEPT_RECORDINGS = 3


class Experiment:
    """A game, its picture and its recordings; one tab of the browser has one.

    >>> json.loads(Experiment().call('{"method": "frame"}'))["ok"]["position"]
    0
    """

    def __init__(self):
        self.game = None
        self.recordings = {}
        self.next_recording = 1
        self.drawing = 0.0  # seconds that the last picture took

    def call(self, text):
        """Carry out one request. Never raises: every error is an answer."""
        try:
            method, args = _read(text)
            if self.game is None and method not in ("hello", "reset"):
                self._start(settings.complete({}))
            answer = {"ok": getattr(self, method)(**args)}
        except LabError as error:
            answer = {"error": {"kind": error.kind, "message": str(error), **error.more}}
        except Exception as error:
            answer = _internal(error)
        return json.dumps(to_json(answer), allow_nan=False, separators=(",", ":"))

    def hello(self):
        """What the page builds its controls from."""
        available = data.mnist_available()
        why = (
            ""
            if available
            else "MNIST's files are not here. The local page shows MNIST once they are downloaded."
        )
        return {
            "native": sys.platform != "emscripten",
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": f"{platform.system()} {platform.machine()}, NumPy {np.__version__}",
            "models": [
                {"id": id, "label": label, "players": _players(id)}
                for id, label in settings.MODELS.items()
            ],
            "data": [
                {
                    "id": id,
                    "label": label,
                    "plane": id != "mnist",
                    "available": available or id != "mnist",
                    "why": why if id == "mnist" else "",
                }
                for id, label in data.LABELS.items()
            ],
            "settings": settings.describe(),
            "defaults": settings.DEFAULTS,
            "defaults_for": settings.DEFAULTS_FOR,
        }

    def reset(self, settings=None):
        """Start anew, at position 0."""
        self._start(_complete(settings or {}))
        return self.describe()

    def describe(self):
        """What does not change during a run, and the frame."""
        game, picture = self.game, self.picture
        model = game.settings["model"]
        return {
            "settings": game.settings,
            "plane": game.data.plane,
            "limit": game.data.limit,
            "real": picture.real if game.data.plane else None,
            "real_images": None if game.data.plane else picture.real_images(),
            "modes": None if game.data.modes is None else game.data.modes.tolist(),
            "std": game.data.std,
            "networks": {player: repr(net) for player, net in game.networks.items()},
            "parameters": {
                player: sum(p.size for p in net.parameters())
                for player, net in game.networks.items()
            },
            "players": _players(model),
            "method": {player: method.__name__ for player, method in game.methods.items()},
            "loss_names": _loss_names(model),
            "report_names": _REPORTS[model],
            "measure_names": picture.measure_names,
            "measure_every": MEASURE_EVERY,
            "history": game.history(),
            **algorithm.algorithm_box(game.trainer),
            "frame": self.frame(),
        }

    def frame(self, layers=LAYERS):
        """The picture at the position."""
        return self._frame(layers)

    def _frame(self, layers, stopped=None, playing=False):
        """The picture. While the game plays, it is coarser and has no digest."""
        started = time.perf_counter()
        game = self.game
        result = {
            "position": game.position,
            "recorded": game.recorded,
            "moves": to_text(game.moves, game.settings["k"]),
            "steps": game.counts(),
            "next": game.next_player(),
            "last": game.moves[game.position - 1] if game.position else None,
            "digest": None if playing else game.digest(),
            "report": game.latest(),
            **self.picture.draw(layers, coarse=playing),
            "warnings": [s for at, s in game.warnings if at <= game.position][-5:],
            "history": game.history(),
            "stopped": stopped,
        }
        self.drawing = time.perf_counter() - started
        return result

    def play(self, milliseconds=60, steps=MAX_STEPS, layers=LAYERS):
        """Train and draw for about so long, at most so many steps. At least half is for training.

        NaN ends it and is told in the frame.
        """
        seconds = milliseconds / 1000
        seconds = max(seconds / 2, seconds - self.drawing)
        started, done, stopped = time.perf_counter(), 0, None
        while done < steps:
            try:
                self._one_step(None)
            except DivergedError as error:
                stopped = {"kind": error.kind, "message": str(error)}
                break
            done += 1
            if time.perf_counter() - started >= seconds:
                break
        return self._frame(layers, stopped, playing=True)

    def step(self, player="next", count=1, layers=LAYERS):
        """One step of a player, or `count` of them."""
        for _ in range(count):
            self._one_step(_player(player))
        return self.frame(layers)

    def back(self, count=1, layers=LAYERS):
        """Back by `count` steps, or to position 0."""
        self.game.go(max(0, self.game.position - count))
        return self.frame(layers)

    def go(self, position=0, layers=LAYERS, milliseconds=None):
        """To a position, forward or back: the frame. With `milliseconds`, see `_on_the_way`."""
        position = arguments.whole(0, self.game.recorded + MAX_STEPS)("position", position)
        end = max(position, self.game.recorded)
        return self._on_the_way(None, end, position, layers, milliseconds)

    def replay(self, moves="", position=0, layers=LAYERS, milliseconds=None):
        """The run of these moves from step 0 of the settings, and to a position in it."""
        game = self.game
        players = parse(moves, game.settings["k"])
        position = arguments.whole(0, len(players))("position", position)
        same = 0
        while same < min(game.recorded, len(players)) and game.moves[same] == players[same]:
            same += 1
        if same < game.recorded:
            game.go(same)
            game.forget_future()
        return self._on_the_way(players, len(players), position, layers, milliseconds)

    def _on_the_way(self, players, end, position, layers, milliseconds):
        """Train to the step `end`, then go to `position`.

        Without `milliseconds`: the frame. With it, for about so long; the page calls again until
        "arrived", so that it can show how far the run is, and the user can stop it.
        """
        game, started = self.game, time.perf_counter()
        seconds = math.inf if milliseconds is None else milliseconds / 1000
        while game.recorded < end or game.position != position:
            goal = end if game.recorded < end else position
            game.jump(min(goal, game.recorded))
            while game.position < goal:
                self._one_step(players and players[game.position])
                if time.perf_counter() - started >= seconds and game.position != position:
                    return {"arrived": False, "position": game.position, "target": goal}
        frame = self.frame(layers)
        if milliseconds is None:
            return frame
        return {"arrived": True, "position": position, "target": position, "frame": frame}

    def curves(self, points=600):
        """Reports and measures of every step that is known, thinned to about `points` each."""
        series = {}
        for n, report in enumerate(self.game.reports, start=1):
            for name, value in report.items():
                xs, ys = series.setdefault(name, ([], []))
                xs.append(n)
                ys.append(value)
        measures = {}
        for n in sorted(self.game.measures):
            if n % MEASURE_EVERY == 0:
                for name, value in self.game.measures[n].items():
                    xs, ys = measures.setdefault(name, ([], []))
                    xs.append(n)
                    ys.append(math.nan if value is None else value)
        return {
            "position": self.game.position,
            "recorded": self.game.recorded,
            "reports": {name: _thinned(*xy, points) for name, xy in series.items()},
            "measures": {name: _thinned(*xy, points) for name, xy in measures.items()},
        }

    def record(self, player="next"):
        """Record the next step line by line, and put everything back."""
        player = _player(player) or self.game.next_player()
        made = recording.record(self.game, player)
        number, self.next_recording = self.next_recording, self.next_recording + 1
        self.recordings[number] = made
        while len(self.recordings) > KEPT_RECORDINGS:
            del self.recordings[min(self.recordings)]
        return {"recording": number, **made.describe()}

    def value(self, recording=0, value=0, bins=40, limit=64):
        """The numbers behind a value of a recording."""
        if recording not in self.recordings:
            raise RequestError("This recording is no longer kept. Record the step again.")
        return self.recordings[recording].value(value, bins, limit)

    def source(self, file=""):
        """One of minigan's files, with its tokens."""
        return source.describe(file)

    def lessons(self):
        """The lessons, in their order."""
        return lessons.LESSONS

    def _start(self, values):
        game = Game(values)
        self.picture = Picture(game)
        self.game, self.recordings = game, {}
        self.picture.measures()

    def _one_step(self, player):
        self.game.step(player)
        if self.game.position % MEASURE_EVERY == 0:
            self.picture.measures()


_complete = settings.complete  # `settings` is an argument's name in `reset`

_REPORTS = {
    "gan": ["d_loss", "D(x)", "D(G(z))", "g_loss"],
    "wgan": ["c_loss", "wasserstein", "g_loss"],
    "wgan_gp": ["c_loss", "wasserstein", "penalty", "gradient norm", "g_loss"],
}


def _players(model):
    return {"D": "discriminator" if model == "gan" else "critic", "G": "generator"}


def _loss_names(model):
    return ["d_loss" if model == "gan" else "c_loss", "g_loss"]


def _player(name):
    """ "D", "G", or None for the one whose turn it is."""
    return None if name == "next" else name


def _thinned(xs, ys, points):
    """At most about `points` points: the means of bins of equally many."""
    x, y = np.array(xs, dtype=np.float64), np.array(ys, dtype=np.float64)
    size = max(1, math.ceil(len(x) / points))
    starts = np.arange(0, len(x), size)
    counts = np.diff(np.append(starts, len(x)))
    return {
        "x": np.round(np.add.reduceat(x, starts) / counts).astype(np.int32),
        "y": (np.add.reduceat(y, starts) / counts).astype(np.float32),
    }


def to_json(value):
    """Plain JSON values: arrays in base64, and None for a number that is not finite."""
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return encode(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def encode(array):
    """An array as {"dtype", "shape", "base64"}: little-endian float32, int32 or uint8."""
    if array.dtype != np.uint8:
        with np.errstate(all="ignore"):
            array = array.astype("<f4" if array.dtype.kind == "f" else "<i4")
    text = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": list(array.shape), "base64": text}


def _read(text):
    """The call that a request names, and its checked arguments."""
    try:
        request = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"The request is not JSON that the lab can read: {error}") from error
    if not isinstance(request, dict):
        raise RequestError("The request must be an object.")
    method = request.get("method")
    return method, arguments.check(method, request.get("args", {}))


def _internal(error):
    message = f"An error in the lab itself: {type(error).__name__}: {error}"
    text = "".join(traceback.format_exception(error))
    return {"error": {"kind": "internal", "message": message, "traceback": text}}
