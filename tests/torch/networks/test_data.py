"""The loaders on generated folders in CIFAR-10's and ImageFolder's layouts, and on what is missing or damaged."""

import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from gdcheck.networks.data import SYNTHETIC, DataConfig, load  # noqa: E402
from gdcheck.theorem.loss.errors import InputError  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """Three classes with four images of 12×10 each."""
    rng = np.random.default_rng(0)
    for name in ("ant", "bee", "cat"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(4):
            pixels = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{i}.png")
    return tmp_path / "images"


NAMES = [f"class {i}" for i in range(10)]


def batches(seed=1, count=4):
    """Five batches of random images and labels."""
    rng = np.random.default_rng(seed)
    return [(rng.integers(0, 256, (count, 3072), dtype=np.uint8), rng.integers(0, 10, count)) for _ in range(5)]


def write_python(base, protocol=2, made=None):
    """CIFAR-10's Python format; its own files have protocol 2."""
    base.mkdir(parents=True)
    for i, (pixels, labels) in enumerate(made or batches(), 1):
        content = {"batch_label": f"training batch {i} of 5", "labels": labels.tolist(), "data": pixels}
        content["filenames"] = [f"image_{k}.png" for k in range(len(labels))]
        (base / f"data_batch_{i}").write_bytes(pickle.dumps(content, protocol=protocol))
    (base / "batches.meta").write_bytes(pickle.dumps({"label_names": NAMES, "num_vis": 3072}, protocol=protocol))


def write_binary(base, made=None):
    """CIFAR-10's binary format."""
    base.mkdir(parents=True)
    for i, (pixels, labels) in enumerate(made or batches(), 1):
        records = np.concatenate([labels[:, None].astype(np.uint8), pixels], axis=1)
        (base / f"data_batch_{i}.bin").write_bytes(records.tobytes())
    (base / "batches.meta.txt").write_text("\n".join(name.replace(" ", "") for name in NAMES) + "\n")


@pytest.fixture
def cifar(tmp_path):
    """CIFAR-10's Python format with four images a batch."""
    write_python(tmp_path / "root" / "cifar-10-batches-py")
    return tmp_path / "root"


def is_normalized(images):
    mean, spread = images.inputs.mean(dim=(0, 2, 3)), images.inputs.std(dim=(0, 2, 3), correction=0)
    return torch.allclose(mean, torch.zeros(3), atol=1e-5) and torch.allclose(spread, torch.ones(3), atol=1e-4)


def test_image_folder(folder):
    images = load(DataConfig(folder=folder))
    assert images.inputs.shape == (12, 3, 12, 10)
    assert images.classes == ("ant", "bee", "cat")
    assert images.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert is_normalized(images)
    assert not images.synthetic
    pixels = torch.from_numpy(np.array(Image.open(folder / "bee" / "2.png"))).permute(2, 0, 1).double()
    channel = images.inputs[6][1].double()
    assert float(torch.corrcoef(torch.stack([pixels[1].flatten(), channel.flatten()]))[0, 1]) > 1 - 1e-9


def test_cifar10_layout(cifar):
    images = load(DataConfig(root=cifar))
    assert images.inputs.shape == (20, 3, 32, 32)
    assert images.classes == tuple(f"class {i}" for i in range(10))
    assert (images.name, images.synthetic, images.shape) == ("CIFAR-10", False, (3, 32, 32))
    batch = pickle.loads((cifar / "cifar-10-batches-py" / "data_batch_2").read_bytes())  # noqa: S301 - our own file
    assert images.labels[4:8].tolist() == batch["labels"]
    pixels = torch.from_numpy(batch["data"][3].reshape(3, 32, 32)).double()
    seen = images.inputs[7].double()
    assert float(torch.corrcoef(torch.stack([pixels[2].flatten(), seen[2].flatten()]))[0, 1]) > 1 - 1e-9


def test_a_subset_is_even_over_the_classes(folder):
    images = load(DataConfig(folder=folder, subset=7))
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 2, 2]
    whole = load(DataConfig(folder=folder))
    assert torch.equal(load(DataConfig(folder=folder, subset=12)).inputs, whole.inputs)


def test_the_synthetic_set_is_named_as_such_and_always_the_same():
    a, b = load(DataConfig(subset=30)), load(DataConfig(subset=30))
    assert torch.equal(a.inputs, b.inputs)
    assert (a.synthetic, a.name) == (True, SYNTHETIC)
    assert "synthetic" in SYNTHETIC
    assert is_normalized(a)
    assert sorted(set(a.labels.tolist())) == list(range(10))


def test_the_digest_is_that_of_pixels_and_labels(folder):
    before = load(DataConfig(folder=folder))
    assert load(DataConfig(folder=folder)).digest == before.digest
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert load(DataConfig(folder=folder)).digest == before.digest
    finally:
        torch.set_num_threads(threads)
    assert load(DataConfig(folder=folder, subset=11)).digest != before.digest
    path = folder / "bee" / "2.png"
    pixels = np.array(Image.open(path))
    pixels[3, 4, 1] ^= 1
    Image.fromarray(pixels).save(path)
    changed = load(DataConfig(folder=folder))
    assert changed.digest != before.digest
    (folder / "bee" / "3.png").rename(folder / "ant" / "4.png")
    moved = load(DataConfig(folder=folder))
    assert sorted(moved.labels.tolist()) != sorted(changed.labels.tolist())
    assert moved.digest not in {before.digest, changed.digest}


