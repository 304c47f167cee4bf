"""What exists, as data: providers, models, prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from turnout.types import Target


class Quirks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ways a provider departs from its wire. Closed on purpose: a new one is added only when data cannot say it otherwise."""

    rename: dict[str, str] = {}  # the wire's field name -> this provider's
    drop: tuple[str, ...] = ()  # fields of the wire that this provider refuses; each drop is receipted
    stream_usage: bool = True  # accepts the wire's option to report usage in a stream
    inputs_per_call: int | None = None  # how many inputs one embeddings exchange takes; None: as the wire says
    encoding_format: str = ""  # what an embeddings request means that does not say it; "": a list of floats
    chat_path: str = ""  # below base_url, where chat is not at the path of the wire: "chat"


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A company's endpoint. ``base_url`` may hold {placeholders}, filled from ``url_env`` and ``url_map``, and {model}, its
    name; "{place=here}" is "here" where no variable says otherwise.

    ``base_url`` is empty when none is known; ``wire`` may name a protocol that Turnout does not speak yet. Such a provider
    is listed, and a call to it says what is missing.
    """

    id: str
    name: str
    wire: str
    base_url: str
    key_env: tuple[str, ...] = ()  # first that holds a real key wins; () needs no key
    key_required: bool = True  # False: a key is sent when there is one, and the endpoint may not want any
    key_url: str = ""  # where a person gets a key
    url_env: dict[str, str | tuple[str, ...]] = {}  # placeholder in base_url -> variable, or several: the first that is set wins
    base_url_env: dict[str, str] = {}  # variable that replaces base_url -> path it must end with, added when missing
    base_urls: dict[str, str] = {}  # wire -> base_url of the models that speak another wire than their provider's others
    url_map: dict[
        str, dict[str, str]
    ] = {}  # placeholder -> its value by that of another: {by = "location", "*" = "{location}-x"}
    query: str = ""  # ends every address: "api-version={version=2024-10-21}"; a base_url may end with one too
    models_url: str = ""  # where its models are listed, when not below base_url; the same placeholders
    count_wire: str = ""  # the wire in which it counts tokens, when its own has no way to
    auth: str = "bearer"  # bearer[:HEADER] | header:NAME | query:NAME | sigv4[:SERVICE] | google[:SCOPE] | azure[:SCOPE] | none
    headers: dict[str, str] = {}  # names in lower case; sent with every request; never a secret
    header_env: dict[str, tuple[str, ...]] = {}  # header -> variables; sent with the first that is set, else not at all
    header_required: tuple[str, ...] = ()  # of header_env, those without which it is not called
    aliases: tuple[str, ...] = ()
    docs: str = ""
    extra: str = ""  # the optional part of Turnout it needs: "local" for turnout[local]
    module: str = ""  # what that part installs, by its import name
    source: str = ""  # where this row was read
    checked: date | None = None  # when it was read
    timeout: float = 60.0  # seconds between events
    timeout_env: tuple[str, ...] = ()  # variables that say it, the first that is set
    connect_timeout: float | None = None  # seconds until a connection stands; None: as of any provider
    connect_timeout_env: tuple[str, ...] = ()
    priority: int = 100  # lower is tried first
    deprecated: str | None = None  # what to use instead
    deprecated_names: dict[str, str] = {}  # of ``aliases``, those to leave -> what to use instead
    regions: dict[str, str] = {}  # region -> the id of the provider that is meant there by any name but an id
    region_env: tuple[str, ...] = ()  # variables that say the region, the first that is set
    enable_env: tuple[str, ...] = ()  # variables that switch it off when one says false, 0, no or off
    default_model: str = ""  # taken where one of its models is wanted and none is named; "": chosen by price
    default_model_env: tuple[str, ...] = ()  # variables that say another, the first that is set
    model_aliases: dict[str, str] = {}  # other name of a model, in lower case -> the provider's own
    model_prefixes: tuple[str, ...] = ()  # what people leave out at the front of its models' names, or put there though it is not
    model_suffix: str = ""  # put behind the name of any model that has no ":" of its own
    sdk: str = ""  # the vendor's own library, by its name in registry/sdks.py
    modes: tuple[str, ...] = ()  # how its clients make an answer fit a schema, in instructor's words; () when they do not say
    default_mode: str = ""
    mode_by_model: dict[str, str] = {}  # glob -> the default mode of the models whose names match, in any case; the first counts
    quirks: Quirks = Quirks()

    def __repr__(self) -> str:  # people put keys into headers and queries, where none belong
        return f"Provider({self.id!r}, wire={self.wire!r}, base_url={self.base_url.partition('?')[0]!r})"


class Rates(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """US dollars per million tokens. None: not known, which is never zero.

    ``reasoning`` None means that reasoning is billed as output. The other rates have no substitute.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    reasoning: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None  # entries that live five minutes, or as long as the provider's only kind does
    cache_write_1h: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None


