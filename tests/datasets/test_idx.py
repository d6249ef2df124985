"""minigan.datasets.idx: reads the correct bytes, from a folder or from the web."""

import gzip
import hashlib
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from minigan.datasets import fashion_mnist, idx, mnist

EMBEDDED = Path(__file__).parents[2] / "examples" / "data" / "mnist"
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def idx_bytes(array):
    """The idx file of a uint8 array."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def small(tmp_path):
    """A folder with a training set of five images, not gzipped, and the arrays in it."""
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    labels = np.arange(5, dtype=np.uint8)
    (tmp_path / IMAGES).write_bytes(idx_bytes(images))
    (tmp_path / LABELS).write_bytes(idx_bytes(labels))
    return tmp_path, images, labels


# --- mnist -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHA256)
def test_embedded_files_are_the_published_ones(name):
    content = gzip.decompress((EMBEDDED / f"{name}.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == SHA256[name]
    assert SHA256[name] in (EMBEDDED / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("train", "n"), [(True, 60_000), (False, 10_000)])
def test_embedded_set(train, n):
    images, labels = mnist(EMBEDDED, train=train)
    assert (images.dtype, images.shape) == (np.uint8, (n, 28, 28))
    assert (labels.dtype, labels.shape) == (np.uint8, (n,))
    assert (images.min(), images.max(), set(labels.tolist())) == (0, 255, set(range(10)))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_gzipped_or_not_whatever_the_name(small, packed, suffix):
    folder, images, labels = small
    content = (folder / IMAGES).read_bytes()
    (folder / IMAGES).unlink()
    (folder / (IMAGES + suffix)).write_bytes(gzip.compress(content) if packed else content)
    found_images, found_labels = mnist(str(folder))
    assert (found_images == images).all()
    assert (found_labels == labels).all()
    found_images[0] = 0  # can be written to


@pytest.mark.parametrize("missing", [IMAGES, LABELS])
def test_missing_file(small, missing):
    folder = small[0]
    (folder / missing).unlink()
    with pytest.raises(FileNotFoundError, match=f"{missing}: expected this file, or .*gz"):
        mnist(folder)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_every_truncation_is_refused(small, name, packed):
    folder = small[0]
    content = (folder / name).read_bytes()
    content = gzip.compress(content) if packed else content
    for size in [*range(40), *range(40, len(content), 97), len(content) - 1]:
        if size >= len(content):
            continue
        (folder / name).write_bytes(content[:size])
        with pytest.raises(ValueError, match=f"{name}: expected .* found"):
            mnist(folder)


def test_flipped_byte_in_a_gzip_file(small):
    folder = small[0]
    content = bytearray(gzip.compress((folder / IMAGES).read_bytes()))
    content[len(content) // 2] ^= 4
    (folder / IMAGES).write_bytes(content)
    with pytest.raises(ValueError, match=f"{IMAGES}: expected a whole gzip file"):
        mnist(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html>", r"begins with b'\\x00\\x00\\x08\\x03', found b'<!DO'"),
        (idx_bytes(np.zeros(5, np.uint8)), r"3 dimensions.* found b'\\x00\\x00\\x08\\x01'"),
        (idx_bytes(np.zeros((5, 28, 28), np.uint8)) + b"\0", "expected 3936 bytes .* found 3937"),
        (idx_bytes(np.zeros((5, 32, 30), np.uint8)), "expected images of 28×28, found 32×30"),
    ],
)
def test_wrong_content(small, content, message):
    folder = small[0]
    (folder / IMAGES).write_bytes(content)
    with pytest.raises(ValueError, match=f"{IMAGES}: .*{message}"):
        mnist(folder)


def test_as_many_labels_as_images(small):
    folder = small[0]
    (folder / LABELS).write_bytes(idx_bytes(np.zeros(4, np.uint8)))
    with pytest.raises(ValueError, match=f"{LABELS}: expected 5 labels.*found 4"):
        mnist(folder)


# --- from the web ------------------------------------------------------------------------------


@pytest.fixture
def published(server, monkeypatch, small):
    """The small set, gzipped, on the web server. It is the second mirror of both data sets."""
    folder = small[0]
    files = {f"{name}.gz": gzip.compress((folder / name).read_bytes()) for name in (IMAGES, LABELS)}
    sha256 = {name[:-3]: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    server.files.update(files)
    for name in ("MNIST", "FASHION_MNIST"):
        monkeypatch.setattr(idx, f"{name}_SHA256", sha256)
        monkeypatch.setattr(
            idx, f"{name}_MIRRORS", [server.url("missing", ""), server.url("good", "")]
        )
    return small


@pytest.mark.parametrize("read", [mnist, fashion_mnist])
def test_missing_files_are_downloaded_once(published, server, cache, read):
    _, images, labels = published
    for _ in range(2):
        found_images, found_labels = read()
        assert (found_images == images).all()
        assert (found_labels == labels).all()
    assert [way for way, _ in server.requests] == ["missing", "good"] * 2
    files = sorted(os.listdir(cache / read.__name__))
    assert files == [f"{IMAGES}.gz", f"{LABELS}.gz"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_file_put_in_the_cache_by_hand(published, server, cache, suffix):
    folder, images, _ = published
    (cache / "mnist").mkdir(parents=True)
    content = (folder / IMAGES).read_bytes()
    (cache / "mnist" / (IMAGES + suffix)).write_bytes(gzip.compress(content) if suffix else content)
    assert (mnist()[0] == images).all()
    assert len(server.requests) == 2  # for the labels


@pytest.mark.parametrize("read", [mnist, fashion_mnist])
def test_folder_that_is_given_is_only_read(published, server, tmp_path, read):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(
        FileNotFoundError, match=rf"{IMAGES}: expected this file.*repository|github"
    ):
        read(empty)
    assert (os.listdir(empty), server.requests) == ([], [])


@pytest.mark.parametrize(("read", "mirrors"), [(mnist, 2), (fashion_mnist, 3)])
@pytest.mark.parametrize("train", [True, False])
def test_offline(cache, read, mirrors, train):
    with pytest.raises(FileNotFoundError) as caught:
        read(train=train)
    sentence, part = str(caught.value), "train" if train else "t10k"
    assert sentence.startswith(
        f"{part}-images-idx3-ubyte.gz is missing and no mirror gave it (http"
    )
    assert f"put it in the folder {cache / read.__name__}; " in sentence
    assert sentence.count(f"/{part}-images-idx3-ubyte.gz: there is no network") == mirrors


@pytest.mark.parametrize("sums", [idx.MNIST_SHA256, idx.FASHION_MNIST_SHA256])
def test_every_file_has_a_checksum(sums):
    assert set(sums) == set(SHA256)
    assert all(len(bytes.fromhex(digits)) == 32 for digits in sums.values())


# --- folders that others make ------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("place", [".", "raw", "{}/raw"])
@pytest.mark.parametrize("read", [mnist, fashion_mnist])
def test_folders_of_kaggle_and_torchvision(small, tmp_path, read, place, dot, suffix):
    folder, images, labels = small
    other = tmp_path / "other"
    own, another = ["MNIST", "FashionMNIST"][:: 1 if read is mnist else -1]
    place = place.format(own)
    (other / another / "raw").mkdir(parents=True)  # torchvision puts all its sets in one folder
    (other / another / "raw" / IMAGES).write_bytes(b"of another set")
    (other / place).mkdir(parents=True, exist_ok=True)
    for name in (IMAGES, LABELS):
        content = (folder / name).read_bytes()
        content = gzip.compress(content) if suffix else content
        (other / place / (name.replace("-idx", f"{dot}idx") + suffix)).write_bytes(content)
        if place != "." or dot == ".":
            (other / name).mkdir()  # as Kaggle's archive has, too
    found_images, found_labels = read(other)
    assert (found_images == images).all()
    assert (found_labels == labels).all()


def test_labels_are_those_beside_the_images(small):
    folder = small[0]
    (folder / "MNIST" / "raw").mkdir(parents=True)
    (folder / LABELS).rename(folder / "MNIST" / "raw" / LABELS)
    (folder / IMAGES).rename(folder / "MNIST" / "raw" / IMAGES)
    mnist(folder)
    (folder / "MNIST" / "raw" / IMAGES).rename(folder / IMAGES)
    (folder / "MNIST" / "raw").rename(folder / "others")
    with pytest.raises(FileNotFoundError, match=LABELS):
        mnist(folder)


# --- files of wrong content ----------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2**31, 28, 28), "expected at most 1,000,000 samples, found 2,147,483,648"),
        ((1_000_001, 28, 28), "expected at most 1,000,000 samples"),
        ((1_000_000, 28, 28), "expected 784000016 bytes .* found 16"),
        ((5, 2**31, 2**31), "expected images of 28×28"),
        ((0, 0, 0), "expected images of 28×28"),
    ],
)
def test_header_that_claims_much_takes_no_memory(small, shape, message, packed):
    folder = small[0]
    content = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in shape)
    (folder / IMAGES).write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=f"{IMAGES}: {message}"):
            mnist(folder)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("claimed", [5, 1000, 10**9])
def test_gzip_file_that_unpacks_without_end_takes_no_memory(small, claimed):
    folder = small[0]
    header = bytes([0, 0, 8, 3]) + claimed.to_bytes(4, "big") + (28).to_bytes(4, "big") * 2
    with gzip.open(folder / IMAGES, "wb", compresslevel=1) as file:
        file.write(header)
        for _ in range(64):
            file.write(bytes(2**20))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=f"{IMAGES}: expected "):
            mnist(folder)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_any_flipped_bit_in_a_gzip_file_is_noticed(small):
    folder, images, _ = small
    whole = gzip.compress((folder / IMAGES).read_bytes())
    rng = np.random.default_rng(0)
    for at in [*range(20), *rng.integers(20, len(whole), 200), *range(-9, 0)]:
        content = bytearray(whole)
        content[at] ^= 1 << rng.integers(8)
        (folder / IMAGES).write_bytes(content)
        try:
            found, _ = mnist(folder)
        except ValueError as error:
            assert IMAGES in str(error)
        else:  # a bit of the file's date, say
            assert (found == images).all()


def test_bad_file_in_the_cache_is_named_with_the_remedy(published, cache):
    mnist()
    path = cache / "mnist" / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match=rf"{path}: .*in the cache: delete it, and the next call"):
        mnist()
    path.unlink()
    assert (mnist()[0] == published[1]).all()
