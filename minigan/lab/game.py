"""The game: two networks, one step at a time, forwards and back, always with the same bits.

Each step draws its data and its noise from a generator that depends on the seed and on the step's
number alone. So the weights and the optimizers' moments are all that a step changes. To go back,
the game loads the nearest earlier snapshot of these and repeats the steps from there.
"""

import hashlib
import math
import statistics
import time
from collections import deque

import numpy as np

import minigan
from minigan import backend, losses, nn, optim
from minigan.lab import data
from minigan.lab.problems import DivergedError
from minigan.metrics.diagnosis import Diagnosis
from minigan.trainers import GAN, WGAN, WGANGP

D, G = "D", "G"
NEAR = 500  # steps behind the position, within which one step back is quick
NEAR_EVERY, FAR_EVERY = 10, 100  # steps between two snapshots, where memory allows
NEAR_BYTES, FAR_BYTES = 80_000_000, 120_000_000  # what the snapshots of each kind may take
STUCK = 50.0  # a loss of D that only answers of exactly 0 or 1 can reach; each costs 100
HUGE = 1e6  # a loss that says that the networks have diverged
TIMED = 20  # steps of each player whose durations are kept
FAR = 10_000  # steps that the far snapshots are planned for


class Game:
    """A trainer with a history.

    position: the number of steps done. A step is one update of one player.
    moves: the player of each step that is known, "D" or "G"; its length is `recorded`. After going
    back, it is longer than the position, and going forward repeats these steps.
    """

    def __init__(self, settings):
        self.settings = settings
        self.data = data.build(settings["data"], settings["drawing"])
        self.trainer = build_trainer(settings, self.data.plane)
        self.networks = {D: _network(self.trainer, D), G: self.trainer.generator}
        self.methods = {D: _method(self.trainer, D), G: self.trainer.generator_step}
        self.position, self.moves = 0, []
        self.reports = []  # what each step returned
        self.warnings = []  # (step, sentence)
        self.measures = {}  # position: dict
        self.diagnosis = self._new_diagnosis()
        self.snapshots = {}
        self.seconds = {D: deque(maxlen=TIMED), G: deque(maxlen=TIMED)}  # of the last steps
        self.snapshot_bytes = _size(self._state())
        self.near_every, self.far_every = intervals(self.snapshot_bytes)
        self._keep_snapshot()

    @property
    def recorded(self):
        return len(self.moves)

    def next_player(self):
        """Whose step comes next: as recorded, else by the schedule: k steps of D, then one of G."""
        if self.position < self.recorded:
            return self.moves[self.position]
        since = 0  # steps of D since the last of G
        for move in reversed(self.moves[-self.settings["k"] :]):
            if move == G:
                break
            since += 1
        return G if since >= self.settings["k"] else D

    def batch(self, number):
        """The real samples, the noise and the ε of step `number`, all float32."""
        rng = np.random.default_rng([self.settings["seed"], 1, number])
        m = self.settings["batch_size"]
        real = self.data.sample(m, rng)
        return real, self.noise(m, rng), rng.random(m, dtype=np.float32)

    def noise(self, m, rng):
        """m draws of z: (m, noise_dim)"""
        shape = (m, self.settings["noise_dim"])
        if self.settings["noise"] == "normal":
            return rng.standard_normal(shape, dtype=np.float32)
        return 2 * rng.random(shape, dtype=np.float32) - 1

    def arguments(self, player, number):
        """What the trainer's method gets in this step."""
        real, z, eps = self.batch(number)
        if player == G:
            return (z,)
        return (real, z, eps) if isinstance(self.trainer, WGANGP) else (real, z)

    def step(self, player=None):
        """Do one step; the player is by the schedule if None. Returns the trainer's report.

        Raises DivergedError if the loss is NaN or infinite; then the position is as before.
        """
        if player is None:
            player = self.next_player()
        if self.position < self.recorded and self.moves[self.position] != player:
            self.forget_future()
        arguments = self.arguments(player, self.position)
        started = time.perf_counter()
        report = self.run(player, arguments)
        self.seconds[player].append(time.perf_counter() - started)
        if self.position == self.recorded:
            self.moves.append(player)
            self.reports.append(report)
            self.position += 1
            self._watch()
        else:
            self.position += 1
        if self.position % self.near_every == 0 or self.position % self.far_every == 0:
            self._keep_snapshot()
        return report

    def run(self, player, arguments):
        """Call the trainer's method. The numbers that overflow are explained by its check."""
        try:
            with np.errstate(all="ignore"):
                return self.methods[player](*arguments)
        except (FloatingPointError, ValueError) as error:
            if isinstance(error, FloatingPointError) or not self.finite():
                reason = str(error).rstrip(".")
                raise DivergedError(
                    f"Step {self.position + 1}, of {player}, has no finite loss: {reason}.",
                    position=self.position,
                ) from error
            raise

    def finite(self):
        """Whether every weight of both networks is finite."""
        with np.errstate(all="ignore"):
            return all(
                np.isfinite(p.data).all()
                for net in self.networks.values()
                for p in net.parameters()
            )

    def go(self, position):
        """Go to a position, forward or back. Forward of what is recorded, it goes on training."""
        self.jump(max(0, position))
        while self.position < position:
            self.step()

    def jump(self, position):
        """Load the snapshot from which the way to a position is shortest, if there is one."""
        near = max(n for n in self.snapshots if n <= position)
        if position < self.position or near > self.position:
            self._load_snapshot(near)

    def forget_future(self):
        """Drop what is recorded beyond the position."""
        n = self.position
        del self.moves[n:], self.reports[n:]
        self.snapshots = {at: state for at, state in self.snapshots.items() if at <= n}
        self.measures = {at: scores for at, scores in self.measures.items() if at <= n}
        self.warnings = [(at, sentence) for at, sentence in self.warnings if at <= n]
        self.diagnosis = self._new_diagnosis()
        for at in range(1, n + 1):
            self._watch(at, keep=False)

    def counts(self):
        """How many steps each player has done."""
        done = self.moves[: self.position]
        return {D: done.count(D), G: done.count(G)}

    def latest(self):
        """The latest report of each player at the position, as one dict."""
        found = {}
        for player in (D, G):
            for n in range(self.position - 1, -1, -1):
                if self.moves[n] == player:
                    found |= self.reports[n]
                    break
                if self.position - n > 2 * self.settings["k"] + 200:
                    break
        return found

    def digest(self):
        """A fingerprint of all weights and moments: equal only if every bit is equal."""
        h = hashlib.blake2b(digest_size=12)
        for array in _arrays(self._state()):
            h.update(np.ascontiguousarray(array).tobytes())
        return h.hexdigest()

    def save(self):
        """The state at the position, for `restore`."""
        return self._state()

    def restore(self, state):
        """Load what `save` returned."""
        for module, values in zip(self.networks.values(), state["networks"], strict=True):
            module.load_state_dict(values)
            module.zero_grad()
        for optimizer, values in zip(self._optimizers(), state["optimizers"], strict=True):
            optimizer.load_state_dict(values)
        self.trainer.steps = state["steps"]

    def history(self):
        """How far back is quick, in numbers and in a sentence.

        The sentence is empty until enough steps were timed: the first ones take longer.
        """
        per_step = self._seconds_of_a_step()
        near, far = self.near_every * per_step, self.far_every * per_step
        used = len(self.snapshots) * self.snapshot_bytes
        sentence = (
            f"One step back takes about {_duration(near)} or less within the last {NEAR} steps, "
            f"and about {_duration(far)} or less further back."
        )
        return {
            "near": NEAR,
            "near_seconds": near,
            "far_seconds": far,
            "bytes": used,
            "limit_bytes": NEAR_BYTES + FAR_BYTES,
            "sentence": sentence if self._timed() >= TIMED else "",
        }

    def _timed(self):
        return sum(len(seconds) for seconds in self.seconds.values())

    def _seconds_of_a_step(self):
        """The mean over the players of the median of each: one slow step does not change it."""
        medians = [statistics.median(seconds) for seconds in self.seconds.values() if seconds]
        return sum(medians) / len(medians) if medians else 0.002

    def _optimizers(self):
        trainer = self.trainer
        ours = trainer.d_optimizer if isinstance(trainer, GAN) else trainer.c_optimizer
        return [ours, trainer.g_optimizer]

    def _state(self):
        return {
            "networks": [module.state_dict() for module in self.networks.values()],
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers()],
            "steps": self.trainer.steps,
        }

    def _keep_snapshot(self):
        n = self.position
        if n not in self.snapshots:
            self.snapshots[n] = self._state()
        near = [at for at in self.snapshots if at % self.far_every]
        allowed = max(1, int(NEAR_BYTES / self.snapshot_bytes))
        for at in near:
            if abs(at - n) > NEAR + self.near_every:
                del self.snapshots[at]
        near = sorted((at for at in near if at in self.snapshots), key=lambda at: abs(at - n))
        for at in near[allowed:]:
            del self.snapshots[at]
        far = [at for at in self.snapshots if at % self.far_every == 0]
        if len(far) * self.snapshot_bytes > FAR_BYTES:
            self.far_every *= 2  # every second one of the far snapshots goes
            for at in far:
                if at % self.far_every and at % self.near_every:
                    del self.snapshots[at]

    def _load_snapshot(self, n):
        self.restore(self.snapshots[n])
        self.position = n

    def _new_diagnosis(self):
        self.in_trouble = False
        return Diagnosis(self.data.sample(500, np.random.default_rng(0)))

    def _watch(self, number=None, keep=True):
        """Let the diagnosis see a step of D, with the report of the step of G before it."""
        number = self.position if number is None else number
        if self.moves[number - 1] != D:
            return
        report = self.reports[number - 1]
        if number > 1 and self.moves[number - 2] == G:
            report = report | self.reports[number - 2]
        found = self.diagnosis.watch(number, report)
        trouble = self._trouble(report)
        if trouble and not self.in_trouble:  # told once
            found.append(f"step {number}: {trouble} Lower the learning rates, and reset.")
            self.in_trouble = True
        if keep:
            self.warnings += [(number, sentence) for sentence in found]

    def _trouble(self, report):
        """A sentence if a learning rate far too large has done its work; "" if not."""
        if report.get("d_loss", 0.0) > STUCK:
            return (
                "stuck. D's answers are exactly 0 or 1, and some are wrong. The sigmoid is flat "
                "there, so no gradient reaches D."
            )
        losses = {name: value for name, value in report.items() if name.endswith("loss")}
        name = max(losses, key=lambda name: abs(losses[name]))
        if abs(losses[name]) > HUGE:
            return f"diverged. {name} is {losses[name]:.1e}: the weights have become very large."
        return ""


