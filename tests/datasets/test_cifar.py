"""minigan.datasets.cifar: every label with its image, from loose files or the archive."""

import hashlib
import io
import tarfile

import numpy as np
import pytest

from minigan.datasets import CIFAR10_CLASSES, cifar, cifar10

BATCHES = [f"data_batch_{i}.bin" for i in range(1, 6)]


def batch(n, seed):
    """Images, labels, and the file that holds them."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8)
    labels = rng.integers(0, 10, n, dtype=np.uint8)
    return images, labels, np.hstack([labels[:, None], images.reshape(n, -1)]).tobytes()


@pytest.fixture(scope="module")
def data():
    """{file: (images, labels, content)} of a small CIFAR-10."""
    return {name: batch(2 + i, seed=i) for i, name in enumerate([*BATCHES, "test_batch.bin"])}


def archive(members):
    """A tar.gz of {name: content}, content None being a folder."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = 0 if content is None else len(content)
            tar.addfile(member, None if content is None else io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def published(data):
    """The archive, its files in an order of their own, as the published one's are."""
    members = {"cifar-10-batches-bin/": None, "cifar-10-batches-bin/readme.html": b"<html>"}
    for name in sorted(data, key=lambda name: hashlib.sha256(name.encode()).digest()):
        members[f"cifar-10-batches-bin/{name}"] = data[name][2]
    return archive(members)


def check(data, folder=None):
    for train, names in ((True, BATCHES), (False, ["test_batch.bin"])):
        images, labels = cifar10(folder, train=train)
        assert (images.dtype, labels.dtype) == (np.uint8, np.uint8)
        np.testing.assert_array_equal(images, np.concatenate([data[name][0] for name in names]))
        np.testing.assert_array_equal(labels, np.concatenate([data[name][1] for name in names]))
        images[:], labels[:] = 0, 0  # can be written to


def write(folder, data, leave_out=()):
    folder.mkdir(exist_ok=True)
    for name in data.keys() - set(leave_out):
        (folder / name).write_bytes(data[name][2])


@pytest.mark.parametrize("inner", [".", "cifar-10-batches-bin"])
def test_loose_files(tmp_path, data, inner):
    write(tmp_path / inner, data)
    check(data, str(tmp_path))


def test_archive_is_read_and_not_unpacked(tmp_path, data, published):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(published)
    check(data, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cifar-10-binary.tar.gz"]


def test_classes():
    assert len(CIFAR10_CLASSES) == len(set(CIFAR10_CLASSES)) == 10
    assert (CIFAR10_CLASSES[0], CIFAR10_CLASSES[7], CIFAR10_CLASSES[9]) == (
        "airplane",
        "horse",
        "truck",
    )


def test_downloaded_once(server, cache, data, published, monkeypatch):
    server.files["cifar-10-binary.tar.gz"] = published
    monkeypatch.setattr(cifar, "MIRRORS", [server.url(w, "") for w in ("corrupt", "cut", "good")])
    monkeypatch.setattr(cifar, "SHA256", hashlib.sha256(published).hexdigest())
    check(data)
    asked = len(server.requests)
    check(data)
    assert len(server.requests) == asked
    assert [path.name for path in (cache / "cifar10").iterdir()] == ["cifar-10-binary.tar.gz"]


def test_offline(cache):
    with pytest.raises(FileNotFoundError) as caught:
        cifar10()
    sentence = str(caught.value)
    assert sentence.startswith("cifar-10-binary.tar.gz is missing and no mirror gave it (https://")
    assert sentence.endswith(f"put it in the folder {cache / 'cifar10'}")
    assert sentence.count("there is no network") == len(cifar.MIRRORS) > 1


def test_missing_files_are_named(tmp_path, data):
    write(tmp_path, data, leave_out=BATCHES[2:4])
    message = r"tar.gz: expected this file, or data_batch_3.bin data_batch_4.bin beside it.*pickles"
    with pytest.raises(FileNotFoundError, match=message):
        cifar10(tmp_path)
    cifar10(tmp_path, train=False)


def test_archive_of_something_else(tmp_path, data):
    members = {
        "data_batch_1.bin": data["data_batch_1.bin"][2],
        "cifar-10-batches-bin/data_batch_2.bin": None,
        "cifar-10-batches-bin/../../data_batch_3.bin": b"",
        "cifar-10-batches-bin/data_batch_5.bin": data["data_batch_5.bin"][2],
    }
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(archive(members))
    expected = " ".join(BATCHES[:4])
    with pytest.raises(ValueError, match=rf"tar\.gz: expected {expected} in the folder cifar-10-b"):
        cifar10(tmp_path)


def test_every_truncation_of_the_archive_is_refused(tmp_path, published):
    path = tmp_path / "cifar-10-binary.tar.gz"
    for size in [*range(20), *range(20, len(published) - 1000, 3001)]:
        path.write_bytes(published[:size])
        with pytest.raises(ValueError, match=r"binary\.tar\.gz: expected"):
            cifar10(tmp_path)


def test_page_in_place_of_the_archive(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ValueError, match=r"expected a whole tar\.gz file.*download it again"):
        cifar10(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "multiple of 3073 bytes.*found 0 bytes"),
        (bytes(3072), "multiple of 3073 bytes.*found 3072 bytes"),
        (bytes([10]) + bytes(3072), "labels from 0 to 9, found 10"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_wrong_content(tmp_path, packed, content, message):
    name = "test_batch.bin"
    if packed:
        content = archive({f"cifar-10-batches-bin/{name}": content})
    (tmp_path / ("cifar-10-binary.tar.gz" if packed else name)).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}: expected .*{message}"):
        cifar10(tmp_path, train=False)
