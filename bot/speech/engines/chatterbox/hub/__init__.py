"""Weights from the model hub: its cache, downloads that go on where they stopped, checksums."""
