"""A certificate authority that exists for tests alone, and a server certificate from it for the names below. Its key is public.

Made with `openssl ecparam -name prime256v1 -genkey`, `openssl req -x509` and `openssl x509 -req`; valid until 2126.
"""

from __future__ import annotations

import ssl
from pathlib import Path

NAMES = ("localhost", "127.0.0.1", "api.example.test")

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBqDCCAU+gAwIBAgIUWuhpsTr/6bKJuOgEwyPHhCANxfUwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWVHVybm91dCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjEwOTU3
NDlaGA8yMTI2MTAyODA5NTc0OVowITEfMB0GA1UEAwwWVHVybm91dCB0ZXN0IGF1
dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLHmlrKmQmVyli/K7KjH
W0uK6cz5UdJWGiggacY4DcUvO2zrraeLwxfO6sjgP5A2jOOkrr4ynrMpuddE9bln
dvWjYzBhMB0GA1UdDgQWBBRZBB+Xkce+95n50ee0xBuWz9IP7jAfBgNVHSMEGDAW
gBRZBB+Xkce+95n50ee0xBuWz9IP7jAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB
/wQEAwIBBjAKBggqhkjOPQQDAgNHADBEAiBL5f8xwkDzgDNPoGDCDGLCaeYsfh1B
np20MXjM7ug7+gIgc4Q7pAE7UxWHKGwBHlt/EDojD5//BL1wcbGSikEsf+Y=
-----END CERTIFICATE-----
"""

SERVER = """\
-----BEGIN CERTIFICATE-----
MIIB3zCCAYSgAwIBAgIUcqMq0TA+sUkYdy2hDU3lfPwAedkwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWVHVybm91dCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjEwOTU3
NTBaGA8yMTI2MTAyODA5NTc1MFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAE01Ptal466F1boTr1E1YUy4b9cxzaYjk2W+iz
U0CWsr2+dEN0Vh4VwLh0mwu8baxY9pYngW956uevo/WvwWmyxqOBpDCBoTAsBgNV
HREEJTAjgglsb2NhbGhvc3SCEGFwaS5leGFtcGxlLnRlc3SHBH8AAAEwDAYDVR0T
AQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHwYD
VR0jBBgwFoAUWQQfl5HHvveZ+dHntMQbls/SD+4wHQYDVR0OBBYEFBo2MHj8bLZE
nPpRZmZ0+kxLhymUMAoGCCqGSM49BAMCA0kAMEYCIQC3PjPGp7ByF9d1iSvmpwrD
qqsT5fzg73n4BDknFS3t3wIhAMWHYJGGdEZ287M0W4INaU6gzZajt47/iRyQAQ9U
CPMu
-----END CERTIFICATE-----
"""

SERVER_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMTuBkj1HarFn1Dju
nuemDvWaxu4E9ZDP4XiwJrkSd/+hRANCAATTU+1qXjroXVuhOvUTVhTLhv1zHNpi
OTZb6LNTQJayvb50Q3RWHhXAuHSbC7xtrFj2lieBb3nq56+j9a/BabLG
-----END PRIVATE KEY-----
"""


def server_context(folder: Path) -> ssl.SSLContext:
    """``folder``: where the certificate may lie while it is loaded."""
    chain = folder / "server.pem"
    chain.write_text(SERVER + SERVER_KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=AUTHORITY)
