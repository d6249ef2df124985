"""Download a file to a cache, from the first mirror that gives it complete and unchanged.

The bytes received so far are in a file with `.part` added to the name. They survive a lost
connection and Ctrl-C, and the next attempt asks for the rest only. The file gets its final name
when it is complete and checked. Until then a lock keeps other processes away from the `.part` file.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import contextlib
import hashlib
import os
import re
import socket
import threading
import time
from pathlib import Path

from minigan.runs.files import check_writable, locked

__all__ = ["cache_folder", "fetch", "reading"]

TIMEOUT = 20.0  # after so many seconds without a byte, a mirror is given up
PATIENCE = 60.0  # seconds for a mirror, plus one for each SLOWEST bytes that it sends
SLOWEST = 10_000
MAX_SECONDS = 3 * 3600.0  # for one attempt
MAX_BYTES = 2**30  # in a file
ATTEMPTS = 5  # at one mirror, as long as each attempt gets further
CHUNK = 1 << 16  # bytes between two updates of the progress bar


class _MirrorError(Exception):
    """A mirror did not give the file. Another mirror may give it."""


def cache_folder():
    """The folder of downloads: $MINIGAN_DATA, else $XDG_CACHE_HOME/minigan, else ~/.cache/minigan.

    Raises FileNotFoundError if this needs a home folder and there is none.

    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, MINIGAN_DATA="data"):
    ...     cache_folder().as_posix()
    'data'
    """
    try:
        if os.environ.get("MINIGAN_DATA"):
            return Path(os.environ["MINIGAN_DATA"]).expanduser()
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "minigan")
    except RuntimeError as error:
        raise FileNotFoundError(
            f"there is no folder for downloads ({error}); set the environment variable "
            "MINIGAN_DATA to one, without ~"
        ) from error


@contextlib.contextmanager
def reading(folder):
    """If folder is None, add to a ValueError in the block how to replace a file in the cache."""
    try:
        yield
    except ValueError as error:
        if folder is not None:
            raise
        remedy = "this file is in the cache: delete it, and the next call downloads it again"
        raise ValueError(f"{error}; {remedy}") from error


def fetch(path, urls, *, sha256=None, check=None, hint=""):
    """Download the file `path` unless it exists, and return its path.

    urls: the mirrors, in the order in which they are tried.
    sha256: the checksum as 64 hexadecimal digits, or None if the publisher gives none. Without it a
        broken download starts again, because the rest may belong to another version of the file.
    check: a function of a path, which raises ValueError if the file is not the right one.
    hint: another remedy, which is added to the error.

    If another process is downloading the same file, this one waits for it.

    Limits: a mirror is given up after 20 seconds without a byte, below 10,000 bytes per second on
    average (from the second minute on), above 1 GiB, and after 3 hours.

    Raises FileNotFoundError if no mirror gives the right file. The message says why each mirror
    failed, and where to put the file by hand. Raises another OSError, which names the file, if it
    cannot be written.

    >>> import tempfile
    >>> there, here = Path(tempfile.mkdtemp()) / "cat.npy", Path(tempfile.mkdtemp()) / "cat.npy"
    >>> _ = there.write_text("meow")
    >>> fetch(here, [there.as_uri()]).read_text()
    'meow'
    """
    if path.is_file():
        return path
    check_writable(path.parent)
    with locked(path.with_name(f".{path.name}.lock")):
        return _fetch(path, urls, sha256, check, hint)


def _fetch(path, urls, sha256, check, hint):
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        for _ in range(ATTEMPTS):
            if path.is_file():  # another process wrote it before this one had the lock
                return path
            if sha256 is None:
                part.unlink(missing_ok=True)
            before = _size(part)
            try:
                _receive(url, part)
                _check(part, sha256, check)
                os.replace(part, path)
                return path
            except (_MirrorError, FileNotFoundError) as error:
                reason = f"{url}: {error}"
            # The attempt got further, or deleted a bad part. So another attempt may succeed.
            if _size(part) == before:
                break
        reasons.append(reason)
    if path.is_file():
        return path
    raise FileNotFoundError(
        f"{path.name} is missing and no mirror gave it ({'; '.join(reasons)}), so get it by other "
        f"means and put it in the folder {path.parent.absolute()}{hint and '; ' + hint}"
    )


def _receive(url, part):
    """Append the missing rest of the file at `url` to `part`."""
    with _Watchdog() as watchdog, _open(url, part, watchdog.sockets) as response:
        if response.headers.get_content_type() == "text/html":  # an error or a log-in page
            raise _MirrorError("expected a file, found a web page")
        have = _place_of(response, part)
        total = _total(response, have)
        try:
            _write(response, part, have, total, watchdog)
        except OSError as error:
            remedy = "see that its disk has room, or set MINIGAN_DATA to another folder"
            message = f"cannot write this file ({error.strerror or error}); {remedy}"
            raise OSError(error.errno, message, str(part)) from error
    if total is not None and _size(part) != total:
        raise _MirrorError(f"broken off after {_size(part):,} of {total:,} bytes")


class _Watchdog:
    """Ends a connection that takes too long. (A socket's timeout is for the next byte only.)"""

    def __init__(self):
        self.sockets = []
        self.seconds = PATIENCE  # the time limit of the block
        self.over = False
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def received(self, n):
        self.seconds = min(self.seconds + n / SLOWEST, MAX_SECONDS)

    def _watch(self):
        begun = time.monotonic()
        while (left := begun + self.seconds - time.monotonic()) > 0:
            if self.done.wait(left):
                return
        self.over = True
        while not self.done.wait(0.1):  # repeated, because a redirect opens another socket
            for each in self.sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for a byte

    def __exit__(self, kind, error, traceback):
        self.done.set()
        self.thread.join()
        if self.over and not isinstance(error, KeyboardInterrupt):
            raise _MirrorError(f"sent too little within {self.seconds:.0f} seconds") from error


def _place_of(response, part):
    """Return the position in the file of the first byte of the response."""
    if response.status != 206:  # 206 means the rest of the file; else it is the whole file
        return 0
    sent = response.headers["Content-Range"] or ""
    if not re.match(rf"bytes {_size(part)}-", sent):
        found = f"expected the bytes from {_size(part)} on, found {sent or 'no Content-Range'!r}"
        part.unlink(missing_ok=True)  # so that the next attempt asks for the whole file
        raise _MirrorError(found)
    return _size(part)


def _total(response, have):
    """Return the size of the whole file in bytes, or None if the server does not tell it."""
    length = response.headers["Content-Length"]
    if length is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", length):
        raise _MirrorError(f"expected a number as Content-Length, found {length!r:.80}")
    total = have + int(length)
    if total > MAX_BYTES:
        raise _MirrorError(f"expected at most {MAX_BYTES:,} bytes, found a file of {total:,}")
    return total


def _write(response, part, have, total, watchdog):
    size = have
    with open(part, "r+b" if have else "wb") as file, _progress(part.stem, have, total) as bar:
        file.seek(have)
        while chunk := _read(response):
            watchdog.received(len(chunk))
            size += len(chunk)
            if size > MAX_BYTES:
                file.truncate(0)
                raise _MirrorError(f"expected at most {MAX_BYTES:,} bytes, found more")
            file.write(chunk)
            if bar is not None:
                bar.update(len(chunk))
        file.flush()
        os.fsync(file.fileno())  # without it, a power cut could leave the name without the bytes


def _open(url, part, sockets):
    """Request the missing rest of the file at `url`; return the server's response."""
    import urllib.error
    import urllib.request

    headers = {"User-Agent": "minigan"}  # some servers refuse Python's default
    if _size(part):
        headers["Range"] = f"bytes={_size(part)}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        return _opener(sockets).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # no such range: the file is shorter than `part`
            part.unlink()
        raise _MirrorError(error) from error
    except Exception as error:  # a server can make urllib raise almost anything
        raise _MirrorError(getattr(error, "reason", error) or type(error).__name__) from error


def _opener(sockets):
    """Return an opener of urllib that adds each socket that it opens to `sockets`."""
    import http.client
    import urllib.request

    def noting(connection):
        class Noting(connection):
            def connect(self):
                super().connect()
                sockets.append(self.sock)

        return Noting

    class HTTP(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(noting(http.client.HTTPConnection), request)

    class HTTPS(urllib.request.HTTPSHandler):
        def https_open(self, request):
            return self.do_open(noting(http.client.HTTPSConnection), request)

    return urllib.request.build_opener(HTTP, HTTPS)


def _read(response):
    """Read the next bytes. Separate from writing, because a disk fails for other reasons."""
    import http.client

    try:
        return response.read1(CHUNK)  # `read` would wait for a whole chunk
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(error or type(error).__name__) from error


def _check(part, sha256, check):
    """Delete `part` and raise _MirrorError if it is not the right file."""
    try:
        if sha256 is not None:
            found = _sha256(part)
            if found != sha256:
                raise ValueError(f"expected a file of SHA-256 {sha256}, found {found}")
        if check is not None:
            check(part)
    except ValueError as error:
        part.unlink()
        raise _MirrorError(error) from error


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _size(path):
    return path.stat().st_size if path.exists() else 0


def _progress(name, have, total):
    """Return tqdm's bar, which is silent without a terminal; None, as a context, without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return contextlib.nullcontext()
    return tqdm(desc=name, initial=have, total=total, unit="B", unit_scale=True, disable=None)
