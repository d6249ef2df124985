"""minigan.datasets.npy: it loads plain numbers only, and finds drawings by their category."""

import os
import pickle

import numpy as np
import pytest

from minigan.datasets import npy, quickdraw
from minigan.datasets.npy import load_npy


@pytest.fixture
def drawings():
    return np.random.default_rng(0).integers(0, 256, (5, 784), dtype=np.uint8)


class Exploit:
    """An object that runs a command when it is unpickled."""

    def __reduce__(self):
        return os._exit, (1,)


# --- load_npy ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), ()])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_numbers(tmp_path, shape, order):
    array = np.random.default_rng(0).random(shape).astype(np.float32, order=order)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(load_npy(tmp_path / "a.npy"), array)


def test_objects_are_not_loaded(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([Exploit()]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"a\.npy: .*Python objects.*one uint8 array"):
        load_npy(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"<!DOCTYPE html>", b"\x93NUMP", b"PK\x03\x04", pickle.dumps(Exploit())],
)
def test_other_files(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npy: expected a \.npy file, which begins with"):
        load_npy(path)


def test_every_truncation_is_refused(tmp_path, drawings):
    path = tmp_path / "a.npy"
    np.save(path, drawings)
    content = path.read_bytes()
    for size in [*range(150), len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"a\.npy: expected .* found"):
            load_npy(path)


def test_header_that_claims_much_takes_no_memory(tmp_path):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 784), }\n"
    content = b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + bytes(784)
    (tmp_path / "cat.npy").write_bytes(content)
    for read in (lambda: load_npy(tmp_path / "cat.npy"), lambda: quickdraw("cat", tmp_path)):
        with pytest.raises(ValueError, match=r"cat\.npy: .*bytes, not the 784,000,000,000,0"):
            read()


def test_bytes_behind_the_array_are_not_passed_over(tmp_path, drawings):
    with open(tmp_path / "cat.npy", "wb") as file:
        np.save(file, drawings)
        np.save(file, drawings)
    with pytest.raises(ValueError, match=r"cat\.npy: expected a whole .npy file"):
        quickdraw("cat", tmp_path)


# --- quickdraw ---------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["cat", "The Eiffel Tower", "t-shirt"])
def test_drawings_of_a_folder(tmp_path, drawings, category):
    np.save(tmp_path / f"{category}.npy", drawings)
    found = quickdraw(category, str(tmp_path))
    assert (found.dtype, found.flags.writeable) == (np.uint8, True)
    np.testing.assert_array_equal(found, drawings.reshape(5, 28, 28))


@pytest.fixture
def published(server, tmp_path, drawings, monkeypatch):
    np.save(tmp_path / "drawings.npy", drawings)
    server.files["The Eiffel Tower.npy"] = (tmp_path / "drawings.npy").read_bytes()
    monkeypatch.setattr(npy, "MIRRORS", [server.url("plain_page", ""), server.url("good", "")])


def test_downloaded_once(published, server, cache, drawings):
    for _ in range(2):
        np.testing.assert_array_equal(quickdraw("The Eiffel Tower"), drawings.reshape(5, 28, 28))
    assert [way for way, _ in server.requests] == ["plain_page", "good"]
    assert os.listdir(cache / "quickdraw") == ["The Eiffel Tower.npy"]


@pytest.mark.parametrize("size", [10, 200, -1])
def test_file_that_is_cut_short_does_not_come_into_the_cache(published, server, cache, size):
    """Without a Content-Length, the header of the .npy file shows that bytes are missing."""
    server.raw = b"HTTP/1.1 200 OK\r\n\r\n" + server.files["The Eiffel Tower.npy"][:size]
    npy.MIRRORS[0] = server.url("raw", "")
    quickdraw("The Eiffel Tower")
    assert [way for way, _ in server.requests] == ["raw", "good"]
    assert os.listdir(cache / "quickdraw") == ["The Eiffel Tower.npy"]


def test_bad_file_in_the_cache_is_named_with_the_remedy(published, cache):
    quickdraw("The Eiffel Tower")
    path = cache / "quickdraw" / "The Eiffel Tower.npy"
    for content in (b"", b"<!DOCTYPE html>", path.read_bytes()[:-1]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"{path}: .*in the cache: delete it, and the next"):
            quickdraw("The Eiffel Tower")


def test_folder_that_is_given_is_only_read(published, server, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Tower\.npy: expected this file.*categories\.txt"):
        quickdraw("The Eiffel Tower", tmp_path)
    assert server.requests == []


def test_offline(cache):
    with pytest.raises(FileNotFoundError) as caught:
        quickdraw("The Eiffel Tower")
    sentence = str(caught.value)
    assert sentence.startswith("The Eiffel Tower.npy is missing and no mirror gave it (https://")
    assert "numpy_bitmap/The%20Eiffel%20Tower.npy: there is no network" in sentence
    assert f"put it in the folder {cache / 'quickdraw'}; the categories are listed at" in sentence


@pytest.mark.parametrize("category", ["", "../cat", "/etc/cat", "cat/"])
def test_what_is_no_category(category):
    with pytest.raises(ValueError, match="the name of a category"):
        quickdraw(category)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 28, 28), np.uint8), r"\(N, 784\), found uint8 of \(5, 28, 28\)"),
        (np.zeros((5, 783), np.uint8), r"found uint8 of \(5, 783\)"),
        (np.zeros((5, 784)), r"found float64 of \(5, 784\)"),
    ],
)
def test_other_arrays(tmp_path, array, message):
    np.save(tmp_path / "cat.npy", array)
    with pytest.raises(ValueError, match=rf"cat\.npy: expected uint8 .*{message}"):
        quickdraw("cat", tmp_path)
