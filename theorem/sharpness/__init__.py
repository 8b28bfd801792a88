"""The sharpness, and other scalars, along a trajectory."""
