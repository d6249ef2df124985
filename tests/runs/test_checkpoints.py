"""minigan.runs.checkpoints: it loads what was saved, bit for bit, and refuses damaged files."""

import io
import json
import os
import pickle
import tracemalloc
import zipfile

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same import assert_same

from minigan.runs import checkpoints
from minigan.runs.checkpoints import CheckpointError, load, save
from minigan.runs.safetensors import load_safetensors, save_safetensors

RUN = {
    "step": 400,
    "generator": {"0.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "0.bias": np.zeros(3)},
    "adam": {"betas": (0.5, 0.999), "m": [np.ones(2), np.ones((1, 2))]},
    "rng": np.random.default_rng(0).bit_generator.state,
    "note": None,
}


def saved(obj, path):
    save(obj, path)
    return path


def rewritten(path, entries=(), without=()):
    """Replace or remove entries of the archive, and write correct CRCs."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (content | dict(entries)).items():
            if name not in without:
                archive.writestr(name, data)
    return path


def as_tree(**content):
    standard = {"format": "minigan checkpoint", "version": 1, "tree": {}}
    return {"minigan.json": json.dumps(standard | content)}


def npy(array):
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


# --- what goes in comes out ------------------------------------------------------------------


def test_a_whole_run(tmp_path):
    path = tmp_path / "run.npz"
    save(RUN, path)
    assert_same(RUN, load(path))


dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(),
    hnp.unicode_string_dtypes(max_len=4),
    hnp.datetime64_dtypes(),
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
keys = st.text(max_size=8).filter(
    lambda key: key and key.isprintable() and not set(key) & set("/\\")
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.dictionaries(keys, inner, max_size=3)
        | st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@given(obj=st.dictionaries(keys, values, max_size=4))
def test_anything_allowed(obj, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    save(obj, path)
    assert_same(obj, load(path))


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.5),
        np.zeros((0, 4), np.float32),
        np.zeros((3, 0, 2), np.int8),
        np.array([0.0, -0.0, np.nan, np.inf, -np.inf]),
        np.array([0x7FF8_0000_0000_1234], np.uint64).view(np.float64),  # a NaN with a payload
        np.arange(12.0).reshape(3, 4).T,
        np.arange(24.0)[::-3],
        np.broadcast_to(np.float32(2), (3, 2)),
        np.arange(4, dtype=">f4"),
        np.float16([1e-8, 6e4]),
    ],
    ids=repr,
)
def test_arrays_that_are_easy_to_get_wrong(array, tmp_path):
    path = tmp_path / "a.npz"
    save({"a": array}, path)
    assert_same(np.array(array), load(path)["a"])


def test_loaded_arrays_can_be_written_to(tmp_path):
    path = saved(RUN, tmp_path / "a.npz")
    load(path)["generator"]["0.weight"][:] = 1
    assert_same(RUN, load(path))


def test_names_that_are_easy_to_get_wrong(tmp_path):
    names = ["file", "arr_0", "x", "x.npy", "minigan.json", "allow_pickle", "..", "é", "0", "tree"]
    obj = {name: np.full(2, i) for i, name in enumerate(names)}
    obj["nested"] = {**obj, "array": [{"tuple": (np.arange(2),)}], "empty": [{}, [], ()]}
    path = tmp_path / "a.npz"
    save(obj, path)
    assert_same(obj, load(path))


def test_tensors_and_numpy_scalars_come_back_as_arrays(tmp_path):
    class Tensor:
        dtype, shape = np.dtype("float32"), (2,)

        def __init__(self, data):
            self.data = data

    path = tmp_path / "a.npz"
    save({"t": Tensor(np.ones(2, np.float32)), "s": np.float64(0.1), "i": np.int8(3)}, path)
    expected = {"t": np.ones(2, np.float32), "s": np.array(0.1), "i": np.array(3, np.int8)}
    assert_same(expected, load(path))


def test_generator_goes_on_where_it_stopped(tmp_path):
    rng = np.random.default_rng(5)
    rng.standard_normal(7)
    path = saved({"rng": rng.bit_generator.state}, tmp_path / "a.npz")
    other = np.random.default_rng()
    other.bit_generator.state = load(path)["rng"]
    assert (rng.standard_normal(9) == other.standard_normal(9)).all()


@pytest.mark.parametrize("name", ["run.npz", "run.ckpt", "run", "run.npz.bak"])
def test_any_extension_and_the_same_bytes(name, tmp_path):
    first, second = saved(RUN, tmp_path / name), saved(RUN, str(tmp_path / "again"))
    assert sorted(os.listdir(tmp_path)) == sorted([name, "again"])
    with open(second, "rb") as file:
        assert first.read_bytes() == file.read()
    with zipfile.ZipFile(first) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_opens_it_too(tmp_path):
    with np.load(saved(RUN, tmp_path / "a.npz")) as file:
        assert (file["generator/0.weight"] == RUN["generator"]["0.weight"]).all()
        assert json.loads(file["minigan.json"])["tree"]["step"] == 400


@pytest.mark.gpu
def test_cupy_arrays_come_back_as_numpy(tmp_path):
    import cupy

    path = saved({"a": cupy.arange(3), "l": [cupy.float32(2)]}, tmp_path / "a.npz")
    assert_same({"a": np.arange(3), "l": [np.array(2, np.float32)]}, load(path))


# --- what is refused when saving ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({"a": {"b": [1, {2, 3}]}}, r"obj\['a/b/1'\] is of type set"),
        ({"a": b"bytes"}, "type bytes"),
        ({"a": np.array([None])}, r"obj\['a'\] is an array of dtype object"),
        ({"a": np.zeros(2, [("x", "f4")])}, "dtype .*without pickling"),
        ({"a": {1: 2}}, r"obj\['a'\] has the key 1; .* must be str"),
        ([1, 2], "takes a dict"),
        ("run.npz", r"save\(obj, path\)"),
    ],
)
def test_what_no_checkpoint_can_hold(obj, message, tmp_path):
    with pytest.raises(TypeError, match=message):
        save(obj, tmp_path / "a.npz")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("key", ["a/b", "a\\b", "", "nul\0", "line\n", "\ud800"])
def test_keys_that_cannot_name_an_entry(key, tmp_path):
    with pytest.raises(ValueError, match="they name the entries"):
        save({"top": {key: 1}}, tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("save", "load"),
    [(save, load), (save_safetensors, load_safetensors)],
    ids=["npz", "safetensors"],
)
def test_failing_write_keeps_the_old_checkpoint(save, load, tmp_path):
    resource = pytest.importorskip("resource")
    if save is save_safetensors:
        pytest.importorskip("safetensors")
    save({"a": np.ones(3)}, tmp_path / "a.npz")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OSError, match=r"a\.npz"):
            save({"a": np.zeros(100_000)}, tmp_path / "a.npz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == ["a.npz"]
    assert_same({"a": np.ones(3)}, load(tmp_path / "a.npz"))


# --- what is refused when loading --------------------------------------------------------------


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load(tmp_path / "none.npz")
    with pytest.raises(OSError, match=str(tmp_path)):
        load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"hello", npy(np.ones(2)), pickle.dumps({"a": 1})],
    ids=["empty", "PK", "text", "npy", "pickle"],
)
def test_not_a_zip(content, tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"a\.npz is not a checkpoint: expected .* found b'"):
        load(path)


def test_npz_but_not_a_checkpoint(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, weight=np.ones(2))
    with pytest.raises(CheckpointError, match=r"not a minigan checkpoint.*found weight\.npy"):
        load(path)


def test_every_truncation_is_refused(tmp_path):
    path = saved({"w": np.arange(300.0), "b": np.arange(2), "n": 1}, tmp_path / "a.npz")
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match=r"a\.npz"):
            load(path)


@settings(max_examples=300)
@given(data=st.data())
def test_no_flipped_byte_gives_other_contents(data, tmp_path_factory):
    """With any changed byte (data, CRC or directory), load gives an error or what was saved."""
    path = tmp_path_factory.getbasetemp() / "flip.npz"
    save(RUN, path)
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    try:
        loaded = load(path)
    except CheckpointError as error:
        assert "flip.npz" in str(error)
    else:
        assert_same(RUN, loaded)


@pytest.mark.parametrize("size", [1, 1000])
def test_every_flipped_byte_of_a_payload_is_an_error(size, tmp_path):
    array = np.random.default_rng(0).standard_normal(size)
    path = saved({"w": array}, tmp_path / "a.npz")
    whole = path.read_bytes()
    begin = whole.index(array.tobytes())
    for offset in range(begin, begin + array.nbytes, 1 + size // 50):
        flipped = bytearray(whole)
        flipped[offset] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(CheckpointError, match=r"a\.npz: expected an intact entry w\.npy.*CRC"):
            load(path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"minigan.json": "{"}, "expected JSON in minigan.json"),
        ({"minigan.json": b"\xff"}, "expected JSON"),
        ({"minigan.json": "[]"}, r"expected the format 'minigan checkpoint', found \[\]"),
        (as_tree(format="other"), "found 'other'"),
        (as_tree(version=2), "expected format version 1, found 2; .*upgrade"),
        (as_tree(version=None), "found None"),
        (as_tree(tree=[]), "expected a dict as the tree"),
        (as_tree(tree={"v": {"/array": "<f8 (2,)"}}), "expected an entry v.npy, found none"),
        ({"w.npy": npy(np.ones(3))}, r"expected <f8 \(2,\) in w.npy, found <f8 \(3,\)"),
        ({"w.npy": npy(np.ones(2, np.float32))}, r"found <f4 \(2,\)"),
        ({"w.npy": npy(np.ones(2))[:-1]}, "expected an array in w.npy"),
        ({"w.npy": b""}, "expected an array in w.npy"),
        ({"w.npy": pickle.dumps(1)}, "expected an array in w.npy"),
        ({"w.npy": npy(np.array([print]))}, "Object arrays cannot be loaded"),
    ],
)
def test_altered_entries(entries, message, tmp_path):
    path = rewritten(saved({"w": np.ones(2)}, tmp_path / "a.npz"), entries)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_missing_array(tmp_path):
    path = rewritten(saved(RUN, tmp_path / "a.npz"), without=["adam/m/1.npy"])
    with pytest.raises(CheckpointError, match=r"a\.npz: expected an entry adam/m/1\.npy"):
        load(path)


# --- right checksums and wrong content -----------------------------------------------------------


def nested(depth, text="{}"):
    return '{"a":' * depth + text + "}" * depth


TREES = [
    '{"w": {"/array": 5}}',
    '{"w": {"/array": null}}',
    '{"w": {"/array": "<f8 (2,)", "more": 1}}',
    '{"w": {"/array": "<f8 (2,)", "/tuple": []}}',
    '{"w": {"/tuple": 5}}',
    '{"w": {"/tuple": "abc"}}',
    '{"w": {"/tuple": {"a": 1}}}',
    '{"w": {"/other": 1}}',
    '{"a/b": 1}',
    '{"": {"w": {"/array": "<f8 (2,)"}}}',
    '{"..\\\\..": 1}',
    '{"nul\\u0000": 1}',
    '{"/array": "<f8 (2,)"}',
    '{"w": ' + "9" * 5000 + "}",
    nested(300),
    nested(450),
    nested(2000),
    nested(100_000),
    nested(1, "[" * 100_000 + "]" * 100_000),
    nested(1, "[" * 400 + "]" * 400),
    "null",
    "",
    '"' + "x" * 100_000 + '"',
]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree[:40])
def test_wrong_trees(tree, tmp_path):
    """Each is refused, or else loaded as what it says; a deep one may be either."""
    text = f'{{"format": "minigan checkpoint", "version": 1, "tree": {tree}}}'
    path = rewritten(saved({"w": np.ones(2)}, tmp_path / "a.npz"), {"minigan.json": text})
    try:
        loaded = load(path)
    except CheckpointError as error:
        assert str(path) in str(error)
        assert len(str(error)) < 1000
    else:
        assert tree in (nested(300), nested(450), nested(1, "[" * 400 + "]" * 400))
        assert json.dumps(loaded).replace(" ", "") == tree


@pytest.mark.parametrize("field", ["format", "version"])
@pytest.mark.parametrize("value", [["x"] * 10_000, "x" * 10_000, {"a": [None]}, -1, 1e300, None])
def test_wrong_formats_are_named_in_a_short_sentence(field, value, tmp_path):
    path = rewritten(saved({}, tmp_path / "a.npz"), as_tree(**{field: value}))
    with pytest.raises(CheckpointError, match=r"a\.npz: expected .*format") as caught:
        load(path)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method, tmp_path):
    path = saved(RUN, tmp_path / "a.npz")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(CheckpointError, match=r"a\.npz: .*pack it again without compression"):
        load(path)


def test_deflated_is_fine(tmp_path):
    path = saved(RUN, tmp_path / "a.npz")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    assert_same(RUN, load(path))


def test_encrypted_entry_is_refused(tmp_path):
    whole = bytearray(saved(RUN, tmp_path / "a.npz").read_bytes())
    for magic, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := whole.find(magic, at + 1)) >= 0:
            whole[at + flags] |= 1
    (tmp_path / "a.npz").write_bytes(whole)
    with pytest.raises(CheckpointError, match=r"a\.npz: .*encrypted"):
        load(tmp_path / "a.npz")


def bomb(path, name, size, claimed=None):
    """A checkpoint whose entry `name` unpacks to `size` zeros. It may claim another size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if name != "minigan.json":
            tree = {"w": {"/array": f"|u1 ({size},)"}}
            archive.writestr("minigan.json", as_tree(tree=tree)["minigan.json"])
        with archive.open(name, "w") as entry:
            for _ in range(size // 2**20):
                entry.write(bytes(2**20))
    if claimed is not None:
        whole = path.read_bytes().replace(size.to_bytes(4, "little"), claimed.to_bytes(4, "little"))
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["w.npy", "other", "minigan.json"])
@pytest.mark.parametrize("claimed", [None, 0, 100, 2**20])
def test_file_that_unpacks_without_end_takes_no_memory(name, claimed, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "MAX_UNPACKED", 2**23)
    monkeypatch.setattr(checkpoints, "MAX_TREE", 2**22)
    path = tmp_path / "a.npz"
    bomb(path, name, 2**26, claimed)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=r"a\.npz"):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_array_that_is_named_twice_is_not_read_twice(tmp_path):
    tree = {"w": {"/array": "<f8 (2,)"}, "": {"w": {"/array": "<f8 (2,)"}}}
    path = rewritten(saved({"w": np.ones(2)}, tmp_path / "a.npz"), as_tree(tree=tree))
    with pytest.raises(CheckpointError, match="has the key ''"):
        load(path)


def test_what_load_would_refuse_is_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "MAX_TREE", 10_000)
    with pytest.raises(ValueError, match="at most 10,000; make arrays of its long lists"):
        save({"losses": [0.1] * 2000}, tmp_path / "a.npz")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("header", ["(" * 5000, "-" * 9000 + "1", "{'descr': '<f8'", "5L", ""])
def test_arrays_with_other_headers(header, tmp_path):
    data = b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header.encode() + bytes(16)
    path = rewritten(saved({"w": np.ones(2)}, tmp_path / "a.npz"), {"w.npy": data})
    with pytest.raises(
        CheckpointError, match=r"a\.npz: expected an array in w\.npy, found a header"
    ):
        load(path)


def test_array_that_claims_more_than_there_is(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    data = b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + bytes(16)
    tree = as_tree(tree={"w": {"/array": "<f8 (1000000000000,)"}})
    path = rewritten(saved({"w": np.ones(2)}, tmp_path / "a.npz"), {"w.npy": data} | tree)
    with pytest.raises(CheckpointError, match=r"a\.npz: .*bytes, not the 8,000,000,000,0"):
        load(path)