def intervals(snapshot_bytes):
    """Steps between two near and between two far snapshots that keep within their memory."""
    near = max(NEAR_EVERY, math.ceil(NEAR * snapshot_bytes / NEAR_BYTES))
    far = max(FAR_EVERY, math.ceil(FAR * snapshot_bytes / FAR_BYTES))
    return near, near * math.ceil(far / near)


def build_trainer(settings, plane):
    """A trainer of minigan, with two networks as the settings say.

    The networks of the plane are ReLU MLPs; those of MNIST have LeakyReLUs, and G ends in a
    Sigmoid, which gives pixels from 0 to 1.
    """
    before = backend.rng().bit_generator.state
    minigan.seed(settings["seed"])
    width = 2 if plane else data.IMAGE**2
    generator = mlp(settings["noise_dim"], settings["width_g"], settings["layers_g"], width, plane)
    player = mlp(width, settings["width_d"], settings["layers_d"], 1, plane)
    backend.rng().bit_generator.state = before
    if not plane:
        generator = nn.Sequential(*generator, nn.Sigmoid())
    lr_g, lr_d, k = settings["lr_g"], settings["lr_d"], settings["k"]
    if settings["model"] == "wgan":
        return WGAN(
            generator,
            player,
            optim.RMSprop(generator.parameters(), lr_g),
            optim.RMSprop(player.parameters(), lr_d),
            clip_value=settings["clip_value"],
            n_critic=k,
        )
    beta2 = 0.999 if settings["model"] == "gan" else 0.9
    betas = (settings["beta1"], beta2)
    if settings["model"] == "gan":
        player = nn.Sequential(*player, nn.Sigmoid())
    g_optimizer = optim.Adam(generator.parameters(), lr_g, betas=betas)
    d_optimizer = optim.Adam(player.parameters(), lr_d, betas=betas)
    if settings["model"] == "wgan_gp":
        weight = settings["penalty_weight"]
        return WGANGP(
            generator, player, g_optimizer, d_optimizer, penalty_weight=weight, n_critic=k
        )
    loss = {
        "non_saturating": losses.non_saturating_generator_loss,
        "minimax": losses.minimax_generator_loss,
    }[settings["generator_loss"]]
    return GAN(generator, player, g_optimizer, d_optimizer, k=k, generator_loss=loss)


