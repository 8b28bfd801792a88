"""The claim that the final sharpness lies just below 2/η, and what is left of it.

``gdcheck claim docs/valleys/folklore.py``. The loss is ½(xy − 1)². Its zeros are (t, 1/t), where the largest Hessian
eigenvalue is t² + 1/t².
"""

from hypothesis import strategies as st

import gdcheck


@st.composite
def beyond(draw):
    """Start next to a zero, with a step size for which the sharpness of that zero is above 2/η."""
    t = draw(st.integers(11, 24)) / 8
    start = [t, round(1 / t, 4) + (2 * draw(st.integers(-16, 15)) + 1) / 256]
    share = draw(st.integers(65, 96)) / 64
    step_size = round(2 * share / (t**2 + 1 / t**2), 4)
    return gdcheck.Problem.residuals(["x*y - 1"], step_size=str(step_size), start=[str(q) for q in start])


@gdcheck.claim(
    "A trajectory that starts at a sharpness above 2/η ends at one between 9/10 of 2/η and 2/η.", strategy=beyond()
)
def just_below(problem, decision, trajectory):
    """Take 9/10 for *just*."""
    share = trajectory.final_sharpness * trajectory.step_size / 2
    starts_above = trajectory.first_sharpness * trajectory.step_size > 2
    found = f"it ends at {float(share.as_float()):.3f} of 2/η"
    return gdcheck.holds(~starts_above | ((share > "0.9") & (share < 1)), note=found)


@gdcheck.claim("Where a trajectory ends alternating, it ends between half of 2/η and 2/η.", strategy=beyond())
def what_is_left(problem, decision, trajectory):
    """Say what η(λ₁ + λ_p) > 2 and ηλ_p < 2 leave of it."""
    share = trajectory.final_sharpness * trajectory.step_size / 2
    return gdcheck.holds((share < 1) & (share > "1/2") if trajectory.alternates else share < 1)
