"""minigan.runs.files: a file is complete or does not exist, also if writing it fails."""

import contextlib
import errno
import io
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from minigan.runs.files import (
    TEMPORARY,
    FolderInUseError,
    atomic_write,
    check_writable,
    in_use,
    locked,
    locked_folder,
    npy_header,
    read_at_most,
)


@pytest.fixture
def target(tmp_path):
    """A file that holds b"old" in a folder of its own."""
    path = tmp_path / "run" / "model.npz"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


@contextlib.contextmanager
def read_only(folder):
    """Nothing can be created in `folder`, not even by root, which permission bits do not stop."""
    if os.name != "posix":
        pytest.skip("needs POSIX permissions")
    user, mode = os.geteuid(), folder.stat().st_mode
    folder.chmod(0o500)
    if user == 0:
        os.seteuid(65534)  # nobody
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        folder.chmod(mode)


def only_file_is(path, content):
    return os.listdir(path.parent) == [path.name] and path.read_bytes() == content


def test_replaces_the_file_once_the_block_ends(target):
    with atomic_write(target) as temporary:
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert only_file_is(target, b"new")


def test_creates_a_file_given_as_str(tmp_path):
    path = str(tmp_path / "new.txt")
    with atomic_write(path) as temporary:
        temporary.write_bytes(b"new")
    assert only_file_is(Path(path), b"new")


def test_relative_path_is_fixed_when_the_block_begins(target, tmp_path, monkeypatch):
    monkeypatch.chdir(target.parent)
    with atomic_write("model.npz") as temporary:
        os.chdir(tmp_path)
        temporary.write_bytes(b"new")
    assert only_file_is(target, b"new")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_any_exception_leaves_the_old_file_and_no_other(target, error):
    with pytest.raises(error), atomic_write(target) as temporary:
        temporary.write_bytes(b"half of the n")
        raise error
    assert only_file_is(target, b"old")


def test_exception_before_anything_is_written(target):
    with pytest.raises(ZeroDivisionError), atomic_write(target):
        _ = 1 / 0
    assert only_file_is(target, b"old")


@pytest.mark.parametrize("name", ["a.npz", "a.png", "a.tar.gz", "a", ".hidden", "x" * 250 + ".npz"])
def test_temporary_keeps_the_extension_and_the_folder(tmp_path, name):
    path = tmp_path / name
    with atomic_write(path) as temporary:
        assert (temporary.suffix, temporary.parent) == (path.suffix, path.parent)
        temporary.write_bytes(b"new")
    assert only_file_is(path, b"new")


def test_savez_adds_no_second_extension(target):
    with atomic_write(target) as temporary:
        np.savez(temporary, x=np.arange(3))
    assert os.listdir(target.parent) == ["model.npz"]
    with np.load(target) as file:
        assert file["x"].tolist() == [0, 1, 2]


def test_writer_that_adds_an_extension_is_found_out(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match=r"add an extension.*weights\.bin"), atomic_write(path) as t:
        np.save(t, np.arange(3))
    assert path.read_bytes() == b"old"


