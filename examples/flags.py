"""The command lines of the training examples. They are checked before any work; see harness.py."""

import argparse
import inspect
import os
from pathlib import Path

from folder import in_use

import minigan
from minigan import backend
from minigan.runs.files import check_writable

MNIST = Path(__file__).parent / "data" / "mnist"
HELP = {
    "n_epochs": "passes through the data",
    "n_steps": "steps of the discriminator or critic",
    "batch_size": "samples in a minibatch",
    "eps": "batch norm's ε, which is added to the variance",
    "lr": "learning rate",
    "decay_epoch": "epochs after which the learning rate starts to fall, linearly to 0 at the end; "
    "0: it does not fall",
    "b1": "Adam's first decay rate, for the mean gradient",
    "b2": "Adam's second decay rate, for the mean squared gradient",
    "latent_dim": "dimensions of the noise z",
    "n_critic": "critic steps per generator step",
    "clip_value": "bound of the critic's weights",
    "category": "what the images show",
    "size": "pixels per side of an image",
    "channels": "1 for grey, 3 for colour",
    "average": "decay of the running mean of G's weights; samples.png is drawn with this mean, and "
    "samples_last.png with the last weights; 0: no mean",
    "growth": "how the generator enlarges its images",
    "g_lr": "learning rate of the generator",
    "d_lr": "learning rate of the discriminator",
    "penalty_weight": "weight λ of the gradient penalty",
    "sample_interval": "steps between sample grids; the checkpoint is saved with each",
}


def parse_flags(
    description,
    argv=None,
    *,
    data=MNIST,
    data_help="folder of the MNIST files",
    data_required=False,
    **defaults,
):
    """Parse the command line: a flag for each keyword with its default, and the common flags.

    A tuple gives the choices; its first value is the default.
    Exits with an error if --out cannot be written or holds another run, or if a package or a GPU is
    missing.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choices = {name: value for name, value in defaults.items() if type(value) is tuple}
    defaults |= {name: values[0] for name, values in choices.items()}
    for name, default in defaults.items():
        parser.add_argument(
            f"--{name}",
            type=type(default),
            default=default,
            choices=choices.get(name),
            help=f"{HELP[name]} (default: {default})",
        )
    example = Path(inspect.stack(0)[1].filename).stem  # the caller's
    parser.set_defaults(example=example)
    out = Path("runs") / example
    parser.add_argument(
        "--data", type=user_path, default=data, help=data_help, required=data_required
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, noise and shuffling")
    parser.add_argument(
        "--out", type=user_path, default=out, help=f"folder for results (default: {out})"
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--backend", choices=["numpy", "cupy"], default=None, help="default: numpy")
    args = parser.parse_args(argv)
    check_flags(parser, args, **defaults)
    try:
        import matplotlib.figure  # noqa: F401
        import PIL.Image  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        parser.error(f"{error}; install what the examples need: pip install -e '.[examples]'")
    checkpoint = args.out / "checkpoint.npz"
    if args.resume and not os.path.exists(checkpoint):
        parser.error(f"there is no run to resume in {args.out}: no {checkpoint.name}")
    if has_run(args):
        parser.error(f"another run is writing in {args.out}" if in_use(args.out) else has_run(args))
    try:
        if args.backend:
            backend.use(args.backend)
        backend.current()  # which MINIGAN_BACKEND may have named
        check_writable(args.out)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        parser.error(str(error))
    minigan.seed(args.seed)
    return args


def has_run(args):
    """Return a sentence if --out holds a run and --resume is not given; otherwise None."""
    # os.path.exists, because Path.exists raises an error for a path that is too long.
    if os.path.exists(args.out / "checkpoint.npz") and not args.resume:
        return (
            f"{args.out} holds a run already: go on with it by --resume, choose another --out, or "
            "delete that folder"
        )


def user_path(text):
    """Convert a path on the command line. The shell does not expand the ~ in `--out=~/x`."""
    expanded = os.path.expanduser(text)
    if expanded.startswith("~"):
        raise argparse.ArgumentTypeError(
            f"no home folder is known for {text.split('/')[0]}; write the whole path, or ./{text}"
        )
    return Path(expanded)


def check_flags(parser, args, **defaults):
    """Exit with an error if --seed or one of the flags with these defaults is out of range."""
    for name, default in defaults.items():
        value = getattr(args, name)
        least = 1 if type(default) is int else 0
        if name == "batch_size":
            least = 2  # batch norm needs two samples
        if name == "decay_epoch":
            least = 0
        if type(default) is not str and not value >= least:  # nor NaN
            parser.error(f"--{name} must be at least {least}, not {value}")
        if value == float("inf"):
            parser.error(f"--{name} must be finite")
        if name in ("b1", "b2", "average") and value >= 1:
            parser.error(f"--{name} must be less than 1, not {value}")
        if name == "clip_value" and value == 0:
            parser.error("--clip_value must be more than 0")
    if args.seed < 0:
        parser.error(f"--seed must not be negative, and is {args.seed}")


def check_out_file(path):
    """Make the folder of the file --out. Raise OSError if no file can be written there."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file to write, for example inside it")
    check_writable(path.parent)


def read(function, *args, **settings):
    """Call the function. Exit with an error if it cannot use the user's file or folder."""
    try:
        return function(*args, **settings)
    except (OSError, ValueError, TypeError) as error:
        raise SystemExit(f"error: {error}") from error
