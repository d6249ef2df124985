"""The settings of an experiment: their ranges, their defaults, and the check of each."""

from dataclasses import asdict, dataclass
from reprlib import repr  # the same, but not longer than a line

from minigan.lab import data
from minigan.lab.problems import SettingError

MODELS = {"gan": "GAN", "wgan": "WGAN", "wgan_gp": "WGAN-GP"}
LOSSES = {"non_saturating": "−log D(G(z))", "minimax": "log(1 − D(G(z)))"}
NOISES = {"normal": "normal, N(0, 1)", "uniform": "uniform on [−1, 1]"}

DEFAULTS = {
    "model": "gan",
    "data": "ring",
    "generator_loss": "non_saturating",
    "layers_g": 2,
    "width_g": 64,
    "layers_d": 2,
    "width_d": 64,
    "lr_g": 1e-3,
    "lr_d": 3e-3,  # a D that learns faster than G loses fewer modes
    "beta1": 0.5,
    "k": 1,
    "clip_value": 0.1,
    "penalty_weight": 0.1,
    "batch_size": 128,
    "noise_dim": 2,
    "noise": "normal",
    "seed": 0,
    "drawing": [],
}
DEFAULTS_FOR = {  # what differs for a model or a data set; a model's comes first
    "wgan": {"lr_g": 5e-4, "lr_d": 5e-4, "k": 5},
    "wgan_gp": {"lr_g": 2e-3, "lr_d": 2e-3, "k": 2},
    "mnist": {"width_g": 256, "width_d": 256, "lr_g": 2e-4, "lr_d": 2e-4, "noise_dim": 64},
}


@dataclass
class Setting:
    """One setting: how the page labels it, and which values it may have."""

    id: str
    label: str
    kind: str  # "choice", "integer", "number" or "drawing"
    help: str
    min: float | None = None
    max: float | None = None
    choices: list | None = None
    models: tuple = tuple(MODELS)

    def check(self, value):
        """The value as it is used. Raises SettingError, in plain words, if it is out of range."""
        if self.kind == "choice":
            names = [name for name, _ in self.choices]
            if value not in names:
                raise SettingError(self.id, f"{self.label}: choose one of {', '.join(names)}.")
            return value
        if self.kind == "drawing":
            if value != []:  # the other data sets have none
                data.check_drawing(value)
            return value
        what = "a whole number" if self.kind == "integer" else "a number"
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise SettingError(self.id, f"{self.label} must be {what}, not {repr(value)}.")
        if not self.min <= value <= self.max:
            raise SettingError(
                self.id,
                f"{self.label} is {repr(value)}, but it must be from {self.min:g} to {self.max:g}.",
            )
        if self.kind == "integer":
            if value != int(value):
                raise SettingError(self.id, f"{self.label} must be {what}, not {repr(value)}.")
            return int(value)
        return value


def _choice(id, label, choices, help, models=tuple(MODELS)):
    return Setting(id, label, "choice", help, choices=[list(c) for c in choices], models=models)


SETTINGS = [
    _choice("model", "Model", MODELS.items(), "Which algorithm trains the two networks."),
    _choice("data", "Data", data.LABELS.items(), "Where the real samples come from."),
    _choice(
        "generator_loss",
        "Loss of G",
        LOSSES.items(),
        "The paper proposes both. The first is steep where D recognises the fakes.",
        ("gan",),
    ),
    Setting("layers_g", "Hidden layers of G", "integer", "0 makes G a linear map.", 0, 6),
    Setting("width_g", "Width of G", "integer", "Units in each hidden layer of G.", 1, 512),
    Setting("layers_d", "Hidden layers of D", "integer", "0 makes D a linear map.", 0, 6),
    Setting("width_d", "Width of D", "integer", "Units in each hidden layer of D.", 1, 512),
    Setting("lr_g", "Learning rate of G", "number", "How far one step of G goes.", 0, 100),
    Setting("lr_d", "Learning rate of D", "number", "How far one step of D goes.", 0, 100),
    Setting(
        "beta1",
        "β₁ of Adam",
        "number",
        "How much of the previous direction Adam keeps. 0 keeps nothing.",
        0,
        0.999,
        models=("gan", "wgan_gp"),
    ),
    Setting(
        "k",
        "Steps of D to one of G",
        "integer",
        "Called k in the GAN paper and n_critic in the WGAN papers.",
        1,
        100,
    ),
    Setting(
        "clip_value",
        "Clip value c",
        "number",
        "After each step, every weight of the critic is clipped to [−c, c].",
        1e-4,
        10,
        models=("wgan",),
    ),
    Setting(
        "penalty_weight",
        "Penalty weight λ",
        "number",
        "The weight of the gradient penalty in the critic's loss.",
        0,
        1000,
        models=("wgan_gp",),
    ),
    Setting("batch_size", "Batch size", "integer", "Samples in each step.", 2, 1024),
    Setting("noise_dim", "Dimensions of the noise", "integer", "How many numbers G gets.", 1, 256),
    _choice("noise", "Noise", NOISES.items(), "The distribution of z."),
    Setting("seed", "Seed", "integer", "The same seed gives the same run.", 0, 2**31 - 1),
    Setting("drawing", "Drawing", "drawing", "Strokes in the plane, used as the data."),
]


def complete(given):
    """All settings: the given ones checked, the others with their defaults.

    Raises SettingError, which names the setting.
    """
    known = {setting.id: setting for setting in SETTINGS}
    for name in given:
        if name not in known:
            raise SettingError(str(name), f"There is no setting called {repr(name)}.")
    values = dict(DEFAULTS)
    for key in (given.get("model"), given.get("data")):
        if isinstance(key, str):
            values.update(DEFAULTS_FOR.get(key, {}))
    values.update(given)
    for name, setting in known.items():
        values[name] = setting.check(values[name])
    if values["data"] == "drawing":
        data.check_drawing(values["drawing"])
    return values


def describe():
    """The settings as the page needs them to build its controls."""
    return [
        {k: v for k, v in asdict(setting).items() if v is not None}
        | {"default": DEFAULTS[setting.id]}
        for setting in SETTINGS
    ]
