"""The official clients on PyPI, one player each."""
