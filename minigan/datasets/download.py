"""Files from the web: from the first mirror that gives them, whole and unaltered, kept in a cache.

What has come so far is in a file beside the last one, with `.part` added to its name. It outlives a
lost connection and Ctrl-C, and the next attempt asks for the rest only. Nothing has the name of the
file itself before it is complete and its checksum is right.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from minigan.files import check_writable

__all__ = ["cache_folder", "fetch"]

TIMEOUT = 20.0  # seconds without a byte until a mirror is given up
ATTEMPTS = 5  # at one mirror, as long as each of them gets further
CHUNK = 1 << 16  # bytes between two updates of the progress bar


class _MirrorError(Exception):
    """Why a mirror did not give the file. Another may."""


def cache_folder():
    """Where downloads are kept: $MINIGAN_DATA, else $XDG_CACHE_HOME/minigan, else ~/.cache/minigan.

    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, MINIGAN_DATA="data"):
    ...     cache_folder().as_posix()
    'data'
    """
    if os.environ.get("MINIGAN_DATA"):
        return Path(os.environ["MINIGAN_DATA"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "minigan")


def fetch(path, urls, *, sha256=None, begins=b"", hint=""):
    """Download the file `path` unless it is there, and return its path.

    urls: the mirrors, tried in this order.
    sha256: the checksum as 64 hexadecimal digits; None if its publisher gives none.
    begins: the bytes that such a file begins with, which an error page does not.
    hint: what else the user could do, to be added to the error.

    Raises FileNotFoundError if no mirror gives the right file, saying of each why, and where to put
    the file by hand; another OSError, which names the file, if it cannot be written.

    >>> import tempfile
    >>> there, here = Path(tempfile.mkdtemp()) / "cat.npy", Path(tempfile.mkdtemp()) / "cat.npy"
    >>> _ = there.write_text("meow")
    >>> fetch(here, [there.as_uri()]).read_text()
    'meow'
    """
    if path.is_file():
        return path
    check_writable(path.parent)
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        for _ in range(ATTEMPTS):
            before = _size(part)
            try:
                _receive(url, part)
                _check(part, sha256, begins)
                os.replace(part, path)
            except (_MirrorError, FileNotFoundError) as error:
                reason = f"{url}: {error}"
            if path.is_file():  # perhaps from another process, which took the part away
                return path
            # Got further, or threw a bad part away: then it may go better than this time.
            if _size(part) == before:
                break
        reasons.append(reason)
    raise FileNotFoundError(
        f"{path.name} is missing and no mirror gave it ({'; '.join(reasons)}), so get it by other "
        f"means and put it in the folder {path.parent.absolute()}{hint and '; ' + hint}"
    )


def _receive(url, part):
    """Add to `part` what it lacks of the file at `url`."""
    have = _size(part)
    with _open(url, part) as response:
        if response.headers.get_content_type() == "text/html":  # an error, or a log-in to a network
            raise _MirrorError("expected a file, found a web page")
        if response.status != 206:  # 206: the rest, as asked for; else it is the whole file
            have = 0
        length = response.headers["Content-Length"]
        total = have + int(length) if length else None
        try:
            _write(response, part, have, total)
        except OSError as error:
            remedy = "see that its disk has room, or set MINIGAN_DATA to another folder"
            message = f"cannot write this file ({error.strerror or error}); {remedy}"
            raise OSError(error.errno, message, str(part)) from error
    if total is not None and _size(part) != total:
        raise _MirrorError(f"broken off after {_size(part):,} of {total:,} bytes")


def _write(response, part, have, total):
    # Not "ab": should two processes download the file at once, both write the same bytes.
    with open(part, "r+b" if have else "wb") as file, _progress(part.stem, have, total) as bar:
        file.seek(have)
        while chunk := _read(response):
            file.write(chunk)
            if bar is not None:
                bar.update(len(chunk))
        file.flush()
        os.fsync(file.fileno())  # or a power cut might leave the file's name without its bytes


def _open(url, part):
    """The server's answer to a request for what `part` lacks of the file at `url`."""
    import http.client
    import urllib.error
    import urllib.request

    headers = {"User-Agent": "minigan"}  # some servers turn Python's own away
    if _size(part):
        headers["Range"] = f"bytes={_size(part)}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # no such range: the file is shorter, so this is no part of it
            part.unlink()
        raise _MirrorError(error) from error
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(getattr(error, "reason", error)) from error


def _read(response):
    """The next bytes from the network, apart because its failures are not those of the disk."""
    import http.client

    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(error) from error


def _check(part, sha256, begins):
    """Delete `part` if it is not the file that it should be."""
    content = part.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        part.unlink()
        raise _MirrorError(f"expected a file of SHA-256 {sha256}, found {found}")
    if not content.startswith(begins):
        part.unlink()
        start = content[: len(begins)]
        raise _MirrorError(f"expected a file that begins with {begins!r}, found {start!r}")


def _size(path):
    return path.stat().st_size if path.exists() else 0


def _progress(name, have, total):
    """tqdm's bar, which shows on a terminal only; None, within a context, without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return contextlib.nullcontext()
    return tqdm(desc=name, initial=have, total=total, unit="B", unit_scale=True, disable=None)
