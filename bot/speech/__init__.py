"""From text to Opus packets: cleaning, splitting, the engine and its worker."""
