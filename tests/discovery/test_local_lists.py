"""Model servers of this machine, on their usual ports."""

from __future__ import annotations

import asyncio
import socket

from model_server import listed, refused
from msgspec.structs import replace

from turnout.client.local_lists import USUAL, UsualPort, local_servers


def at(server, provider, wire="openai-chat"):
    return UsualPort(provider, provider.title(), wire, server.url(provider), "")


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_the_usual_ports_are_those_of_ollama_lm_studio_llama_cpp_and_vllm():
    assert {(port.provider, port.base_url.rpartition(":")[2].partition("/")[0]) for port in USUAL} == {
        ("ollama", "11434"),
        ("lmstudio", "1234"),
        ("llamacpp", "8080"),
        ("vllm", "8000"),
    }
    assert all(port.base_url.startswith("http://127.0.0.1:") and port.source for port in USUAL)


def test_servers_that_listen_are_found_with_what_they_serve_and_the_others_are_not_there(server):
    server.lists["lmstudio"] = listed("qwen", "llama")
    absent = UsualPort("vllm", "vLLM", "openai-chat", f"http://127.0.0.1:{closed_port()}/v1", "")
    found = asyncio.run(local_servers((at(server, "lmstudio"), absent)))
    assert [(one.provider, one.models, one.error) for one in found] == [("lmstudio", ("qwen", "llama"), None)]


def test_a_server_of_another_protocol_is_asked_in_it(server):
    server.lists["ollama"] = listed()
    port = replace(at(server, "ollama", "ollama"), base_url=server.url("ollama").removesuffix("/v1"))
    found = asyncio.run(local_servers((port,)))
    assert found[0].error is not None  # this one has no /api/tags
    assert server.heads[0].get("authorization") is None


def test_something_else_on_a_usual_port_is_named_and_is_not_an_empty_list(server):
    server.lists["llamacpp"] = refused(404, "a web page")
    found = asyncio.run(local_servers((at(server, "llamacpp"),)))
    assert found[0].models == ()
    assert found[0].error


def test_no_key_of_the_environment_is_sent_to_a_local_port(server, monkeypatch):
    monkeypatch.setenv("VLLM_API_KEY", "vllm-9fJ2mQx7LwT0aB4cD8eF")
    server.lists["vllm"] = listed("m")
    asyncio.run(local_servers((at(server, "vllm"),)))
    assert "vllm-9fJ2mQx7LwT0aB4cD8eF" not in repr(server.heads)


def test_no_model_is_asked_which_would_load_it(server):
    server.lists["lmstudio"] = listed("large")
    asyncio.run(local_servers((at(server, "lmstudio"),)))
    assert server.asked == []
