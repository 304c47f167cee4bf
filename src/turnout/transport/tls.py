"""The TLS context that every connection verifies its server with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssl import SSLContext


def default_context() -> SSLContext:
    """Trusts the system's certificate authorities, or those that SSL_CERT_FILE and SSL_CERT_DIR name."""
    import ssl  # 7 ms, and 10 more to read the authorities; plain HTTP must not pay it

    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
