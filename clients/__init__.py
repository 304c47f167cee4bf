"""The vendors' own clients, unmodified, against a running gateway: every protocol in meets every wire out. `make clients`."""
