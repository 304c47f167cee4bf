"""A provider, as data: what a TOML file of a provider holds, with its models."""

ACME = {
    "name": "Acme",
    "wire": "acme-chat",  # of this package
    "base_url": "https://api.acme.example/v1",
    "base_url_env": {"ACME_BASE_URL": "/v1"},
    "key_env": ["ACME_API_KEY"],
    "auth": "acme-seal",  # of this package
    "docs": "https://acme.example/docs",
    "models": {
        "large-1": {
            "context_tokens": 131072,
            "supports": ["tools"],
            "price": {"input": "0.5", "output": "1.5", "source": "acme.example/prices"},
        },
        "small-1": {"context_tokens": 8192, "price": {"input": "0.1", "output": "0.2", "source": "acme.example/prices"}},
    },
}