def mlp(n_in, width, layers, n_out, plane):
    """Linear layers with an activation after each but the last."""
    chain = []
    for _ in range(layers):
        hidden = nn.Linear(n_in, width)
        if plane:  # He et al. 2015: ReLUs keep this variance, and shrink the default's
            bound = math.sqrt(6 / n_in)
            nn.init.uniform_(hidden.weight, -bound, bound)
        chain += [hidden, nn.ReLU() if plane else nn.LeakyReLU(0.2)]
        n_in = width
    return nn.Sequential(*chain, nn.Linear(n_in, n_out))


def _network(trainer, player):
    if player == G:
        return trainer.generator
    return trainer.discriminator if isinstance(trainer, GAN) else trainer.critic


def _method(trainer, player):
    return trainer.discriminator_step if isinstance(trainer, GAN) else trainer.critic_step


def _arrays(state):
    for module in state["networks"]:
        yield from module.values()
    for optimizer in state["optimizers"]:
        for entry in optimizer["state"].values():
            yield from (np.asarray(value) for value in entry.values())


def _size(state):
    """Bytes of a snapshot, with two moments for each weight even before the first step."""
    weights = sum(a.nbytes for module in state["networks"] for a in module.values())
    return 3 * weights + 4096


def _duration(seconds):
    return f"{seconds:.1f} seconds" if seconds >= 1 else f"{max(0.01, seconds):.2f} seconds"
