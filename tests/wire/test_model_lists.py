"""Lists of models: what each endpoint says, in our words, and what we say to callers, judged by the vendors' own types."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from turnout.catalog.listed import from_listed, listed
from turnout.catalog.schema import Model, Price, Provider
from turnout.errors import AuthenticationFailed, Error, ModelNotFound, RateLimited, RequestError, ServerFault
from turnout.registry import Registry
from turnout.types import HttpResponse, ListedModel, ModelPage, Origin, Target
from turnout.wire import ModelsCodec, ModelsServer

WIRES = Registry(environ={}).wires
LISTING = ["anthropic-messages", "bedrock-converse", "cohere-chat", "gemini", "ollama", "openai-chat", "openai-responses"]
SERVING = [name for name in LISTING if name != "bedrock-converse"]


def codec(wire: str) -> ModelsCodec:
    found = WIRES.get(wire).models
    assert found is not None
    return found


def server(wire: str) -> ModelsServer:
    found = WIRES.get(wire).models_server
    assert found is not None
    return found


def provider(wire: str, base_url: str = "https://llm.example/v1", **fields: Any) -> Provider:
    return Provider(id="acme", name="Acme", wire=wire, base_url=base_url, **fields)


def decoded(wire: str, body: bytes, status: int = 200) -> ModelPage:
    return codec(wire).decode(HttpResponse(status=status, body=body), provider(wire))


def asked(wire: str, page: str | None = None, **fields: Any) -> str:
    request = codec(wire).encode(provider(wire, **fields), page)
    assert request.method == "GET"
    assert request.body == b""
    return request.url


# -- what endpoints say ----------------------------------------------------------------------------


def test_openai_says_an_id_a_time_and_an_owner() -> None:
    page = decoded(
        "openai-chat", b'{"object":"list","data":[{"id":"gpt-4","object":"model","created":1687882411,"owned_by":"openai"}]}'
    )
    assert page.next is None
    assert page.models == (
        ListedModel(
            id="gpt-4",
            created=1687882411,
            owned_by="openai",
            extra={"object": "model"},
            origin=Origin("openai-chat", "acme"),
        ),
    )


def test_openrouter_prices_per_token_become_exact_dollars_per_million() -> None:
    body = (
        b'{"data":[{"id":"a/b","name":"A: B","created":1747930371,"context_length":200000,"architecture":{"input_modalities":'
        b'["image","text","file"],"output_modalities":["text"]},"pricing":{"prompt":"0.000003","completion":"0.000015",'
        b'"input_cache_read":"0.0000003","input_cache_write":"-1","internal_reasoning":"0"},"top_provider":'
        b'{"max_completion_tokens":64000},"supported_parameters":["tools","temperature","top_k"]}]}'
    )
    (model,) = decoded("openai-chat", body).models
    assert model.prices == {"input": Decimal(3), "output": Decimal(15), "cache_read": Decimal("0.3")}
    assert (model.name, model.context_tokens, model.max_output_tokens) == ("A: B", 200000, 64000)
    assert model.supports == {"tools", "temperature", "image-in", "text-in", "text-out"}
    assert model.extra is not None
    assert model.extra["pricing"]["internal_reasoning"] == "0"


@pytest.mark.parametrize(
    ("pricing", "prices"),
    [
        (
            b'{"input":12.5,"output":50,"cache_read":0.1,"unit":"usd_per_1m_tokens"}',
            {"input": "12.5", "output": "50", "cache_read": "0.1"},
        ),
        (b'{"input":0.6,"output":0.6}', None),  # nobody says of what
        (b'{"prompt":"NaN","completion":"-1"}', None),
        (b'{"prompt":"0","completion":"0"}', {"input": "0", "output": "0"}),
        (b'"free"', None),
    ],
)
def test_a_price_whose_unit_is_not_said_is_not_known(pricing: bytes, prices: dict[str, str] | None) -> None:
    (model,) = decoded("openai-chat", b'{"data":[{"id":"m","pricing":' + pricing + b"}]}").models
    assert model.prices == (None if prices is None else {name: Decimal(price) for name, price in prices.items()})


def test_mistral_says_what_a_model_can_and_cannot() -> None:
    body = (
        b'{"data":[{"id":"m","max_context_length":131072,"capabilities":'
        b'{"function_calling":true,"vision":false,"completion_chat":true}}]}'
    )
    (model,) = decoded("openai-chat", body).models
    assert (model.supports, model.lacks, model.context_tokens) == ({"tools"}, {"image-in"}, 131072)


@pytest.mark.parametrize("body", [b'[{"id":"m"}]', b'{"data":[{"id":"m"}]}', b'{"models":[{"id":"m"}],"object":"list"}'])
def test_dialects_of_openai_put_the_list_in_different_places(body: bytes) -> None:
    assert [model.id for model in decoded("openai-responses", body).models] == ["m"]


def test_a_time_of_zero_is_not_known() -> None:
    (model,) = decoded("openai-chat", b'{"data":[{"id":"m","created":0,"owned_by":""}]}').models
    assert (model.created, model.owned_by, model.extra) == (None, None, {"created": 0, "owned_by": ""})


def test_anthropic_pages_by_the_last_id() -> None:
    body = (
        b'{"data":[{"type":"model","id":"claude-x","display_name":"Claude X","created_at":"2025-10-15T00:00:00Z",'
        b'"max_input_tokens":200000,"max_tokens":64000,"capabilities":{"image_input":{"supported":true},"thinking":'
        b'{"supported":false,"types":{}}}}],"has_more":true,"first_id":"claude-x","last_id":"claude-x"}'
    )
    page = decoded("anthropic-messages", body)
    (model,) = page.models
    assert page.next == "claude-x"
    assert (model.name, model.created, model.context_tokens, model.max_output_tokens) == ("Claude X", 1760486400, 200000, 64000)
    assert (model.supports, model.lacks) == ({"image-in"}, {"reasoning"})


def test_gemini_names_are_those_that_a_request_takes() -> None:
    body = (
        b'{"models":[{"name":"models/gemini-x","displayName":"Gemini X","inputTokenLimit":1048576,"outputTokenLimit":65536,'
        b'"thinking":true},{"name":"tunedModels/mine"}],"nextPageToken":"Ch9t"}'
    )
    page = decoded("gemini", body)
    assert [model.id for model in page.models] == ["gemini-x", "tunedModels/mine"]
    assert page.next == "Ch9t"
    first = page.models[0]
    assert (first.name, first.context_tokens, first.max_input_tokens, first.max_output_tokens) == (
        "Gemini X",
        None,
        1048576,
        65536,
    )
    assert first.supports == {"reasoning"}


def test_vertex_lists_a_publishers_models() -> None:
    page = decoded(
        "gemini", b'{"publisherModels":[{"name":"publishers/google/models/gemini-x","versionId":"001","launchStage":"GA"}]}'
    )
    assert [model.id for model in page.models] == ["gemini-x"]


def test_a_page_of_protocol_buffers_without_models_is_empty() -> None:
    assert decoded("gemini", b"{}").models == ()
    assert decoded("gemini", b'{"nextPageToken":"x"}').next == "x"


def test_cohere_says_features_and_a_context_that_may_be_a_fraction() -> None:
    body = (
        b'{"models":[{"name":"command-x","endpoints":["chat"],"context_length":128000.0,"features":["tools","json_mode"]}],'
        b'"next_page_token":"p2"}'
    )
    page = decoded("cohere-chat", body)
    (model,) = page.models
    assert (page.next, model.id, model.context_tokens, model.supports) == ("p2", "command-x", 128000, {"tools"})


def test_ollama_lists_what_is_on_the_machine() -> None:
    body = b'{"models":[{"name":"qwen3:14b","model":"qwen3:14b","size":9276198324,"digest":"7d7d","details":{"family":"qwen3"}}]}'
    (model,) = decoded("ollama", body).models
    assert model.id == "qwen3:14b"
    assert decoded("ollama", b'{"models":null}').models == ()  # how Go writes an empty list


def test_ollama_tells_of_one_model_at_an_address_of_its_own() -> None:
    request = codec("ollama").encode_one(provider("ollama", "http://localhost:11434/v1"), "llama3.2:3b")
    assert (request.method, request.url, request.body) == ("POST", "http://localhost:11434/api/show", b'{"model":"llama3.2:3b"}')
    body = (
        b'{"details":{},"model_info":{"general.architecture":"llama","llama.context_length":131072},'
        b'"capabilities":["completion","tools"]}'
    )
    model = codec("ollama").decode_one(HttpResponse(status=200, body=body), provider("ollama"), "llama3.2:3b")
    assert (model.id, model.context_tokens) == ("llama3.2:3b", 131072)
    assert (model.supports, model.lacks) == ({"tools", "text-out"}, {"image-in", "reasoning"})


def test_bedrock_lists_modalities() -> None:
    body = (
        b'{"modelSummaries":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/x.y-v1:0","modelId":"x.y-v1:0","modelName":"Y",'
        b'"providerName":"X","inputModalities":["TEXT","IMAGE"],"outputModalities":["TEXT","EMBEDDING"],"modelLifecycle":{"status":"ACTIVE"}}]}'
    )
    (model,) = decoded("bedrock-converse", body).models
    assert (model.id, model.name, model.owned_by) == ("x.y-v1:0", "Y", "X")
    assert model.supports == {"text-in", "image-in", "text-out"}


# -- what is asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "base_url", "page", "url"),
    [
        ("openai-chat", "https://h/v1", None, "https://h/v1/models"),
        ("openai-chat", "https://h/v1", "a/b", "https://h/v1/models?after=a%2Fb"),
        ("anthropic-messages", "https://h/v1", "claude x", "https://h/v1/models?limit=1000&after_id=claude%20x"),
        ("gemini", "https://h/v1beta", "Ch9=", "https://h/v1beta/models?pageSize=100&pageToken=Ch9%3D"),
        ("cohere-chat", "https://h/v2", "p&2", "https://h/v1/models?page_size=1000&page_token=p%262"),
        ("ollama", "http://h:11434/api", None, "http://h:11434/api/tags"),
        ("bedrock-converse", "https://h", None, "https://h/foundation-models"),
    ],
)
def test_each_protocol_pages_in_its_own_words(wire: str, base_url: str, page: str | None, url: str) -> None:
    assert asked(wire, page, base_url=base_url) == url


def test_a_row_may_say_where_its_models_are_listed() -> None:
    url = "https://control.h/list?pageSize=7"
    assert asked("gemini", "t", models_url=url) == "https://control.h/list?pageSize=7&pageToken=t"


def test_a_list_is_asked_for_with_the_version_that_the_protocol_requires() -> None:
    request = codec("anthropic-messages").encode(provider("anthropic-messages", headers={"x-team": "a"}))
    assert request.headers == {"accept": "application/json", "anthropic-version": "2023-06-01", "x-team": "a"}


@pytest.mark.parametrize("id", ["../keys", "a/../b", "", "a//b"])
def test_a_name_that_leads_elsewhere_is_refused(id: str) -> None:
    with pytest.raises(RequestError):
        codec("openai-chat").encode_one(provider("openai-chat"), id)


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", LISTING)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"null",
        b"3",
        b'"x"',
        b'{"object":"list"}',
        b'{"error":null}',
        b'{"data":{}}',
        b"[1]",
        b'{"message":"hi"}',
    ],
)
def test_what_is_no_list_is_never_an_empty_one(wire: str, body: bytes) -> None:
    with pytest.raises(ServerFault):
        decoded(wire, body)


@pytest.mark.parametrize("wire", LISTING)
def test_an_error_inside_a_200_is_an_error(wire: str) -> None:
    with pytest.raises(Error) as raised:
        decoded(wire, b'{"error":{"message":"the key is wrong","type":"authentication_error","code":"invalid_api_key"}}')
    assert "acme/models" in str(raised.value)


@pytest.mark.parametrize("wire", LISTING)
@pytest.mark.parametrize("entry", [b"{}", b'"m"', b"[]", b"null", b'{"id":3,"name":4,"modelId":5}'])
def test_an_entry_without_a_name_is_a_fault(wire: str, entry: bytes) -> None:
    body = b'{"data":[%b],"models":[%b],"modelSummaries":[%b]}' % (entry, entry, entry)
    with pytest.raises(ServerFault, match="no model"):
        decoded(wire, body)


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationFailed), (429, RateLimited), (500, ServerFault)])
@pytest.mark.parametrize("wire", ["anthropic-messages", "openai-chat", "gemini", "cohere-chat", "ollama"])
def test_a_refusal_is_the_error_that_the_protocol_means(wire: str, status: int, kind: type[Error]) -> None:
    error = codec(wire).decode_error(HttpResponse(status=status, body=b'{"message":"no"}'), provider(wire))
    assert type(error) is kind
    assert error.target == Target("acme", "models")


_FIELDS = st.sampled_from(
    [
        "id",
        "name",
        "model",
        "created",
        "created_at",
        "owned_by",
        "display_name",
        "displayName",
        "data",
        "models",
        "modelSummaries",
        "modelId",
        "inputModalities",
        "error",
        "pricing",
        "prompt",
        "completion",
        "unit",
        "input",
        "output",
        "capabilities",
        "supported",
        "image_input",
        "context_length",
        "max_input_tokens",
        "features",
        "tools",
        "inputTokenLimit",
        "thinking",
        "temperature",
        "meta",
        "n_ctx",
        "architecture",
        "input_modalities",
        "has_more",
        "last_id",
        "nextPageToken",
        "next_page_token",
        "model_info",
        "details",
        "general.architecture",
        "top_provider",
        "supported_parameters",
    ]
)
_WORDS = st.sampled_from(
    ["", "m", "usd_per_1m_tokens", "0.1", "1e999999999", "-1", "TEXT", "tools", "0001-01-01T00:00:00+23:59", "9" * 50]
)
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), _WORDS)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_FIELDS, inner, max_size=6)), max_leaves=25
)


_ENTRIES = st.lists(
    st.dictionaries(_FIELDS, _VALUES, max_size=8).map(lambda said: {**said, "id": "m", "name": "m", "modelId": "m"}), max_size=3
)
_LISTS = st.tuples(st.dictionaries(_FIELDS, _VALUES, max_size=3), _ENTRIES).map(
    lambda told: {**told[0], "data": told[1], "models": told[1], "modelSummaries": told[1], "modelDetails": {"modelId": "m"}}
)


@given(wire=st.sampled_from(LISTING), value=st.one_of(_VALUES, _LISTS), status=st.sampled_from([200, 404, 500]))
def test_whatever_an_endpoint_says_is_a_list_or_an_error(wire: str, value: Any, status: int) -> None:
    response = HttpResponse(status=status, body=json.dumps(value).encode())
    assert isinstance(codec(wire).decode_error(response, provider(wire)), Error)
    for decode in (codec(wire).decode, lambda *given: codec(wire).decode_one(*given, "m")):
        try:
            found = decode(response, provider(wire))
        except Error:
            continue
        if wire in SERVING:
            rendered = server(wire).render(found) if isinstance(found, ModelPage) else server(wire).render_one(found)
            assert json.loads(rendered) is not None


# -- what callers are told -------------------------------------------------------------------------

CATALOG = [
    Model(
        target=Target("groq", f"model-{number}"),
        name=f"Model {number}",
        context_tokens=131072,
        max_output_tokens=8192,
        supports=frozenset({"tools", "reasoning", "text-in", "image-in", "text-out", "temperature"}),
        lacks=frozenset({"structured_output"}),
        price=Price(input=Decimal("0.59"), output=Decimal("0.79"), cache_read=Decimal("0.05")),
        released="2025-04-01",
    )
    for number in range(5)
]
OURS = [listed(model) for model in CATALOG]


def told(wire: str, query: str = "", models: list[ListedModel] = OURS) -> Any:
    return json.loads(server(wire).render(server(wire).page(models, query)))


@pytest.mark.parametrize("wire", SERVING)
def test_what_we_list_is_read_back_by_our_own_codec(wire: str) -> None:
    body = server(wire).render(server(wire).page(OURS, ""))
    page = decoded(wire, body)
    assert [model.id for model in page.models] == [model.id for model in OURS]
    known = {name: getattr(page.models[0], name) for name in ("name", "created", "context_tokens", "max_output_tokens", "prices")}
    assert {name: value for name, value in known.items() if value is not None}.items() <= {
        name: getattr(OURS[0], name) for name in known
    }.items()
    assert page.models[0].supports <= OURS[0].supports | {"temperature"}


def test_openai_callers_get_prices_and_limits_in_openrouters_words() -> None:
    assert told("openai-chat", models=OURS[:1]) == {
        "object": "list",
        "data": [
            {
                "id": "groq/model-0",
                "object": "model",
                "created": 1743465600,
                "owned_by": "groq",
                "name": "Model 0",
                "context_length": 131072,
                "top_provider": {"context_length": 131072, "max_completion_tokens": 8192},
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                "supported_parameters": ["tools", "reasoning", "temperature"],
                "pricing": {"prompt": "0.00000059", "completion": "0.00000079", "input_cache_read": "0.00000005"},
            }
        ],
    }


def test_anthropic_callers_page_forwards_and_backwards() -> None:
    first = told("anthropic-messages", "limit=2")
    assert [model["id"] for model in first["data"]] == ["groq/model-0", "groq/model-1"]
    assert (first["has_more"], first["first_id"], first["last_id"]) == (True, "groq/model-0", "groq/model-1")
    second = told("anthropic-messages", "limit=3&after_id=groq%2Fmodel-1")
    assert ([model["id"] for model in second["data"]], second["has_more"]) == ([f"groq/model-{n}" for n in (2, 3, 4)], False)
    back = told("anthropic-messages", "limit=2&before_id=groq/model-3")
    assert ([model["id"] for model in back["data"]], back["has_more"]) == (["groq/model-1", "groq/model-2"], True)


@pytest.mark.parametrize(
    ("wire", "size", "cursor", "field"),
    [("gemini", "pageSize", "pageToken", "nextPageToken"), ("cohere-chat", "page_size", "page_token", "next_page_token")],
)
def test_following_the_token_gives_every_model_once(wire: str, size: str, cursor: str, field: str) -> None:
    seen: list[str] = []
    query = f"{size}=2"
    for _ in range(4):
        page = told(wire, query)
        seen += [model["name"].removeprefix("models/") for model in page["models"]]
        if field not in page:
            break
        query = f"{size}=2&{cursor}={page[field]}"
    assert seen == [model.id for model in OURS]


@pytest.mark.parametrize(
    ("wire", "query", "param"),
    [
        ("anthropic-messages", "limit=0", "limit"),
        ("anthropic-messages", "limit=1001", "limit"),
        ("anthropic-messages", "limit=ten", "limit"),
        ("anthropic-messages", "after_id=nobody", "after_id"),
        ("anthropic-messages", "after_id=groq/model-1&before_id=groq/model-3", "before_id"),
        ("gemini", "pageSize=-1", "pageSize"),
        ("gemini", "pageToken=stale", "pageToken"),
        ("cohere-chat", "page_size=%D9%A3", "page_size"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_by_name(wire: str, query: str, param: str) -> None:
    with pytest.raises(RequestError) as raised:
        server(wire).page(OURS, query)
    assert raised.value.param == param
    status, body = server(wire).render_error(raised.value)
    assert status == 400
    assert param in body.decode()


def test_a_query_with_too_many_fields_is_refused() -> None:
    with pytest.raises(RequestError):
        server("gemini").page(OURS, "&".join(f"a{n}=1" for n in range(200)))


@pytest.mark.parametrize("wire", SERVING)
def test_nobody_is_listed_for_a_caller_without_models(wire: str) -> None:
    rendered = told(wire, models=[])
    assert rendered[next(name for name in ("data", "models") if name in rendered)] == []


def test_cohere_callers_may_ask_for_one_endpoint() -> None:
    assert told("cohere-chat", "endpoint=embed")["models"] == []
    assert len(told("cohere-chat", "endpoint=chat")["models"]) == 5


# -- judged by the vendors' own types --------------------------------------------------------------


def test_openais_own_types_take_our_list() -> None:
    from openai.types import Model as OpenAIModel

    models = [OpenAIModel.model_validate(model, strict=True) for model in told("openai-chat")["data"]]
    assert models[0].id == "groq/model-0"
    one = json.loads(server("openai-responses").render_one(ListedModel(id="unknown-to-all")))
    assert OpenAIModel.model_validate(one, strict=True).created == 0


def test_anthropics_own_types_take_our_list() -> None:
    from anthropic.pagination import SyncPage
    from anthropic.types import ModelInfo

    page = SyncPage[ModelInfo].construct(**told("anthropic-messages", "limit=2"))
    assert [model.display_name for model in page.data] == ["Model 0", "Model 1"]
    assert page.has_more is True
    assert page.data[0].created_at.timestamp() == 1743465600


def test_googles_own_types_take_our_list() -> None:
    from google.genai import types
    from google.genai.models import _ListModelsResponse_from_mldev

    response = types.ListModelsResponse._from_response(
        response=_ListModelsResponse_from_mldev(told("gemini", "pageSize=2")), kwargs={}
    )
    assert response.models is not None
    assert [(model.name, model.input_token_limit) for model in response.models] == [
        ("models/groq/model-0", 131072),
        ("models/groq/model-1", 131072),
    ]
    assert response.next_page_token == "groq/model-1"


def test_coheres_own_types_take_our_list() -> None:
    from cohere.types import ListModelsResponse

    response = ListModelsResponse.model_validate(told("cohere-chat", "page_size=1"))
    assert (response.models[0].name, response.models[0].context_length) == ("groq/model-0", 131072)
    assert response.next_page_token == "groq/model-0"


def test_ollamas_own_types_take_our_list() -> None:
    from ollama import ListResponse, ShowResponse

    response = ListResponse.model_validate(told("ollama"))
    assert [model.model for model in response.models] == [model.id for model in OURS]
    shown = ShowResponse.model_validate_json(server("ollama").render_one(OURS[0]))
    assert shown.capabilities == ["completion", "tools", "vision", "thinking"]


def test_mistrals_own_types_take_what_we_decoded_and_render_again() -> None:
    from mistralai.client.models import ModelList

    body = (
        b'{"object":"list","data":[{"id":"m","object":"model","created":1767220880,"owned_by":"mistralai","capabilities":'
        b'{"completion_chat":true,"function_calling":true},"name":"M","max_context_length":131072,"aliases":[],"type":"base"}]}'
    )
    rendered = server("openai-chat").render(decoded("openai-chat", body))
    assert json.loads(rendered) == json.loads(body)
    models = ModelList.model_validate_json(rendered).data
    assert models is not None
    assert models[0].id == "m"


def test_botocore_reads_what_we_read() -> None:
    from botocore.parsers import create_parser
    from botocore.session import Session

    shape = Session().get_service_model("bedrock").operation_model("ListFoundationModels").output_shape
    body = b'{"modelSummaries":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/x","modelId":"x","modelName":"X"}]}'
    theirs = create_parser("rest-json").parse({"status_code": 200, "headers": {}, "body": body}, shape)
    assert [model["modelId"] for model in theirs["modelSummaries"]] == [
        model.id for model in decoded("bedrock-converse", body).models
    ]


# -- between the catalog and a list ------------------------------------------------------------------


def test_a_listed_model_has_the_catalogs_form_and_says_where_it_was_read() -> None:
    model = from_listed(OURS[0], "acme", "Acme's own list")
    assert model.price == Price(
        input=Decimal("0.59"), output=Decimal("0.79"), cache_read=Decimal("0.05"), source="Acme's own list"
    )
    assert (model.target, model.supports, model.context_tokens) == (Target("acme", "groq/model-0"), OURS[0].supports, 131072)


@pytest.mark.parametrize(("released", "created"), [("2025-04", 1743465600), ("2025", 1735689600), ("soon", None), (None, None)])
def test_a_release_date_that_is_no_day_is_its_first_or_none(released: str | None, created: int | None) -> None:
    assert listed(Model(target=Target("a", "b"), released=released)).created == created


def test_a_refusal_of_an_unknown_model_is_told_in_the_callers_protocol() -> None:
    status, body = server("openai-chat").render_error(ModelNotFound("no model x"))
    assert (status, json.loads(body)["error"]["code"]) == (404, "model_not_found")
