"""What no route takes, said in the protocol whose paths are most like the one that was asked for."""

from __future__ import annotations

from turnout.errors import Error, ModelNotFound, RequestError
from turnout.gateway.asgi import Headers, Scope, headers_by_name
from turnout.gateway.pages import CALLS, PAGES
from turnout.gateway.routes import Route, Routes

_LONGEST = 200  # characters of a path that are looked at and told


def refusal(routes: Routes, scope: Scope) -> tuple[Route, Error, Headers]:
    """Whose protocol to speak, what to say in it, and the headers beside it."""
    path: str = scope["path"]
    at = [row for row, _ in routes.at(path)]
    kin = routes.kin(path, headers_by_name(scope))
    methods = sorted({row.method for row in at}) or (["GET", "HEAD"] if path in PAGES or path.startswith(CALLS) else [])
    if methods:
        allowed = ", ".join(methods)
        error: Error = RequestError(f"{path[:_LONGEST]} takes {allowed}, not {scope['method']}", status=405)
        return kin, error, [(b"allow", allowed.encode())]
    from turnout.catalog.names import nearest, suggestion

    known = [row.path for row in routes.rows] + list(PAGES)
    meant = suggestion(nearest(path[:_LONGEST], known)) or "; /openapi.json describes those that there are"
    return kin, ModelNotFound(f"no such path: {path[:_LONGEST]}{meant}", status=404, code="not_found"), []
