"""`watch`: check a file again whenever it has changed."""

import os
import time

from minigan.exercises.table import EXERCISES

POLL = 0.05  # seconds between two looks at the file
QUIET = 0.2  # seconds without a change, before a check: an editor may write in several steps


def watch(folder, chosen, check, sleep=time.sleep):
    """Check the exercise, or the next one, after each change. Go on to the next when it is solved.

    check: a function of an exercise that prints the result and returns 0 if it is solved. Returns
    when all exercises are solved. Ctrl-C ends it.
    """
    chosen = chosen or folder.next(EXERCISES)
    while chosen is not None:
        print(f"Watching {folder.file(chosen)}. Ctrl-C ends this.", flush=True)
        checked = object()  # what the file was like at the last check
        while checked != (stamp := quiet_stamp(folder.file(chosen), sleep)):
            checked = stamp
            if check(chosen) == 0:
                break
            while checked == stamp_of(folder.file(chosen)):
                sleep(POLL)
        chosen = following(folder, chosen)
    return 0


def following(folder, chosen):
    """The first exercise after this one that is not solved, or the first of all, or None."""
    place = EXERCISES.index(chosen) + 1
    return folder.next([*EXERCISES[place:], *EXERCISES[:place]])


def quiet_stamp(path, sleep):
    """Wait until the file has been there and the same for QUIET seconds. Return its stamp."""
    stamp = stamp_of(path)
    unchanged = 0.0
    while stamp is None or unchanged < QUIET:
        sleep(POLL)
        unchanged += POLL
        if stamp != (now := stamp_of(path)):
            stamp = now
            unchanged = 0.0
    return stamp


def stamp_of(path):
    """What changes when a file is written: its time, size and number. None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
