"""What measuring costs: a full-batch step with its cosine, and a sharpness at equal residual, beside a plain loop.

The plain loop is the usual one: modules, ``backward``, ``torch.optim``, and every ten steps SciPy's ``eigsh`` on a
Hessian-vector product. It gets the same product as ours, with the gradient's graph kept; a second version makes the
graph anew for every product, as published code for the edge of stability does. As it is usually called, ``eigsh``
cannot stop before twenty products, and its residual is far smaller than asked; ours, which is ``eigsh`` on a small
basis that begins with what was found last, is therefore also run at a tolerance that matches what that reaches.
SciPy's ``lobpcg`` with the same start stands beside it. All descend from the same start, block by block in turn. Run
``tox -e bench-torch``; the figures are printed and written to benchmarks/out/optimizers.json.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.sparse.linalg import LinearOperator, eigsh, lobpcg
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from gdcheck.networks.data import DataConfig, Images, load
from gdcheck.networks.devices import choose_device, surroundings
from gdcheck.networks.measurements import Spectroscope, cosine
from gdcheck.networks.methods import Method, MethodConfig, make_optimizer
from gdcheck.networks.networks import NetworkConfig, build
from gdcheck.networks.objective import LossKind, Objective
from gdcheck.properties.storage.files import as_json, write_text_atomically

OUT = Path(__file__).parent / "out" / "optimizers.json"
STEP_SIZE, EVERY = 0.1, 10
ASKED, REACHED = 1e-3, 1e-5

Product = Callable[[Tensor], Tensor]


class Ours:
    """The package's own loop."""

    def __init__(self, images: Images, device: torch.device, tolerance: float) -> None:
        self.objective = _objective(images, device)
        self.theta = self.objective.start().requires_grad_()
        self.optimizer = make_optimizer(MethodConfig(Method.GD, STEP_SIZE), self.theta)
        self.scope = Spectroscope(1, tolerance, self.theta.detach())
        self.before = self.theta.detach().clone()
        self.update: Tensor | None = None
        self.looks = 0

    def step(self) -> float | None:
        """One step; the cosine."""
        self.theta.grad = self.objective.evaluate(self.theta).gradient
        self.optimizer.step()
        here = self.theta.detach().clone()
        update, last = here - self.before, self.update
        self.before, self.update = here, update
        return None if last is None else cosine(update, last)

    def sharpness(self) -> tuple[float, float, int]:
        """Return the largest eigenvalue, its relative residual, and the products needed."""
        top = self.scope.look(self.objective.products(self.theta), None, self.looks).pairs
        self.looks += 1
        return top.values[0], top.residuals[0] / top.values[0], top.products


class Lobpcg(Ours):
    """The package's own loop, with SciPy's ``lobpcg`` in place of ``eigsh``, begun with what was found last."""

    last: Any = None

    def sharpness(self) -> tuple[float, float, int]:
        """Return the largest eigenvalue, its relative residual, and the products needed."""
        product = self.objective.products(self.theta)
        count = 0

        def multiply(vector: Any) -> Any:
            nonlocal count
            count += 1
            return product(torch.from_numpy(np.asarray(vector, dtype=np.float32).ravel()).to(self.theta)).cpu().numpy()

        n = len(self.theta)
        operator = LinearOperator((n, n), matvec=multiply, dtype=np.float32)
        value, vector = (1.0, np.random.default_rng(0).standard_normal((n, 1))) if self.last is None else self.last
        values, vectors = lobpcg(operator, vector.astype(np.float32), tol=ASKED * value, maxiter=100, largest=True)
        self.last, needed = (float(values[0]), vectors), count
        residual = np.linalg.norm(multiply(vectors[:, 0]) - values[0] * vectors[:, 0]) / values[0]
        return float(values[0]), float(residual), needed


