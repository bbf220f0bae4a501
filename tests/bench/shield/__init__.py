"""The shield benchmark: what upstream is spared, beside nginx' proxy_cache, Varnish and nothing."""
