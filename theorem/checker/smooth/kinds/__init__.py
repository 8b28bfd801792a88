"""Other kinds of certificates of smooth losses: almost every start, the sharpness, points that are not a minimum."""
