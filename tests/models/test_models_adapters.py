"""Every kind of LoRA file against its formula, written out here with loops, or as layers that follow each other."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from models.errors import CheckpointError
from models.files import open_weights
from models.patches import read_lora

LINEAR, SQUARE, CONV = (6, 4), (6, 6), (6, 4, 3, 3)
STRENGTHS = (1.0, 0.7, -2.0)
Parts = Mapping[str, Tensor]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def apply(folder: Path, parts: Parts, weight: Tensor, strength: float) -> Tensor:
    """What a file with these parts of one weight makes of it."""
    save_file({f"x{name}": value.contiguous() for name, value in parts.items()}, folder / "x.safetensors")
    lora = read_lora(open_weights(folder / "x.safetensors"))
    assert not lora.unused
    [entry] = lora.entries
    assert entry.name == "x"
    return entry.adapter.apply(weight.clone(), strength, swapped=False)


def matrix(*shape: int) -> Tensor:
    return torch.randn(shape)


def product_of_layers(layers: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    """The kernel of convolutions that follow each other without a bias: what they answer to single points."""
    points = torch.eye(shape[1])[:, :, None, None]
    points = functional.pad(points, (2, 2, 2, 2))
    for kernel in layers:
        points = functional.conv2d(points, kernel, padding=kernel.shape[-1] // 2)
    return points[:, :, 1:4, 1:4].flip(2, 3).transpose(0, 1)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize(
    "names", [(".lora_up.weight", ".lora_down.weight"), (".lora_B.weight", ".lora_A.weight"), (".lora_B", ".lora_A"),
              ("_lora.up.weight", "_lora.down.weight"), (".lora.up.weight", ".lora.down.weight"),
              (".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight"),
              (".lora_B.default.weight", ".lora_A.default.weight")],
)  # fmt: skip
def test_lora(names: tuple[str, str], strength: float, tmp_path: Path):
    weight, up, down = matrix(*LINEAR), matrix(6, 2), matrix(2, 4)
    parts = {names[0]: up, names[1]: down}
    expected = weight + strength * sum(torch.outer(up[:, r], down[r]) for r in range(2))
    torch.testing.assert_close(apply(tmp_path, parts, weight, strength), expected)
    expected = weight + strength * 3 / 2 * sum(torch.outer(up[:, r], down[r]) for r in range(2))
    torch.testing.assert_close(apply(tmp_path, {**parts, ".alpha": torch.tensor(3.0)}, weight, strength), expected)


@pytest.mark.parametrize("tucker", [False, True])
def test_locon_is_convolutions_after_each_other(tucker: bool, tmp_path: Path):
    weight, up = matrix(*CONV), matrix(6, 2, 1, 1)
    down = matrix(2, 4, 1, 1) if tucker else matrix(2, 4, 3, 3)
    layers = [down, matrix(2, 2, 3, 3), up] if tucker else [down, up]
    parts = {".lora_down.weight": layers[0], ".lora_up.weight": layers[-1]}
    parts |= {".lora_mid.weight": layers[1]} if tucker else {}
    torch.testing.assert_close(apply(tmp_path, parts, weight, 1.0), weight + product_of_layers(layers, CONV))


def test_a_lora_that_widens_its_base(tmp_path: Path):
    weight, up, down = matrix(*LINEAR), matrix(6, 2), matrix(2, 7)
    parts = {".lora_B.weight": up, ".lora_A.weight": down, ".reshape_weight": torch.tensor([6, 7])}
    expected = torch.cat([weight, torch.zeros(6, 3)], 1) + up @ down
    torch.testing.assert_close(apply(tmp_path, parts, weight, 1.0), expected)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("shape", [LINEAR, CONV])
def test_loha(shape: tuple[int, ...], strength: float, tmp_path: Path):
    weight, columns = matrix(*shape), matrix(*shape)[0].numel()
    a1, b1, a2, b2 = matrix(6, 2), matrix(2, columns), matrix(6, 2), matrix(2, columns)
    parts = {".hada_w1_a": a1, ".hada_w1_b": b1, ".hada_w2_a": a2, ".hada_w2_b": b2, ".alpha": torch.tensor(5.0)}
    expected = weight + strength * 5 / 2 * ((a1 @ b1) * (a2 @ b2)).reshape(shape)
    torch.testing.assert_close(apply(tmp_path, parts, weight, strength), expected)


def slow_tucker(core: Tensor, inner: Tensor, outer: Tensor) -> Tensor:
    found = torch.zeros(outer.shape[1], inner.shape[1], *core.shape[2:])
    for p in range(core.shape[0]):
        for q in range(core.shape[1]):
            found += outer[p][:, None, None, None] * inner[q][None, :, None, None] * core[p, q]
    return found


def test_loha_with_cores(tmp_path: Path):
    weight = matrix(*CONV)
    t1, t2, a1, a2, b1, b2 = matrix(2, 2, 3, 3), matrix(2, 2, 3, 3), *(matrix(2, n) for n in (6, 6, 4, 4))
    parts = {".hada_w1_a": a1, ".hada_w1_b": b1, ".hada_w2_a": a2, ".hada_w2_b": b2, ".hada_t1": t1, ".hada_t2": t2}
    expected = weight + slow_tucker(t1, b1, a1) * slow_tucker(t2, b2, a2)
    torch.testing.assert_close(apply(tmp_path, parts, weight, 1.0), expected)


def slow_kron(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([torch.cat([value * b for value in row], 1) for row in a])


W1 = {"full": ((2, 2),), "factored": ((2, 3), (3, 2))}
W2 = {"full": ((3, 2),), "factored": ((3, 5), (5, 2))}


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("second", W2)
@pytest.mark.parametrize("first", W1)
def test_lokr(first: str, second: str, strength: float, tmp_path: Path):
    weight = matrix(*LINEAR)
    parts: dict[str, Tensor] = {".alpha": torch.tensor(4.0)}
    factors: list[Tensor] = []
    for name, shapes in (("w1", W1[first]), ("w2", W2[second])):
        values = [matrix(*shape) for shape in shapes]
        parts |= dict(
            zip((f".lokr_{name}{end}" for end in ([""] if len(values) == 1 else ["_a", "_b"])), values, strict=True)
        )
        factors.append(values[0] if len(values) == 1 else values[0] @ values[1])
    rank = 5 if second == "factored" else 3 if first == "factored" else 4
    expected = weight + strength * 4 / rank * slow_kron(*factors)
    torch.testing.assert_close(apply(tmp_path, parts, weight, strength), expected)


@pytest.mark.parametrize("core", [False, True])
def test_lokr_on_a_convolution(core: bool, tmp_path: Path):
    weight, w1 = matrix(*CONV), matrix(2, 2)
    if core:
        t2, a, b = matrix(2, 2, 3, 3), matrix(2, 3), matrix(2, 2)
        parts, w2 = {".lokr_t2": t2, ".lokr_w2_a": a, ".lokr_w2_b": b}, slow_tucker(t2, b, a)
    else:
        w2 = matrix(3, 2, 3, 3)
        parts = {".lokr_w2": w2}
    delta = torch.stack([torch.stack([slow_kron(w1, w2[..., y, x]) for x in range(3)], -1) for y in range(3)], -2)
    torch.testing.assert_close(apply(tmp_path, {".lokr_w1": w1, **parts}, weight, 1.0), weight + delta)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_glora(strength: float, tmp_path: Path):
    """W (1 + A) + B; as layers: A works on the input."""
    weight, a1, a2, b1, b2 = matrix(*LINEAR), matrix(4, 2), matrix(2, 4), matrix(6, 2), matrix(2, 4)
    parts = {".a1.weight": a1, ".a2.weight": a2, ".b1.weight": b1, ".b2.weight": b2, ".alpha": torch.tensor(1.0)}
    expected = weight + strength / 2 * (weight @ (a1 @ a2) + b1 @ b2)
    torch.testing.assert_close(apply(tmp_path, parts, weight, strength), expected)
    old = {".a1.weight": a2, ".a2.weight": a1, ".b1.weight": b2, ".b2.weight": b1, ".alpha": torch.tensor(1.0)}
    torch.testing.assert_close(apply(tmp_path, old, weight, strength), expected)


def test_glora_on_a_convolution(tmp_path: Path):
    weight, a1, a2 = matrix(*CONV), matrix(4, 2), matrix(2, 4)
    b1, b2 = matrix(6, 2, 1, 1), matrix(2, 4, 3, 3)
    parts = {".a1.weight": a1[..., None, None], ".a2.weight": a2[..., None, None], ".b1.weight": b1, ".b2.weight": b2}
    inner = torch.einsum("oiyx,ij->ojyx", weight, a1 @ a2)
    expected = weight + inner + product_of_layers([b2, b1], CONV)
    torch.testing.assert_close(apply(tmp_path, parts, weight, 1.0), expected)


def test_ia3(tmp_path: Path):
    weight = matrix(*LINEAR)
    for on_input, w in ((True, matrix(4)), (False, matrix(6, 1))):
        parts = {".weight": w, ".on_input": torch.tensor(on_input)}
        expected = torch.stack([torch.stack([weight[o, i] * (1 + 0.5 * w.flatten()[i if on_input else o])
                                             for i in range(4)]) for o in range(6)])  # fmt: skip
        torch.testing.assert_close(apply(tmp_path, parts, weight, 0.5), expected)


@pytest.mark.parametrize("name", [".diff", ".w_norm"])
def test_differences_and_replacements(name: str, tmp_path: Path):
    weight, value = matrix(5), matrix(5)
    torch.testing.assert_close(apply(tmp_path, {name: value}, weight, 0.5), weight + 0.5 * value)
    assert torch.equal(apply(tmp_path, {".set_weight": value}, weight, 0.5), value)


def test_biases_have_entries_of_their_own(tmp_path: Path):
    save_file({"x.diff": matrix(3), "x.diff_b": matrix(3), "y.b_norm": matrix(2)}, tmp_path / "x.safetensors")
    lora = read_lora(open_weights(tmp_path / "x.safetensors"))
    assert [(entry.name, entry.bias) for entry in lora.entries] == [("x", False), ("x", True), ("y", True)]


def cayley(block: Tensor) -> Tensor:
    q, identity = block - block.T, torch.eye(len(block))
    return torch.linalg.solve(identity - q, identity + q, left=False)


def test_oft_turns_blocks_of_outputs(tmp_path: Path):
    weight, blocks = matrix(*CONV), matrix(3, 2, 2)
    found = apply(tmp_path, {".oft_blocks": blocks}, weight, 1.0)
    turned = torch.cat([torch.einsum("nm,n...->m...", cayley(blocks[k]), weight[2 * k : 2 * k + 2]) for k in range(3)])
    torch.testing.assert_close(found, turned)
    torch.testing.assert_close(found.flatten(1).norm(dim=0), weight.flatten(1).norm(dim=0))  # lengths stay
    # As in ComfyUI: the strength counts twice.
    torch.testing.assert_close(apply(tmp_path, {".oft_blocks": blocks}, weight, 0.5), weight + (turned - weight) / 4)


def test_the_length_of_a_rotation_is_limited(tmp_path: Path):
    weight, blocks = matrix(*SQUARE), matrix(3, 2, 2)
    length = (blocks - blocks.transpose(1, 2)).norm()
    parts = {".oft_blocks": blocks, ".alpha": length / 2}
    half = {".oft_blocks": blocks / 2}
    torch.testing.assert_close(apply(tmp_path, parts, weight, 1.0), apply(tmp_path, half, weight, 1.0))
    loose = {".oft_blocks": blocks, ".alpha": length * 2}
    torch.testing.assert_close(
        apply(tmp_path, loose, weight, 1.0), apply(tmp_path, {".oft_blocks": blocks}, weight, 1.0)
    )


@pytest.mark.parametrize("rescale", [False, True])
def test_boft_is_a_butterfly_of_rotations(rescale: bool, tmp_path: Path):
    """8 outputs, blocks of 4 in two rounds: outputs 0 to 3 together, then those two apart."""
    weight, blocks = matrix(8, 5), matrix(2, 2, 4, 4)
    parts = {".oft_blocks": blocks}
    expected = weight.clone()
    for number, order in enumerate(([[0, 2, 1, 3], [4, 6, 5, 7]], [[0, 4, 1, 5], [2, 6, 3, 7]])):
        after = expected.clone()
        for block, outputs in enumerate(order):
            after[outputs] = cayley(blocks[number, block]) @ expected[outputs]
        expected = after
    if rescale:
        parts[".rescale"] = matrix(8, 1)
        expected = expected * parts[".rescale"]
    torch.testing.assert_close(apply(tmp_path, parts, weight, 1.0), expected)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("axis", ["out", "in"])
@pytest.mark.parametrize("shape", [LINEAR, CONV])
def test_dora(shape: tuple[int, ...], axis: str, strength: float, tmp_path: Path):
    """As ComfyUI 0.3.64: the original's length for outputs, the changed one's for inputs."""
    weight, up, down = matrix(*shape), matrix(6, 2, *[1] * (len(shape) - 2)), matrix(2, *shape[1:])
    ones = [1] * (len(shape) - 2)
    m = matrix(6, 1, *ones).abs() if axis == "out" else matrix(1, 4, *ones).abs()
    parts = {".lora_up.weight": up, ".lora_down.weight": down, ".dora_scale": m, ".alpha": torch.tensor(3.0)}
    changed = weight + 1.5 * (up.flatten(1) @ down.flatten(1)).reshape(shape)
    full = torch.empty_like(weight)
    for index in range(6 if axis == "out" else 4):
        where = (index,) if axis == "out" else (slice(None), index)
        length = (weight if axis == "out" else changed)[where].norm()
        full[where] = changed[where] * m.flatten()[index] / length
    found = apply(tmp_path, parts, weight, strength)
    torch.testing.assert_close(found, weight + strength * (full - weight), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["loha", "lokr", "glora"])
def test_dora_on_top_of_others(kind: str, tmp_path: Path):
    weight, m = matrix(*SQUARE), matrix(6, 1).abs()
    parts = {
        "loha": {".hada_w1_a": matrix(6, 2), ".hada_w1_b": matrix(2, 6), ".hada_w2_a": matrix(6, 2),
                 ".hada_w2_b": matrix(2, 6)},
        "lokr": {".lokr_w1": matrix(2, 3), ".lokr_w2": matrix(3, 2)},
        "glora": {".a1.weight": matrix(6, 2), ".a2.weight": matrix(2, 6), ".b1.weight": matrix(6, 2),
                  ".b2.weight": matrix(2, 6)},
    }[kind]  # fmt: skip
    plain = apply(tmp_path, parts, weight, 1.0)
    found = apply(tmp_path, {**parts, ".dora_scale": m}, weight, 1.0)
    torch.testing.assert_close(found, plain * m / weight.norm(dim=1, keepdim=True), rtol=1e-4, atol=1e-5)


def test_a_fused_weight_is_changed_in_its_part_alone(tmp_path: Path):
    from models.patches.change import Adapted

    fused, up, down = matrix(9, 4), matrix(3, 2), matrix(2, 4)
    save_file({"x.lora_B.weight": up, "x.lora_A.weight": down}, tmp_path / "x.safetensors")
    [entry] = read_lora(open_weights(tmp_path / "x.safetensors")).entries
    found = Adapted(entry.adapter, 2.0, rows=(3, 3)).apply(fused.clone())
    torch.testing.assert_close(found[3:6], fused[3:6] + 2 * up @ down)
    assert torch.equal(found[:3], fused[:3])
    assert torch.equal(found[6:], fused[6:])


def test_swapped_halves(tmp_path: Path):
    """diffusers has scale before shift in a final layer: the LoRA's rows go to the other half."""
    weight, up, down = matrix(*LINEAR), matrix(6, 2), matrix(2, 4)
    save_file({"x.lora_B.weight": up, "x.lora_A.weight": down}, tmp_path / "x.safetensors")
    [entry] = read_lora(open_weights(tmp_path / "x.safetensors")).entries
    found = entry.adapter.apply(weight.clone(), 1.0, swapped=True)
    torch.testing.assert_close(found, weight + torch.cat([up[3:], up[:3]]) @ down)


