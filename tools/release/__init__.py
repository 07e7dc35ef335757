"""What a release is made, checked and described with, in .venv-release."""
