"""Hostile inputs by the thousand, with a corpus that is kept.

`python -m tests.fuzz [TARGET ...] [--cases N] [--seed S] [-o FILE.json]`. A target is a module here
with NAME, CASES (how many `make fuzz` tries), QUICK (how many `make test` tries; 0 where
`make test-e2e` has a test of its own) and `run(cases, seed, corpus) -> Report`. corpus: the folder
of inputs that are kept for it and come first; what was mended stays there.
"""
