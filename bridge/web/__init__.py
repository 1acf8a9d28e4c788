"""Everything that is served over HTTP: the channels' webhooks, health, and what is mounted beside them."""
