"""Each assumption of Theorem 1 dropped in turn: is it needed, and what goes wrong without it?"""

from __future__ import annotations

from properties.ablation.ablation import Ablation, Outcome
from properties.ablation.rows import ABLATIONS

__all__ = ["ABLATIONS", "Ablation", "Outcome"]
