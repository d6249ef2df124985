"""The folder of a run: lock it, and delete the temporary files of killed runs."""

import contextlib
import os
import re
from pathlib import Path

LOCK = ".minigan-lock"
TEMPORARY = re.compile(r"\.minigan-[0-9a-f]{32}(\.\w+)?")  # the names in minigan/files.py


class FolderInUseError(OSError):
    """Another run holds the lock of the folder."""


@contextlib.contextmanager
def locked(folder):
    """Hold the lock of a run's folder inside the block.

    It is a lock of the operating system on a small file. A process that ends releases it, also
    after kill -9. Raises FolderInUseError if another run holds it. Some network file systems have
    no locks. There the block runs without one.
    """
    path = Path(folder) / LOCK
    while True:
        with open(path, "ab") as file:
            try:
                lock(file)
            except (BlockingIOError, PermissionError) as error:
                raise FolderInUseError(
                    f"another run is writing in {folder}: wait for its end, or choose another --out"
                ) from error
            except OSError:
                print(f"{folder} cannot be locked: see that no other run writes in it")
            # The last holder may have deleted this file. Then lock the new one.
            if not is_at(file, path):
                continue
            try:
                yield
            finally:
                with contextlib.suppress(OSError):  # Windows does not delete an open file
                    path.unlink()
            return


def is_at(file, path):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def lock(file):
    """Lock an open file, or raise an OSError at once."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def in_use(folder):
    """Whether a run holds the lock of the folder."""
    try:
        with locked(folder):
            return False
    except FolderInUseError:
        return True
    except OSError:  # the folder is missing, or cannot be written
        return False


def remove_leftovers(*folders):
    """Delete the temporary files that killed runs left in these folders. Call it under the lock."""
    for folder in folders:
        with contextlib.suppress(OSError):
            for path in Path(folder).iterdir():
                if TEMPORARY.fullmatch(path.name):
                    path.unlink()