def test_labels_alone_change_the_digest(folder):
    # The last image of one class becomes the first of the next: the pixels and their order stay.
    before = load(DataConfig(folder=folder))
    (folder / "ant" / "3.png").rename(folder / "bee" / "+.png")
    after = load(DataConfig(folder=folder))
    assert torch.equal(before.inputs, after.inputs)
    assert after.digest != before.digest


@pytest.mark.parametrize("damage", ["truncated", "not an image", "empty"])
def test_a_corrupt_image_is_named(folder, damage):
    path = folder / "bee" / "1.png"
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[: len(whole) // 2], "not an image": b"no picture", "empty": b""}[damage])
    with pytest.raises(InputError, match=r"data: image '.*bee/1\.png' cannot be read; remove or replace it"):
        load(DataConfig(folder=folder))


def test_an_image_of_another_size_is_named(folder):
    Image.new("RGB", (5, 5)).save(folder / "cat" / "0.png")
    with pytest.raises(InputError, match=r"cat/0\.png' has another size"):
        load(DataConfig(folder=folder))


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_every_format_of_cifar10_gives_the_same_images(protocol, tmp_path):
    write_python(tmp_path / "py", protocol)
    write_binary(tmp_path / "bin" / "cifar-10-batches-bin")
    a, b = load(DataConfig(root=tmp_path / "py")), load(DataConfig(root=tmp_path / "bin"))
    assert a.digest == b.digest
    assert a.classes == tuple(NAMES)
    assert b.classes == tuple(name.replace(" ", "") for name in NAMES)
    pixels = np.concatenate([pixels for pixels, _ in batches()])
    assert a.raw.numpy().reshape(20, -1).tolist() == pixels.tolist()


def test_a_pickle_that_would_run_something_runs_nothing(cifar):
    class Mean:
        def __reduce__(self):
            return (Path.touch, (cifar / "touched",))

    path = cifar / "cifar-10-batches-py" / "data_batch_3"
    pixels, labels = batches()[2]
    path.write_bytes(pickle.dumps({"data": pixels, "labels": labels.tolist(), "more": Mean()}))
    assert len(load(DataConfig(root=cifar)).labels) == 20
    assert not (cifar / "touched").exists()
    pickle.loads(path.read_bytes())  # noqa: S301 - it shows that this file does run something
    assert (cifar / "touched").exists()


@pytest.mark.parametrize("damage", ["cut", "missing", "a label too few", "a label of 10", "no pickle", "large"])
def test_a_damaged_cifar10_file_is_noticed(damage, cifar, monkeypatch):
    path = cifar / "cifar-10-batches-py" / "data_batch_3"
    pixels, labels = batches()[2]
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1000])
    elif damage == "no pickle":
        path.write_bytes(b"\xff" * 100)
    elif damage == "large":
        monkeypatch.setattr("gdcheck.networks.cifar._LARGEST", 1000)
    else:
        few = labels.tolist()[:-1] if damage == "a label too few" else [*labels.tolist()[:-1], 10]
        path.write_bytes(pickle.dumps({"data": pixels, "labels": few}))
    with pytest.raises(InputError, match="root: CIFAR-10 cannot be loaded"):
        load(DataConfig(root=cifar))


def test_a_binary_file_of_no_whole_records_is_noticed(tmp_path):
    write_binary(tmp_path / "root")
    path = tmp_path / "root" / "data_batch_1.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="not made of records of 3073 bytes"):
        load(DataConfig(root=tmp_path / "root"))


def test_inputs_have_the_precision_of_the_computation(folder):
    images = load(DataConfig(folder=folder))
    exact = images.raw.double() / 255
    exact = (exact - exact.mean(dim=(0, 2, 3), keepdim=True)) / exact.std(dim=(0, 2, 3), keepdim=True, correction=0)
    torch.testing.assert_close(images.normalized(torch.float64), exact, rtol=1e-13, atol=1e-13)
    assert float((images.inputs.double() - exact).abs().max()) > 1e-9, "float32 rounds"


BAD = {
    "missing root": (lambda p: DataConfig(root=p / "none"), "root", "--download"),
    "root without CIFAR-10": (lambda p: DataConfig(root=p), "root", "cannot be loaded"),
    "missing folder": (lambda p: DataConfig(folder=p / "none"), "data", "not a directory"),
    "folder without classes": (lambda p: DataConfig(folder=p), "data", "one folder for each class"),
    "both": (lambda p: DataConfig(root=p, folder=p), "data", "exclude"),
    "too many synthetic": (lambda _: DataConfig(subset=99_999_999_999), "subset", "at most 100000"),
    "download to nowhere": (lambda _: DataConfig(download=True), "download", "--root"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_places_get_a_sentence(case, tmp_path):
    config, field, part = BAD[case]
    with pytest.raises(InputError) as error:
        load(config(tmp_path))
    assert error.value.field == field
    assert part in error.value.message


def test_one_class_and_too_large_a_subset(folder):
    with pytest.raises(InputError, match="subset: 13 images are asked for, but there are 12"):
        load(DataConfig(folder=folder, subset=13))
    for name in ("bee", "cat"):
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()
    with pytest.raises(InputError, match="two or more"):
        load(DataConfig(folder=folder))


def test_a_torchvision_for_another_torch_gets_a_sentence(tmp_path, monkeypatch):
    import builtins

    honest = builtins.__import__

    def broken(name, *rest):
        if name == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")
        return honest(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(InputError, match="install the two together"):
        load(DataConfig(root=tmp_path, download=True))
