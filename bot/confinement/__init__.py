"""Walls around a worker: what the kernel lets it do no more. Linux; elsewhere there are none."""
