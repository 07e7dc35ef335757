"""The tools that make, check and describe a release."""
