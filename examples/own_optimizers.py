"""Optimizers of one's own, measured in a loop of one's own: SAM, Lion and Muon on a small network.

Problem: a network of two layers on points of the plane, with cross-entropy. Run ``python examples/own_optimizers.py``.
Each optimizer is written from its paper in a few lines; the monitor needs ``step()`` after each step, and a stability
threshold only where one is known: for SAM none of the classical ones holds, for Lion and Muon, whose updates have a
fixed size, none exists.

SAM: Foret et al., "Sharpness-aware minimization for efficiently improving generalization" (2021). Lion: Chen et al.,
"Symbolic discovery of optimization algorithms" (2023). Muon: Jordan et al., "Muon: an optimizer for hidden layers in
neural networks" (2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from gdcheck import networks

Closure = Callable[[], Any]


class SAM(torch.optim.Optimizer):
    """x ← x − η∇f(x + ρ∇f(x)/‖∇f(x)‖); its step needs a closure, for the second gradient."""

    def __init__(self, params: Iterable[Tensor], lr: float = 0.1, rho: float = 0.05) -> None:
        super().__init__(params, {"lr": lr, "rho": rho})

    def step(self, closure: Closure | None = None) -> Any:  # type: ignore[override]
        """Take a step."""
        assert closure is not None, "SAM takes two gradients a step"
        with torch.enable_grad():
            loss = closure()
        known = [(p, g["lr"], g["rho"]) for g in self.param_groups for p in g["params"] if p.grad is not None]
        norm = torch.sqrt(sum(((p.grad**2).sum() for p, _, _ in known), torch.zeros(()))) + 1e-12
        before = [p.detach().clone() for p, _, _ in known]
        with torch.no_grad():
            for p, _, rho in known:
                p.add_(p.grad, alpha=float(rho / norm))
        with torch.enable_grad():
            closure()
        with torch.no_grad():
            for (p, lr, _), x in zip(known, before, strict=True):
                p.copy_(x - lr * p.grad)
        return loss


class Lion(torch.optim.Optimizer):
    """x ← x − η sign(β₁m + (1−β₁)g), and then m ← β₂m + (1−β₂)g."""

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.99)) -> None:
        super().__init__(params, {"lr": lr, "betas": betas})

    def step(self, closure: Closure | None = None) -> Any:  # type: ignore[override]
        """Take a step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                first, second = group["betas"]
                for p in group["params"]:
                    m = self.state[p].setdefault("m", torch.zeros_like(p))
                    p.sub_(group["lr"] * torch.sign(first * m + (1 - first) * p.grad))
                    m.mul_(second).add_(p.grad, alpha=1 - second)
        return loss


class Muon(torch.optim.Optimizer):
    """Momentum whose update of a matrix is made orthogonal by five steps of Newton and Schulz; plain for vectors."""

    def __init__(self, params: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    def step(self, closure: Closure | None = None) -> Any:  # type: ignore[override]
        """Take a step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    m = self.state[p].setdefault("m", torch.zeros_like(p))
                    m.mul_(group["momentum"]).add_(p.grad)
                    p.sub_(group["lr"] * (_orthogonal(m) if p.ndim == 2 else m))
        return loss


def _orthogonal(m: Tensor) -> Tensor:
    x = m / (m.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if tall else x


def spirals(count: int = 120) -> TensorDataset:
    """Return points on two arms, and which arm each is on."""
    generator = torch.Generator().manual_seed(0)
    t = 3 * torch.rand(count, generator=generator) + 0.3
    arm = torch.arange(count) % 2
    angle = 2 * t + torch.pi * arm
    points = torch.stack([t * torch.cos(angle), t * torch.sin(angle)], dim=1)
    return TensorDataset(points, arm)


def main(epochs: int = 40) -> None:
    """Train with each optimizer and print what was measured."""
    loader = DataLoader(spirals(), batch_size=40, shuffle=True)
    for make in (SAM, Lion, Muon):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
        monitor = networks.measure(
            model, nn.functional.cross_entropy, loader, optimizer=make, epochs=epochs, looks=networks.Looks(every=20)
        )
        seen = monitor.frame().drop_nulls("loss")
        print(  # noqa: T201 - an example prints
            f"{make.__name__}: loss {seen['loss'][0]:.3f} → {seen['loss'][-1]:.3f}, "
            f"sharpness {seen['sharpness'][0]:.3f} → {seen['sharpness'][-1]:.3f}, "
            f"cos of the last two updates {monitor.rows[-1]['cosine']:+.4f}; {monitor.approach().reason}"
        )


if __name__ == "__main__":
    main()
