"""The rolling benchmark: whether anything fails while things are restarted, reloaded and failed over."""
