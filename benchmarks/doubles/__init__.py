"""Stand-ins whose cost is known, for benchmarks of what stands around them."""