def test_symbolic_link_is_followed(target, tmp_path):
    link = tmp_path / "latest.npz"
    link.symlink_to(target)
    with atomic_write(link) as temporary:
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert only_file_is(target, b"new")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions_are_those_of_the_old_file_or_of_a_new_one(target):
    target.chmod(0o640)
    plain = target.with_name("plain")
    plain.write_bytes(b"")
    for path in (target, target.with_name("new")):
        with atomic_write(path) as temporary:
            temporary.write_bytes(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.with_name("new").stat().st_mode == plain.stat().st_mode


def test_full_disk_names_the_file_and_keeps_the_old_one(target):
    resource = pytest.importorskip("resource")  # a limit on the size of files fails as a disk does
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match=r"cannot write this file .*model\.npz") as caught:
            with atomic_write(target) as temporary:
                temporary.write_bytes(bytes(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert only_file_is(target, b"old")


def test_failing_flush_counts_as_a_failing_write(target, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=r"No space left on device.*model\.npz"):
        with atomic_write(target) as temporary:
            temporary.write_bytes(b"new")
    assert only_file_is(target, b"old")


def test_unwritable_folder_names_the_file(target):
    with read_only(target.parent):
        with pytest.raises(PermissionError, match=r"model\.npz"), atomic_write(target) as temporary:
            temporary.write_bytes(b"new")
    assert only_file_is(target, b"old")


def test_missing_folder_names_the_file(tmp_path):
    path = tmp_path / "no" / "model.npz"
    with pytest.raises(FileNotFoundError, match=r"its folder exists.*model\.npz"):
        with atomic_write(path) as temporary:
            temporary.write_bytes(b"new")


@pytest.mark.parametrize("path", [".", os.devnull])
def test_folder_or_device_is_refused_before_the_block_runs(path):
    with pytest.raises(OSError, match="not a file"), atomic_write(path):
        pytest.fail("the block ran")
    assert os.path.exists(path)


def test_error_about_another_file_passes_unchanged(target, tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_write(target):
        (tmp_path / "input.csv").read_bytes()
    assert caught.value.filename == str(tmp_path / "input.csv")
    assert only_file_is(target, b"old")


def test_check_writable_creates_the_folder_and_leaves_it_empty(tmp_path):
    folder = check_writable(str(tmp_path / "runs" / "a"))
    assert folder == tmp_path / "runs" / "a"
    assert os.listdir(folder) == []
    assert check_writable(folder) == folder


def test_check_writable_refuses_a_file(target):
    with pytest.raises(NotADirectoryError, match=r"it is a file.*model\.npz"):
        check_writable(target)
    with pytest.raises(NotADirectoryError, match=r"choose another.*model\.npz.deeper"):
        check_writable(target / "deeper")
    assert only_file_is(target, b"old")


def test_check_writable_refuses_a_read_only_folder(tmp_path):
    for folder in (tmp_path, tmp_path / "new"):
        with read_only(tmp_path), pytest.raises(PermissionError, match="may be written") as caught:
            check_writable(folder)
        assert caught.value.filename == str(folder)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".npz", "x" * 5000, "d/" * 3000 + "x"])
def test_path_that_is_too_long_is_one_sentence_before_anything_is_written(tmp_path, name):
    with pytest.raises(OSError, match=r"cannot write this file \(.*\); choose a shorter one: .*x"):
        with atomic_write(tmp_path / name):
            pytest.fail("the block ran")
    for make in (check_writable, lambda path: locked(path).__enter__()):
        with pytest.raises(OSError, match="choose a shorter one"):
            make(tmp_path / name)


# --- locks ---------------------------------------------------------------------------------------


def test_one_block_at_a_time_holds_a_lock(tmp_path):
    path, inside, most = tmp_path / "lock", [], []

    def hold(i):
        for _ in range(20):
            with locked(path):
                inside.append(i)
                most.append(len(inside))
                os.stat(path)
                inside.remove(i)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(8)))
    assert (max(most), len(most)) == (1, 160)
    assert os.listdir(tmp_path) == []


def test_killed_process_leaves_no_lock_behind(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys; from minigan.runs.files import locked; lock = locked(sys.argv[1]);"
        "lock.__enter__(); print('held', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline().strip() == b"held"
    process.kill()
    process.communicate()
    assert path.exists()
    with locked(path):
        pass
    assert os.listdir(tmp_path) == []


def test_lock_is_given_back_after_an_exception(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), locked(tmp_path / "lock"):
            raise KeyboardInterrupt


def test_lock_that_cannot_be_created_names_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot create this lock .*no.lock"):
        with locked(tmp_path / "no" / "lock"):
            pytest.fail("the block ran")


# --- headers -------------------------------------------------------------------------------------


def npy(header, content=b""):
    """A .npy file with any text as its header."""
    header = header if isinstance(header, bytes) else header.encode()
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + content


def described(shape, descr="'|u1'", order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def read_header(content):
    return npy_header(io.BytesIO(content), len(content))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 4)])
