"""The evaluation engine: described circuits replayed on lightning, sampled from exact probabilities."""
