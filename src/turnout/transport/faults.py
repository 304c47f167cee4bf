"""What went wrong on the way, as a sentence: which host, which step. No query, header value or body is ever in it."""

from __future__ import annotations

from turnout.errors import TimedOut, TransportFailed


def broken(error: OSError, host: str) -> TransportFailed:
    """What an operating system's or TLS error means. ``host`` as in Route.name."""
    if isinstance(error, ConnectionRefusedError):
        return TransportFailed(f"{host} refused the connection; is the server running, and is the port right?")
    if isinstance(error, ConnectionError):
        return TransportFailed(f"{host} reset the connection")
    certificate_problem = getattr(error, "verify_message", None)  # of ssl.SSLCertVerificationError; ssl need not be loaded here
    if certificate_problem:
        return TransportFailed(
            f"the certificate of {host} cannot be trusted: {certificate_problem}; "
            "if your network re-signs TLS, name its CA file in SSL_CERT_FILE"
        )
    if getattr(error, "library", None) is not None:
        return TransportFailed(f"TLS with {host} failed: {getattr(error, 'reason', None) or error.strerror}")
    return TransportFailed(f"the connection to {host} failed: {error.strerror or type(error).__name__}")


def unresolved(host: str) -> TransportFailed:
    return TransportFailed(f"no address is known for the host {host} (DNS); is the name right, and is there a network?")


def tunnel_refused(proxy: str, host: str, status: int) -> TransportFailed:
    hint = "; put user:password@ into the proxy's URL" if status == 407 else ""
    return TransportFailed(f"{proxy} refused a tunnel to {host} with status {status}{hint}")


class Limit:
    """One wait's end: so many seconds from now, or the call's deadline if that comes first."""

    __slots__ = ("_seconds", "until")

    def __init__(self, now: float, seconds: float | None, deadline: float) -> None:
        """``now`` and ``deadline`` on ``time.monotonic()``; no ``seconds``: only the deadline."""
        self.until = deadline
        self._seconds: float | None = None
        if seconds is not None and now + seconds < deadline:
            self.until = now + seconds
            self._seconds = seconds

    def passed(self, host: str, what: str) -> TimedOut:
        """``what`` the host had not done, as in "answered"."""
        if self._seconds is None:
            return TimedOut(f"{host} had not {what} when the call's time was up")
        return TimedOut(f"{host} had not {what} after {self._seconds:g} seconds")
