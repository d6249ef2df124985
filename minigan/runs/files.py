"""Write a file completely or not at all, lock a file or a folder, and check a `.npy` header.

A run can be stopped during a save, and a disk can fill up. Neither may destroy the last good
checkpoint. So a new file is written beside the old one and then renamed onto it. A crash cannot
leave a rename half done.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import contextlib
import errno
import math
import os
import re
import shutil
import uuid
from pathlib import Path

import numpy as np

__all__ = ["atomic_write", "check_writable", "locked", "npy_header", "read_at_most"]

LOCK = ".minigan-lock"  # the lock file of a run's folder
TEMPORARY = re.compile(r"\.minigan-[0-9a-f]{32}(\.\w+)?")  # the names that `temporary_path` gives


@contextlib.contextmanager
def atomic_write(path):
    """Give the block a temporary path; rename that file to `path` when the block ends well.

    The temporary path is in the same folder and has `path`'s extension, because writers such as
    Pillow and `np.savez` look at it. If the block raises anything, also Ctrl-C, the temporary file
    is deleted and an older file at `path` does not change. A symbolic link is followed. The
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
    temporary = temporary_path(target.parent, target.suffix)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.stat(target)  # raises for a name that is too long, before anything is written
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
    """Create `folder` if it is missing, check that it can be written, and return it as a Path.

    Call it before a long run. It writes a small file and deletes it, because permission bits do not
    show a full disk or a read-only one.

    Raises NotADirectoryError if `folder` is a file, and another OSError that names `folder` if it
    cannot be created or written.

    >>> import tempfile
    >>> check_writable(Path(tempfile.mkdtemp()) / "runs" / "first").is_dir()
    True
    """
    folder = Path(folder)
    probe = temporary_path(folder)
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


def temporary_path(folder, suffix=""):
    """A new name in `folder` that nobody else uses. `remove_leftovers` knows such names."""
    return folder / f".minigan-{uuid.uuid4().hex}{suffix}"


def remove_leftovers(*folders):
    """Delete the temporary files that killed runs left in these folders. Call it under the lock."""
    for folder in folders:
        with contextlib.suppress(OSError):
            for path in Path(folder).iterdir():
                if TEMPORARY.fullmatch(path.name):
                    path.unlink()


class InUseError(OSError):
    """Another process holds the lock."""


class FolderInUseError(InUseError):
    """Another run holds the lock of the folder."""


class NoLocksError(OSError):
    """The file system has no locks."""


@contextlib.contextmanager
def locked(path, *, wait=True):
    """Hold the lock file `path` during the block. Wait while another process holds it.

    The lock is the operating system's. A process that ends releases it, also after kill -9. The
    file is empty, and is deleted after the block.
    wait: False raises InUseError at once if another process holds the lock.

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
                _wait_for_lock(file) if wait else _lock_at_once(file)
            except (BlockingIOError, PermissionError) as error:
                raise InUseError(
                    error.errno, "another process holds this lock", str(path)
                ) from error
            except OSError as error:
                reason = _cannot("lock this file", path, error)
                raise NoLocksError(reason.errno, reason.strerror, str(path)) from error
            if not _is_at(file, path):
                continue  # its last holder has deleted it, so others no longer see this lock
            try:
                yield path
                return
            finally:
                with contextlib.suppress(OSError):  # Windows does not delete an open file
                    path.unlink()


@contextlib.contextmanager
def locked_folder(folder):
    """Hold the lock of a run's folder during the block.

    Raises FolderInUseError if another run holds it, and another OSError if no file can be made in
    the folder. On a file system without locks, the block runs without one.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(Path(folder) / LOCK, wait=False))
        except InUseError as error:
            raise FolderInUseError(
                f"another run is writing in {folder}: wait for its end, or choose another folder"
            ) from error
        except NoLocksError:
            print(f"{folder} cannot be locked: see that no other run writes in it")
        yield


def in_use(folder):
    """Whether a run holds the lock of the folder."""
    try:
        with locked_folder(folder):
            return False
    except FolderInUseError:
        return True
    except OSError:  # the folder is missing, or cannot be written
        return False


def read_at_most(file, limit):
    """Read a binary file to its end, or at most `limit` bytes, as a bytearray.

    Unlike `file.read(limit)`, it takes memory only for the bytes that arrive.
    """
    content = bytearray()
    while chunk := file.read(min(1 << 20, limit - len(content))):
        content += chunk
    return content


def npy_header(file, size):
    """Read and check the header of a `.npy` file of `size` bytes, from an open binary file.

    Returns (dtype, shape, order, offset), which `np.ndarray` needs to find the array in the file.

    Raises ValueError, which does not name the file, unless the header is valid and its array holds
    numbers, text or times and fills the rest of the file exactly. So a header that claims more than
    the file holds raises an error before any memory is taken.
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


def _lock_at_once(file):
    """Lock an open file, or raise an OSError."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
    """Whether the open file is the one at `path`."""
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
    """Wait until the file's bytes are on the disk. Otherwise the rename may get there first."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder):
    """Write the rename itself to the disk. Windows has no way to do so."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
