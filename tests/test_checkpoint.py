"""minigan.checkpoint: what goes in comes out bit for bit, and what is damaged never comes out."""

import io
import json
import os
import pickle
import zipfile

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same import assert_same

from minigan.checkpoint import CheckpointError, load, save
from minigan.exchange import load_safetensors, save_safetensors

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
    """Replace or leave out some of the archive's entries, with CRCs that are right again."""
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
    """Any byte of the file, be it payload, CRC or directory: an error, or what was saved."""
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
