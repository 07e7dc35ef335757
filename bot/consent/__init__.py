"""Consent to a voice: what was said, how it was checked, who may speak as whom."""