class Plain:
    """Modules, backward, torch.optim, eigsh."""

    def __init__(self, images: Images, device: torch.device, *, keep_graph: bool) -> None:
        self.model = build(NetworkConfig(), images.shape, len(images.classes), 0).to(device)
        self.inputs = images.inputs.to(device)
        self.targets = nn.functional.one_hot(images.labels, len(images.classes)).float().to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=STEP_SIZE)
        self.before = parameters_to_vector(self.model.parameters()).detach().clone()
        self.update: Tensor | None = None
        self.objective = _objective(images, device)
        self.keep_graph = keep_graph

    def step(self) -> float | None:
        """One step; the cosine."""
        self.optimizer.zero_grad()
        loss = (self.model(self.inputs) - self.targets).square().sum() / (2 * len(self.inputs))
        loss.backward()
        self.optimizer.step()
        here = parameters_to_vector(self.model.parameters()).detach().clone()
        update, last = here - self.before, self.update
        self.before, self.update = here, update
        return None if last is None else float(nn.functional.cosine_similarity(update, last, dim=0))

    def sharpness(self) -> tuple[float, float, int]:
        """Return the largest eigenvalue, its relative residual, and the products needed."""
        theta = parameters_to_vector(self.model.parameters()).detach()
        product: Product = self.objective.products(theta)
        if not self.keep_graph:
            product = lambda v: self.objective.products(theta)(v)  # noqa: E731, PLW0108 - anew each time
        count = 0

        def multiply(vector: Any) -> Any:
            nonlocal count
            count += 1
            return product(torch.from_numpy(np.asarray(vector, dtype=np.float32).ravel()).to(theta)).cpu().numpy()

        operator = LinearOperator((len(theta), len(theta)), matvec=multiply, dtype=np.float32)
        values, vectors = eigsh(operator, k=1, which="LA", tol=ASKED)
        needed = count
        vector = vectors[:, 0]
        residual = np.linalg.norm(multiply(vector) - values[0] * vector) / values[0]
        return float(values[0]), float(residual), needed


def _objective(images: Images, device: torch.device) -> Objective:
    network = build(NetworkConfig(), images.shape, len(images.classes), 0)
    return Objective(network, images, LossKind.MSE, 0.0, device=device)


def seconds(call: Callable[[], Any], device: torch.device) -> tuple[float, Any]:
    """Return the wall time of one call and its result, with the device's queue empty before and after."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    result = call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun, result


def compare(images: Images, device: torch.device, blocks: int) -> dict[str, Any]:
    """Blocks of ten steps and one sharpness, each loop in turn."""
    loops = {
        "ours": Ours(images, device, ASKED),
        "ours, residual of eigsh": Ours(images, device, REACHED),
        "lobpcg": Lobpcg(images, device, ASKED),
        "plain": Plain(images, device, keep_graph=True),
        "plain, graph anew": Plain(images, device, keep_graph=False),
    }
    steps: dict[str, list[float]] = {name: [] for name in loops}
    looks: dict[str, list[float]] = {name: [] for name in loops}
    seen: dict[str, list[tuple[float, float, int]]] = {name: [] for name in loops}
    for loop in loops.values():
        loop.step()
    for _ in track(range(blocks), "blocks", console=Console(stderr=True)):
        for name, loop in loops.items():
            look, found = seconds(loop.sharpness, device)
            looks[name].append(look)
            seen[name].append(found)
            steps[name].append(sum(seconds(loop.step, device)[0] for _ in range(EVERY)))
    for name in loops:
        gaps = [abs(a[0] / b[0] - 1) for a, b in zip(seen[name], seen["ours"], strict=True)]
        if max(gaps) > 1e-3:
            raise SystemExit(f"{name} and ours differ by {max(gaps):.1e} in the sharpness")
        if max(found[1] for found in seen[name]) > 1.1 * ASKED:
            raise SystemExit(f"{name} misses the residual: {max(f[1] for f in seen[name]):.1e}")
    rows = {}
    for name in loops:
        whole = [
            (a + b) / (c + d) for a, b, c, d in zip(steps[name], looks[name], steps["ours"], looks["ours"], strict=True)
        ]
        rows[name] = {
            "step_and_cosine_ms": 1e3 * statistics.median(steps[name]) / EVERY,
            "sharpness_ms": 1e3 * statistics.median(looks[name]),
            "products": statistics.mean(found[2] for found in seen[name]),
            "largest_residual": max(found[1] for found in seen[name]),
            "whole_over_ours": (sum(steps[name]) + sum(looks[name])) / (sum(steps["ours"]) + sum(looks["ours"])),
            "median_block_over_ours": statistics.median(whole),
        }
    return rows


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a directory with one folder of images for each class")
    parser.add_argument("--subset", type=int, default=500)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = choose_device(options.device)
    images = load(DataConfig(folder=options.data, subset=options.subset, side=32))
    rows = compare(images, device, options.blocks)
    figures = {"machine": surroundings(device), "data": images.name, "images": options.subset, "loops": rows}
    console = Console(width=120)
    table = Table("loop", *rows["ours"], title=f"{images.name}, {options.subset} images, {device}")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.4g}" for value in row.values()))
    console.print(table)
    OUT.parent.mkdir(exist_ok=True)
    write_text_atomically(OUT, as_json(figures))
    console.print(f"written to {OUT.relative_to(Path(__file__).parent.parent)}")


if __name__ == "__main__":
    main()
