"""The words everything else is written in. Frozen values; no behaviour that does I/O."""

import datetime  # noqa: F401 - before msgspec, which crashes if Ctrl-C strikes while it imports this itself

from turnout.types.chat import (
    Attempt as Attempt,
    ChatRequest as ChatRequest,
    Choice as Choice,
    Completion as Completion,
    FinishReason as FinishReason,
    Message as Message,
    ReasoningConfig as ReasoningConfig,
    ResponseFormat as ResponseFormat,
    Role as Role,
    Target as Target,
    Tool as Tool,
    ToolChoice as ToolChoice,
    Unified as Unified,
)
from turnout.types.counting import TokenCount as TokenCount
from turnout.types.embeddings import (
    Content as Content,
    Embedding as Embedding,
    Embeddings as Embeddings,
    EmbedInput as EmbedInput,
    EmbedRequest as EmbedRequest,
    InputType as InputType,
    Vector as Vector,
)
from turnout.types.files import HeldFile as HeldFile, Upload as Upload
from turnout.types.http import HttpRequest as HttpRequest, HttpResponse as HttpResponse, Timeouts as Timeouts
from turnout.types.listing import ListedModel as ListedModel, ModelPage as ModelPage
from turnout.types.parts import (
    Audio as Audio,
    CacheControl as CacheControl,
    Citation as Citation,
    DataSource as DataSource,
    Document as Document,
    FileSource as FileSource,
    Image as Image,
    Opaque as Opaque,
    Origin as Origin,
    Part as Part,
    Reasoning as Reasoning,
    Refusal as Refusal,
    ResultPart as ResultPart,
    Source as Source,
    Text as Text,
    TextSource as TextSource,
    ToolCall as ToolCall,
    ToolResult as ToolResult,
    UrlSource as UrlSource,
    Video as Video,
)
from turnout.types.receipts import Fate as Fate, Receipt as Receipt, ReceiptLine as ReceiptLine, Side as Side
from turnout.types.rerank import (
    Ranked as Ranked,
    RankedDocument as RankedDocument,
    Ranking as Ranking,
    RerankRequest as RerankRequest,
)
from turnout.types.usage import Cost as Cost, Usage as Usage
