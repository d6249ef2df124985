"""Files that are either whole or not there: written beside their place, then renamed onto it.

A run that is stopped, or a disk that fills up, in the middle of a save must not cost the last good
checkpoint. Renaming is the one way to replace a file that no crash can leave half done.
"""

import contextlib
import errno
import os
import shutil
import uuid
from pathlib import Path

__all__ = ["atomic_write", "check_writable"]


@contextlib.contextmanager
def atomic_write(path):
    """Lend a temporary path to write to; when the block ends well, put that file at `path`.

    The temporary path is in the same folder and has `path`'s extension, because writers such as
    Pillow or `np.savez` look at it. If anything is raised in the block, Ctrl-C included, it is
    deleted and an older file at `path` stays as it was. A symbolic link is followed, and the
    permissions of an older file are kept.

    Raises OSError, naming `path`, if the folder is missing or cannot be written, the disk is full,
    `path` is a folder or a device, or the block wrote nothing.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "loss.txt") as temporary:
    ...     _ = temporary.write_text("0.693")
    >>> (folder / "loss.txt").read_text()
    '0.693'
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".minigan-{uuid.uuid4().hex}{target.suffix}")
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            raise OSError("there is something at that path which is not a file")
        yield temporary
        if not os.path.exists(temporary):
            raise OSError(
                f"nothing was written to the temporary path {temporary.name}; "
                "did the writer add an extension of its own?"
            )
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        _flush(temporary)
        os.replace(temporary, target)
        _flush_folder(target.parent)
    except OSError as error:
        named = str(error.filename or temporary)
        if not named.startswith((str(temporary), str(target))):
            raise  # about another file, which the block read or wrote
        raise _cannot("write this file", path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def check_writable(folder):
    """Create `folder` if it is missing, and return it as a Path once a file could be written in it.

    Worth calling before a run of an hour, not after it. It writes a small file and deletes it,
    since permission bits alone say nothing of a full disk or of one mounted read-only.

    Raises NotADirectoryError if `folder` is a file, and another OSError that names `folder` if it
    cannot be created or written.

    >>> import tempfile
    >>> check_writable(Path(tempfile.mkdtemp()) / "runs" / "first").is_dir()
    True
    """
    folder = Path(folder)
    probe = folder / f".minigan-{uuid.uuid4().hex}"
    try:
        if os.path.isfile(folder):
            raise NotADirectoryError(errno.ENOTDIR, "it is a file")
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"can this folder be written?")
    except OSError as error:
        raise _cannot("write in this folder", folder, error) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return folder


def _cannot(do_what, path, error):
    """An OSError of the same kind as `error` that names `path` and says what to do."""
    reason = error.strerror or error
    remedy = "see that its folder exists, has room and may be written, or choose another"
    return OSError(error.errno or errno.EIO, f"cannot {do_what} ({reason}); {remedy}", str(path))


def _flush(path):
    """Wait until the file's bytes are on the disk: a rename may reach it before they do."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder):
    """Make the rename itself last, where the system can do so (Windows cannot open a folder)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
