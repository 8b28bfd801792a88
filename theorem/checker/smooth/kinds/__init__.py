"""Other kinds of certificates of smooth losses: almost every start, sharpness, steps, points that are not a minimum."""
