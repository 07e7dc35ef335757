"""Several engines behind one face: those of this machine's devices, and those of a cluster.

`pool` is what the rest uses, `placement` decides which engine takes a sentence, `speed` measures.
"""