@pytest.mark.parametrize("dtype", ["u1", "<f4", ">f8", "?", "<c16", "S3", "<U2", "<M8[s]"])
def test_header_says_where_the_array_is(shape, dtype, order):
    array = np.arange(6).astype(dtype)
    array = np.array(np.resize(array, shape), order=order)
    file = io.BytesIO()
    np.save(file, array)
    dtype, shape, order, offset = read_header(file.getvalue())
    found = np.ndarray(shape, dtype, file.getvalue(), offset, order=order)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


HEADERS = [
    "",
    "(" * 5000,
    "-" * 9000 + "1",
    "[" * 190 + "]" * 190,
    "'" * 3,
    "{'descr': '|u1'",
    "x" * 20_000,
    b"\xff\0\x80",
    "{}",
    "5L",
    "__import__('os').abort()",
    described("(10**12,)"),
    described("(1000000000000,)"),
    described("(5, 784L)"),
    described("(-1,)"),
    described("(-2, -2)"),
    described("(True, 4)"),
    described("(4.0,)"),
    described("4"),
    described("[4]"),
    described("None"),
    described(f"({'9' * 4000},)"),
    described(f"({'9' * 4000}, {'9' * 4000})"),
    described("(0, 4611686018427387904, 4611686018427387904)"),
    described(f"({'1, ' * 70})"),
    described("(4,)", "'|O'"),
    described("(4,)", "'(2,)u2'"),
    described("(4,)", "'u1,u1'"),
    described("(4,)", "[('x', 'u1')]"),
    described("(4,)", "'|V1'"),
    described("(4,)", "'nonsense'"),
    described("(4,)", "4"),
    described("(4,)", "None"),
    described("(4,)", "'S9999999999'"),
    described("(4,)", order="1"),
    described("(3,)"),
    described("(5,)"),
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: repr(header[:50]))
def test_headers_that_are_refused(header):
    with pytest.raises(
        ValueError, match=r"a header|Python objects|elements of the type|bytes, not"
    ):
        read_header(npy(header, bytes(4)))


def test_any_mutation_of_a_header_is_read_alike_or_refused():
    rng = np.random.default_rng(0)
    whole = npy(described("(2, 3)", "'<i2'").strip().ljust(117) + "\n", bytes(12))
    read = 0
    for _ in range(2000):
        content = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            at = rng.integers(0, len(whole))
            content[at : at + rng.integers(0, 3)] = rng.bytes(rng.integers(0, 3))
        try:
            dtype, shape, _, offset = read_header(bytes(content))
        except ValueError:
            continue
        read += 1
        assert np.ndarray(shape, dtype, bytes(content), offset).nbytes == len(content) - offset
    assert 0 < read < 2000


@pytest.mark.parametrize("limit", [0, 1, 10, 3_000_000, 10**15])
def test_no_more_is_read_than_asked_for(limit):
    content = np.random.default_rng(0).bytes(2_500_000)
    assert read_at_most(io.BytesIO(content), limit) == content[:limit]


# --- the folder of a run ---------------------------------------------------------------------


def test_a_killed_run_leaves_its_folder_free(tmp_path):
    code = f"""
import sys
from minigan.runs.files import locked_folder
with locked_folder({str(tmp_path)!r}):
    print("locked", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"locked\n"
        assert in_use(tmp_path)
        process.kill()
        process.wait()
    assert not in_use(tmp_path)
    with locked_folder(tmp_path):
        pass
    assert os.listdir(tmp_path) == []


def test_of_many_runs_at_once_one_holds_the_folder(tmp_path):
    inside, most, held = [0], [0], []
    guard = threading.Lock()

    def work():
        for _ in range(200):
            with contextlib.suppress(FolderInUseError):
                with locked_folder(tmp_path):
                    with guard:
                        inside[0] += 1
                        most[0] = max(most[0], inside[0])
                        held.append(True)
                    with guard:
                        inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] and held and os.listdir(tmp_path) == []


def test_names_of_leftovers_are_those_of_the_atomic_writes(tmp_path):
    for name in ("checkpoint.npz", "losses.csv", "000005.png", "README"):
        with atomic_write(tmp_path / name) as temporary:
            assert TEMPORARY.fullmatch(temporary.name)
            temporary.write_bytes(b"")
