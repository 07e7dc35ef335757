"""The speech engines. Only the engine worker imports the modules in here."""
