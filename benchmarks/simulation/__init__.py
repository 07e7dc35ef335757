"""The bot's scheduler, queues and players in simulated time, before cards of a known cost."""
