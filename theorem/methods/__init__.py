"""What a method predicts: statements about limits of direction, regime by regime."""
