"""False: near the minimizer the sharpness is near λₙ < 2/η, for ever; crossing_radius.py says how near that is."""

from gdcheck import claim, holds

COHEN = "Cohen, Kaur, Li, Kolter, Talwalkar, ICLR 2021, read as a law"


@claim("With a large step the crossing of 2/η is inevitable.", source=COHEN, regimes="large-step", dimensions=(2, 2))
def crossing_inevitable(problem, decision, trajectory):
    """Count the steps above 2/η, of all there are."""
    return holds(trajectory.crossings > 0, note="no step of the whole trajectory is above 2/η")
