"""Out of the house: Apprise with our own plugins for the three group bots, and the outbox file."""
