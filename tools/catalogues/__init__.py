"""Keeps the catalogues of bot/i18n at what members can see: `python -m tools.catalogues`."""
