"""Benchmarks: each module has `async run() -> dict` and `lines(result) -> list[str]`."""
