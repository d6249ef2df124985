"""Write a file completely or not at all, lock a file, and check the header of a `.npy` file.

A run that is stopped, or a disk that fills up, in the middle of a save must not cost the last good
checkpoint. So a file is written beside its place and then renamed onto it. Renaming is the one way
to replace a file that no crash can leave half done.
"""

import contextlib
import errno
import math
import os
import shutil
import uuid
from pathlib import Path

import numpy as np

__all__ = ["atomic_write", "check_writable", "locked", "npy_header", "read_at_most"]


@contextlib.contextmanager
def atomic_write(path):
    """Lend a temporary path to write to; when the block ends well, put that file at `path`.

    The temporary path is in the same folder and has `path`'s extension, because writers such as
    Pillow or `np.savez` look at it. If anything is raised in the block, Ctrl-C included, it is
    deleted and an older file at `path` stays as it was. A symbolic link is followed, and the
    permissions of an older file are kept.

    Raises OSError, naming `path`, if the folder is missing or cannot be written, the disk is full,
    the name is too long, `path` is a folder or a device, or the block wrote nothing.

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
        with contextlib.suppress(FileNotFoundError):
            os.stat(target)  # a name that is too long fails here, before anything is written
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


@contextlib.contextmanager
def locked(path):
    """Hold the lock file `path` during the block; wait first while another process holds it.

    The lock is the operating system's, so a killed process leaves no lock behind. The file is
    empty, and is deleted after the block.

    Raises OSError, naming `path`, if it cannot be created or its file system has no locks.

    >>> import tempfile
    >>> with locked(Path(tempfile.mkdtemp()) / "run.lock") as path:
    ...     path.exists()
    True
    >>> path.exists()
    False
    """
    path = Path(path)
    while True:
        try:
            file = open(path, "ab")  # noqa: SIM115
        except OSError as error:
            raise _cannot("create this lock", path, error) from error
        with file:
            try:
                _wait_for_lock(file)
            except OSError as error:
                raise _cannot("lock this file", path, error) from error
            if not _is_at(file, path):
                continue  # its last holder has deleted it, so others no longer see this lock
            try:
                yield path
                return
            finally:
                with contextlib.suppress(OSError):  # Windows does not delete an open file
                    path.unlink()


def read_at_most(file, limit):
    """The next bytes of a binary file, up to its end or to `limit` bytes, as a bytearray.

    Unlike `file.read(limit)` it takes memory for what comes only, not for what is asked for.
    """
    content = bytearray()
    while chunk := file.read(min(1 << 20, limit - len(content))):
        content += chunk
    return content


def npy_header(file, size):
    """Read the header of the `.npy` file of `size` bytes that the binary `file` begins with.

    Returns (dtype, shape, order, offset): what `np.ndarray` needs to find the array in the file.

    Raises ValueError, which does not name the file, unless the header is sound, its array holds
    numbers, text or times, and fills the rest of the file exactly. So a header that claims more
    than the file holds is refused before any memory is taken.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, fortran_order, dtype = np.lib.format.read_array_header_2_0(file)
    except Exception as error:  # NumPy parses the header as Python, and that can raise anything
        reason = str(error) or type(error).__name__
        raise ValueError(f"a header that cannot be read: {reason:.200}") from error
    if dtype.hasobject:
        raise ValueError("Python objects. Object arrays cannot be loaded, since that may run code")
    if dtype.kind not in "biufcSUMm":
        raise ValueError(f"elements of the type {dtype}")
    elements = math.prod(n or 1 for n in shape)
    possible = all(type(n) is int and n >= 0 for n in shape) and len(shape) <= 32
    if not possible or elements * max(dtype.itemsize, 1) > np.iinfo(np.intp).max:
        raise ValueError("a header with an impossible shape")
    expected = file.tell() + math.prod(shape) * dtype.itemsize
    if size != expected:
        raise ValueError(f"{size:,} bytes, not the {expected:,} of {dtype} of the shape {shape}")
    return dtype, shape, "F" if fortran_order else "C", file.tell()


def _wait_for_lock(file):
    try:
        import fcntl
    except ImportError:  # Windows, whose locks are tried for ten seconds
        import msvcrt

        while True:
            try:
                return msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno != errno.EDEADLK:
                    raise
    fcntl.flock(file, fcntl.LOCK_EX)


def _is_at(file, path):
    """Is the open file the one at `path`?"""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _cannot(do_what, path, error):
    """An OSError of the same kind as `error` that names `path` and says what to do."""
    reason = error.strerror or error
    remedy = "see that its folder exists, has room and may be written, or choose another"
    if error.errno == errno.ENAMETOOLONG:
        remedy = "choose a shorter one"
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