def test_the_control_loras_of_flux(tmp_path: Path):
    """Norms in them are replacements, though only called `scale`."""
    parts = {"img_in.lora_A.weight": matrix(2, 4), "img_in.lora_B.weight": matrix(6, 2),
             "img_in.lora_B.bias": matrix(6), "single_blocks.0.norm.key_norm.scale": matrix(3)}  # fmt: skip
    save_file(parts, tmp_path / "x.safetensors")
    lora = read_lora(open_weights(tmp_path / "x.safetensors"))
    kinds = {(entry.name, type(entry.adapter).__name__, entry.bias) for entry in lora.entries}
    assert kinds == {
        ("img_in", "LowRank", False), ("img_in", "Difference", True),
        ("single_blocks.0.norm.key_norm.scale", "Replacement", False),
    }  # fmt: skip


def refuse(folder: Path, tensors: Parts, sentence: str) -> None:
    save_file(dict(tensors), folder / "bad.safetensors")
    with pytest.raises(CheckpointError, match=sentence):
        read_lora(open_weights(folder / "bad.safetensors"))


def test_broken_files(tmp_path: Path):
    refuse(tmp_path, {"foo": torch.ones(2)}, "no LoRA")
    refuse(tmp_path, {"x.lora_up.weight": torch.ones(2, 2)}, "no half")
    refuse(tmp_path, {"x.lora_down.weight": torch.ones(2, 2)}, "no half")
    refuse(tmp_path, {"x.lora_up.weight": torch.ones(2, 3), "x.lora_down.weight": torch.ones(4, 2)}, "do not meet")
    refuse(tmp_path, {"x.lora_up.weight": torch.ones(3), "x.lora_down.weight": torch.ones(3)}, "do not meet")
    nan = torch.full((3, 2), float("nan"))
    refuse(tmp_path, {"x.lora_up.weight": torch.ones(2, 3), "x.lora_down.weight": nan}, "no numbers")
    refuse(tmp_path, {"x.diff": nan}, "no numbers")


def test_lora_is_what_peft_computes():
    """A layer beside the base: base(x) + B(A(x)) * alpha / r, which is what the changed weight gives."""
    from models.patches.adapters import LowRank

    base, a, b = nn.Linear(4, 6, bias=False), nn.Linear(4, 2, bias=False), nn.Linear(2, 6, bias=False)
    x = matrix(3, 4)
    weight = LowRank(b.weight.detach(), a.weight.detach(), alpha=8.0).apply(base.weight.detach().clone(), 1.0, False)
    torch.testing.assert_close(functional.linear(x, weight), base(x) + b(a(x)) * 8 / 2)