class PriceTier(Rates, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Rates that hold for the whole call when its input exceeds ``above_input_tokens``. A tier without rates: not known there."""

    above_input_tokens: int


class Price(Rates, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one model costs at one provider. ``modes`` holds the rates of service tiers or speeds that cost otherwise."""

    tiers: tuple[PriceTier, ...] = ()  # ascending
    modes: dict[str, Rates] = {}
    source: str = ""


class RateLimits(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How much of a model one account may have. Providers raise these account by account, so nothing here is enforced."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    concurrent_requests: int | None = None
    source: str = ""


FORMS = ("tool", "json_object", "text", "json_schema")  # what ``only`` of a Limit on response_format may say: adapt.forms


class Limit(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What models take in one field of a request. What a provider only ignores is no limit: it answers these with an error."""

    unsupported: bool = False
    only: float | bool | str | None = None  # the one value that is taken; of response_format: see adapt.forms
    least: float | None = None
    most: float | None = None
    items: int | None = None  # of a list, at most
    thinking: bool = False  # holds only while the model thinks
    beside: str = ""  # holds only beside this other field
    source: str = ""  # where it was read; in a restriction, the restriction's own


class Thinking(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How models are told how much to think.

    ``way``: "effort", a word; "budget", a number of tokens; "either"; "adaptive", as much as the model likes, with an effort and
    never a budget; "untold", nothing can be said. ``off``: "told", a request can turn it off; "unasked", it is off unless a
    request asks for it, and being told so is refused; "never", it always thinks.
    """

    way: Literal["effort", "budget", "either", "adaptive", "untold"] = "either"
    off: Literal["told", "unasked", "never"] = "told"
    unasked: bool = False  # thinks when nothing is said
    efforts: tuple[str, ...] = ()  # those that are taken; () when it is not known
    budgets: dict[str, int] = {}  # what an effort comes to in tokens
    least: int | None = None  # tokens of a budget
    most: int | None = None
    within_output: bool = False  # a budget must be less than max_output_tokens
    source: str = ""


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one model refuses. ``fields``: a field of ChatRequest, or "extra.NAME" -> what is taken there, by condition."""

    fields: dict[str, tuple[Limit, ...]] = {}
    thinking: Thinking | None = None


class Restriction(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A row of restrictions.toml: what the models whose names match refuse, and where that was read.

    It holds for a model that one of ``models`` and none of ``but`` matches, as globs in any case, at one of ``providers`` (ids)
    and over one of ``wires``; empty stands for all. Of several that hold, the later one's word on a field counts, each condition
    by itself.
    """

    models: tuple[str, ...]
    but: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    wires: tuple[str, ...] = ()
    fields: dict[str, Limit] = {}
    thinking: Thinking | None = None
    rename: dict[str, str] = {}  # as in Quirks
    supports: tuple[str, ...] = ()  # what these models can do, whatever other sources say is lacking
    source: str
    checked: date


class Model(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a provider serves.

    ``supports``: tools, reasoning, structured_output, attachments, temperature, and "image-in", "audio-out"... for each
    modality. ``lacks`` holds what is known to be missing: a word in neither is not known.
    """

    target: Target
    name: str = ""
    family: str = ""
    context_tokens: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    supports: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    price: Price | None = None
    status: Literal["alpha", "beta", "deprecated"] | None = None
    released: str | None = None
    knowledge: str | None = None  # last month or day of its training data, as the source writes it
    open_weights: bool = False
    reasoning_field: str | None = None  # where a chat message of this model carries its reasoning
    wire: str | None = None  # when this model speaks another protocol than its provider's others
    base_url: str | None = None  # when it is served elsewhere than its provider's others
    limits: Limits | None = None  # what it refuses, where that is known
    rate_limits: RateLimits | None = None
    source: str = ""
    checked: date | None = None

    @property
    def deprecated(self) -> bool:
        return self.status == "deprecated"
