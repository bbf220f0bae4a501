"""The bulkhead benchmark: what hits notice of requests that wait for an upstream that hangs."""
