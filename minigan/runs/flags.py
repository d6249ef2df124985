"""The command line of a training program. It is checked before any work."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import argparse
import os
import re
import sys
import warnings
from pathlib import Path

from minigan import backend
from minigan.guards.run import check_packages, holds_a_run
from minigan.runs.files import check_writable, in_use

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
    "on_error": "what to do with an image that cannot be read: stop, or skip it",
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
    program,
    description,
    argv=None,
    *,
    data=None,
    data_help="folder of the MNIST files",
    data_required=False,
    **defaults,
):
    """Parse the command line: a flag for each keyword with its default, and the common flags.

    program: the program's file, __file__. Its name gives the default of --out.
    argv: the words of the command line; None for those of the process.
    A tuple gives the choices; its first value is the default. `minigan.seed` is called with --seed.
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
            help=f"{HELP.get(name, '')} (default: {default})".strip(),
        )
    example = Path(program).stem
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
    checkpoint = args.out / "checkpoint.npz"
    there_is_one = os.path.exists(checkpoint)  # Path.exists raises for a path that is too long
    if args.resume and not there_is_one:
        parser.error(f"there is no run to resume in {args.out}: no {checkpoint.name}")
    if there_is_one and not args.resume:
        writing = f"another run is writing in {args.out}"
        parser.error(writing if in_use(args.out) else holds_a_run(args.out))
    try:
        check_packages()
        if args.backend:
            backend.use(args.backend)
        backend.current()  # which MINIGAN_BACKEND may have named
        check_writable(args.out)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        parser.error(str(error))
    backend.seed(args.seed)
    return args


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
    """Call the function. Exit with an error if it cannot use the user's file or folder.

    Each of the settings is the value of a flag of the same name. So where the function's error says
    on_error="skip", the program prints --on_error skip. Warnings are printed as sentences.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        try:
            return function(*args, **settings)
        except (OSError, ValueError, TypeError) as error:
            message = str(error)
            for name in settings:
                message = re.sub(rf'\b{name}="?(\w+)"?', rf"--{name} \1", message)
            raise SystemExit(f"error: {message}") from error
        finally:
            for warning in told:
                print(f"warning: {warning.message}", file=sys.stderr)
