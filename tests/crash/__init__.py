"""The program killed with SIGKILL at random moments, and what it had said was done.

`python -m tests.crash [--kills N] [--seed S] [-o FILE.json]`; a package, because its children
import it again.
"""
