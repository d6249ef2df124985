"""The lab's command.

python -m minigan.lab                      # serve the page on this computer, and open it
python -m minigan.lab --export FOLDER      # write it as a static folder
"""

import argparse
import os
import subprocess
import sys
import webbrowser
from pathlib import Path

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PORT = 8265


def parse_flags(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m minigan.lab",
        description="Step through a GAN's training in the browser, forwards and back.",
    )
    parser.add_argument(
        "--port", type=int, help=f"the server's port (default: {PORT}, or a free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument(
        "--export", type=Path, metavar="FOLDER", help="write the page as a static folder, and exit"
    )
    parser.add_argument(
        "--pyodide",
        type=Path,
        metavar="FOLDER",
        help="with --export: copy Pyodide and its NumPy wheel from this folder into the page",
    )
    args = parser.parse_args(argv)
    if args.port is not None and not 0 <= args.port <= 65535:
        parser.error(f"--port is {args.port}, but it must be from 0 to 65535")
    if args.pyodide and not args.export:
        parser.error("--pyodide needs --export")
    return args


def main(argv=None):
    args = parse_flags(argv)
    try:
        if args.export:
            return export(args)
        if not any(name in os.environ for name in THREADS):
            return with_one_thread(sys.argv[1:] if argv is None else argv)
        return serve(args)
    except KeyboardInterrupt:  # before the server listens, or during an export
        print("\nThe lab has stopped.")
        return 130


def with_one_thread(argv):
    """Start the lab again with one thread for products of matrices.

    They are small. Several threads would wait for each other and for the browser: on a busy
    computer with two cores, a step took 30 times as long. The number can only be set before NumPy
    is imported, and `python -m minigan.lab` has imported it.
    """
    environment = os.environ | dict.fromkeys(THREADS, "1")
    command = [sys.executable, "-m", "minigan.lab", *argv]
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(sys.executable, command, environment)
    try:
        return subprocess.call(command, env=environment)
    except KeyboardInterrupt:
        return 0


def serve(args):
    """Serve the page. Returns the exit status."""
    from minigan.lab import server

    def opened(address):
        print(f"The lab is at {address}\nPress Ctrl-C to stop it.", flush=True)
        if not args.no_browser:
            webbrowser.open(address)

    ports = [PORT, 0] if args.port is None else [args.port]
    for port in ports:
        try:
            server.serve(port, opened)
            return 0
        except OSError as error:
            if port != ports[-1]:
                continue
            print(
                f"The lab cannot listen on port {port}: {error.strerror}. Another program may use "
                "it, perhaps another lab. Choose another one with --port, or leave --port out.",
                file=sys.stderr,
            )
    return 1


def export(args):
    """Write the static folder. Returns the exit status."""
    from minigan.lab import export as exporter

    try:
        exporter.export(args.export, args.pyodide)
    except (OSError, ValueError) as error:
        print(f"The lab was not exported: {error}", file=sys.stderr)
        return 1
    print(f"The lab is in {args.export}. {exporter.how_to_open(args.export)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
