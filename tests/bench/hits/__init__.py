"""The hit benchmark: what an answer costs that is there already, beside nginx and Varnish."""
