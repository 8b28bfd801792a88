"""The differential fuzzer: the engine, the checker and the float64 batches against a simulation that shares no code."""
