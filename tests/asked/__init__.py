"""What is asked of the gateway, by tests of more than one suite: drawn at random, or listed."""
