"""Contract tests against the real chatterbox-tts, with tiny random checkpoints.

Run by `make test-chatterbox`, not by `make test`: the base install has no torch. A missing package
fails here.
"""
