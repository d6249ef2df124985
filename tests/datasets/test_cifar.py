"""minigan.datasets.cifar: each image has its own label, from single files and from the archive."""

import gzip
import hashlib
import io
import tarfile
import tracemalloc

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
    """A tar.gz of {name: content}. A content of None makes a folder."""
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
    """The archive with its files out of order, as in the published one."""
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


# --- damage, and files of wrong content ----------------------------------------------------------


def test_any_flipped_bit_of_the_archive_is_noticed(tmp_path, data, published):
    path = tmp_path / "cifar-10-binary.tar.gz"
    rng = np.random.default_rng(0)
    refused = 0
    for at in [*range(10), *rng.integers(10, len(published), 60), *range(-8, 0)]:
        content = bytearray(published)
        content[at] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        try:
            check(data, tmp_path)
        except ValueError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused >= 60  # all but those in the gzip header, such as the date


@pytest.mark.parametrize("where", ["in front", "behind", "inside"])
def test_archive_that_unpacks_without_end_takes_no_memory(tmp_path, monkeypatch, where):
    monkeypatch.setattr(cifar, "MAX_UNPACKED", 2**22)
    path = tmp_path / "cifar-10-binary.tar.gz"
    name = "cifar-10-batches-bin/test_batch.bin"
    whole = archive({name: bytes(3073) if where != "inside" else bytes(2**26)})
    zeros = gzip.compress(bytes(2**26), 1)
    path.write_bytes({"in front": zeros + whole, "behind": whole + zeros, "inside": whole}[where])
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"tar\.gz: .*more than 4,194,304 bytes in it"):
            cifar10(tmp_path, train=False)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def header(size=3073, type=tarfile.REGTYPE, name="cifar-10-batches-bin/test_batch.bin", pax=()):
    """The header of a file in a tar archive."""
    member = tarfile.TarInfo(name)
    member.size, member.type, member.pax_headers = size, type, dict(pax)
    format = tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT
    return member.tobuf(format)


MEMBERS = [
    header(-512),
    header(-(2**40)),
    header(2**40),
    header(2**60),
    header(3073, tarfile.GNUTYPE_SPARSE),
    header(3073, tarfile.GNUTYPE_LONGNAME),
    header(-1, tarfile.GNUTYPE_LONGNAME),
    header(-1, tarfile.XHDTYPE),
    header(3073, tarfile.SYMTYPE),
    header(3073, tarfile.LNKTYPE),
    header(3073, tarfile.FIFOTYPE),
    header(pax={"size": "-1"}),
    header(pax={"size": "x"}),
    header(pax={"size": "9" * 5000}),
    header(pax={"GNU.sparse.map": "0,1,x", "GNU.sparse.size": str(10**12)}),
    header(pax={"GNU.sparse.map": "0,1", "GNU.sparse.realsize": str(10**12)}),
    header(pax={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}),
    header(pax={"mtime": "nan"}),
    header(512, tarfile.GNUTYPE_LONGNAME) * 1000,
    b"\0" * 511,
    b"x" * 5000,
]


@pytest.mark.parametrize("member", MEMBERS, ids=range(len(MEMBERS)))
def test_other_members_are_refused_or_passed_over(tmp_path, member):
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(gzip.compress(member + bytes([7]) + bytes(3072 + 511 + 1024)))
    try:
        images, labels = cifar10(tmp_path, train=False)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert (images.shape, labels.tolist(), images.max()) == ((1, 3, 32, 32), [7], 0)


@pytest.mark.parametrize("packed", [False, True])
def test_more_images_than_ten_thousand_are_refused(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(cifar, "MAX_RECORDS", 3)
    name = "test_batch.bin"
    for n in (3, 4):
        content = batch(n, 0)[2]
        if packed:
            content = archive({f"cifar-10-batches-bin/{name}": content})
        (tmp_path / ("cifar-10-binary.tar.gz" if packed else name)).write_bytes(content)
        if n == 3:
            assert cifar10(tmp_path, train=False)[0].shape == (3, 3, 32, 32)
    with pytest.raises(ValueError, match=f"{name}: expected at most 3 images, found more"):
        cifar10(tmp_path, train=False)


def test_bad_archive_in_the_cache_is_named_with_the_remedy(cache):
    (cache / "cifar10").mkdir(parents=True)
    path = cache / "cifar10" / "cifar-10-binary.tar.gz"
    path.write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ValueError, match=rf"{path}: .*in the cache: delete it, and the next call"):
        cifar10()
