"""Colours that stand for something are told apart by red-blind and green-blind eyes too."""

from itertools import combinations

import numpy as np
import pytest

from gdcheck.reports import charts, plane_picture, sweep_charts

# Machado, Oliveira and Fernandes 2009, severity 1; on linear RGB.
SEEN = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour):
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    t = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(colours):
    """The least CIE 1976 difference of two colours, as any of the eyes sees them, with their names."""
    return min(
        (float(np.linalg.norm(lab(eye @ linear(x)) - lab(eye @ linear(y)))), a, b, seen)
        for (a, x), (b, y) in combinations(colours.items(), 2)
        for seen, eye in SEEN.items()
    )


def of_the_scheme(index):
    return {name: triple[index] for name, triple in charts._COLOURS.items() if name != "grid"}


@pytest.mark.parametrize(
    "colours",
    [
        pytest.param(of_the_scheme(1), id="charts, light"),
        pytest.param(of_the_scheme(2), id="charts, dark"),
        pytest.param({label.name: c for label, c in plane_picture._CERTIFIED.items()}, id="maps, certified"),
    ],
)
def test_the_colours_of_charts_are_far_apart(colours):
    assert closest(colours)[0] >= 20, closest(colours)


def test_no_two_colours_of_a_map_are_close():
    colours = {f"{label.name} certified": c for label, c in plane_picture._CERTIFIED.items()}
    colours |= {f"{label.name} observed": c for label, c in plane_picture._OBSERVED.items()}
    assert closest(colours)[0] >= 12, closest(colours)


@pytest.mark.parametrize("index", [1, 2])
def test_no_two_limits_of_a_sweep_are_close(index):
    named = {charts.STAND_IN[name]: colour for name, colour in of_the_scheme(index).items()}
    colours = {name: named.get(colour, colour) for name, colour in sweep_charts._COLOURS.items()}
    assert closest(colours)[0] >= 12, closest(colours)


def test_close_colours_are_noticed():
    # The green and the red of traffic lights are one colour to green-blind eyes.
    difference, *_, seen = closest({"go": "#3fa34d", "stop": "#c8571b"})
    assert difference < 20 and seen != "all colours"
