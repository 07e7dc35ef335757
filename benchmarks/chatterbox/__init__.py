"""Mynah's Chatterbox against stock chatterbox-tts, in one run, on random weights.

Random weights cost what real ones cost; they only say nothing. Run with the environment that has
chatterbox-tts: `python -m benchmarks.chatterbox [--full-size]`.
"""
