"""What becomes of the bot when Discord fails, route by route, and voice and gateway."""
