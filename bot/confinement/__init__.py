"""Walls around a worker: what the kernel lets it do no more. Linux; elsewhere there are none.

`confine` is for a process that opens what strangers sent, `close_network` for one that has loaded
what it needs. No kept library does this for Python without a compiler or a library of the system:
`pyseccomp` wants libseccomp and had its last release in 2021, the packages named after Landlock are
drafts. The kernel's interface is three calls and a program of numbers, which a test can read.
"""

from bot.confinement.confine import Confinement, close_network, confine
from bot.confinement.wall import Wall, in_words, lacking

__all__ = ["Confinement", "Wall", "close_network", "confine", "in_words", "lacking"]
