"""Decoding with Chatterbox's T3, over the weights of the stock module.

T3 turns a text and a voice into speech tokens, 25 a second. Stock code decodes one text at a time
and allocates as it goes; here several texts share one static cache and every step.
"""
