"""A scheme signs a request; a signer binds a key to a host."""

from __future__ import annotations

import pytest

from turnout.auth import SCHEMES, origin, signer
from turnout.auth.schemes import Scheme, bearer, header, none, query
from turnout.auth.secrets import Secret
from turnout.catalog.schema import Provider
from turnout.effects import Steps
from turnout.errors import ConfigError
from turnout.types import HttpRequest

SECRET = Secret("gsk_9fJ2mQx7", "GROQ_API_KEY")
REQUEST = HttpRequest(method="POST", url="https://api.groq.com/openai/v1/chat/completions", headers={"accept": "*/*"}, body=b"{}")
GROQ = Provider(id="groq", name="Groq", wire="openai-chat", base_url="https://api.groq.com/openai/v1")


def done(steps: Steps[HttpRequest]) -> HttpRequest:
    """Runs steps that must yield no effect."""
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    signed: HttpRequest = stopped.value.value
    return signed


@pytest.mark.parametrize(
    ("scheme", "added"),
    [
        (bearer(""), {"authorization": "Bearer gsk_9fJ2mQx7"}),
        (bearer("cf-aig-authorization"), {"cf-aig-authorization": "Bearer gsk_9fJ2mQx7"}),
        (header("X-Api-Key"), {"x-api-key": "gsk_9fJ2mQx7"}),
        (none(""), {}),
    ],
    ids=["bearer", "bearer in another header", "header", "none"],
)
def test_a_scheme_adds_its_header_and_changes_nothing_else(scheme: Scheme, added: dict[str, str]) -> None:
    signed = done(scheme(REQUEST, SECRET))
    assert signed.headers == {"accept": "*/*", **added}
    assert (signed.method, signed.url, signed.body) == (REQUEST.method, REQUEST.url, REQUEST.body)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/v1", "https://a.example/v1?key=a%2Fb%26c"),
        ("https://a.example/v1?alt=sse", "https://a.example/v1?alt=sse&key=a%2Fb%26c"),
    ],
)
def test_a_key_in_the_query_is_quoted_and_joins_what_is_there(url: str, expected: str) -> None:
    signed = done(query("key")(HttpRequest(method="POST", url=url), Secret("a/b&c", "KEY")))
    assert signed.url == expected
    assert "a%2Fb" not in repr(signed)


@pytest.mark.parametrize("scheme", [bearer(""), header("x-api-key"), query("key"), none("")])
def test_without_a_key_the_request_goes_as_it_is(scheme: Scheme) -> None:
    assert done(scheme(REQUEST, None)) is REQUEST


def test_every_scheme_in_the_table_can_be_imported() -> None:
    from turnout.auth.azure import azure, foundry
    from turnout.auth.google import google
    from turnout.auth.sigv4 import sigv4
    from turnout.plugins import Lazy

    schemes: Lazy[object] = Lazy("auth scheme", "turnout.auths", SCHEMES)
    assert [schemes.get(name) for name in sorted(SCHEMES)] == [azure, bearer, foundry, google, header, none, query, sigv4]


def test_a_signer_signs_for_its_providers_host() -> None:
    assert done(signer(GROQ, bearer(""), SECRET)(REQUEST)).headers["authorization"] == "Bearer gsk_9fJ2mQx7"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/openai/v1/chat/completions",
        "https://api.groq.com.evil.example/openai/v1",
        "https://api.groq.com:8443/openai/v1",
        "http://api.groq.com/openai/v1",
        "https://api.groq.com@evil.example/",
        "https://evil.example/https://api.groq.com/",
        "https:\\\\api.groq.com/",
    ],
)
def test_a_key_is_not_sent_to_another_host_port_or_scheme(url: str) -> None:
    sign = signer(GROQ, bearer(""), SECRET)
    with pytest.raises(ConfigError) as raised:
        done(sign(HttpRequest(method="POST", url=url)))
    assert "gsk_9fJ2mQx7" not in str(raised.value)


def test_a_host_without_a_path_is_the_same_host() -> None:
    provider = Provider(id="p", name="P", wire="w", base_url="https://api.perplexity.ai")
    sign = signer(provider, bearer(""), SECRET)
    for url in ("https://api.perplexity.ai/chat/completions", "https://api.perplexity.ai?x=1", "https://api.perplexity.ai"):
        assert "authorization" in done(sign(HttpRequest(method="POST", url=url))).headers


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.groq.com/openai/v1", "https://api.groq.com/"),
        ("http://localhost:8000", "http://localhost:8000/"),
        ("local://smollm2-135m/v1", "local://smollm2-135m/"),
        ("https://h?q", "https://h/"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize("url", ["api.groq.com/v1", "https://", "https:///v1", "https://user:pass@host/v1", ""])
def test_what_has_no_plain_host_has_no_origin(url: str) -> None:
    with pytest.raises(ConfigError):
        origin(url)
