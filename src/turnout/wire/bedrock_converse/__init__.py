"""Bedrock Converse, both directions.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and API_runtime_ConverseStream.html; shapes as
in botocore 1.44.5's service description of bedrock-runtime (all read 2026-11-21). The model and whether to stream stand in the
path (/model/{modelId}/converse, /converse-stream) and not in the body: whoever serves callers takes both from there.
"""

from turnout.rules import dialects, media as media_rules
from turnout.rules.conversation import BEDROCK_CONVERSE
from turnout.wire import Wire
from turnout.wire.bedrock_converse.answer_rules import ANSWERS
from turnout.wire.bedrock_converse.codec import BedrockConverseCodec
from turnout.wire.bedrock_converse.counting import COUNT, COUNT_SERVER
from turnout.wire.bedrock_converse.invoke_embed import BedrockEmbedCodec, BedrockEmbedServer
from turnout.wire.bedrock_converse.invoke_rerank import RERANK, RERANK_SERVER
from turnout.wire.bedrock_converse.listing import MODELS
from turnout.wire.bedrock_converse.server import BedrockConverseServer

WIRE = Wire(
    name="bedrock-converse",
    conversation=BEDROCK_CONVERSE,
    schemas=dialects.BEDROCK,
    media=media_rules.BEDROCK_CONVERSE,
    chat=BedrockConverseCodec(),
    server=BedrockConverseServer(),
    embed=BedrockEmbedCodec(),
    embed_server=BedrockEmbedServer(),
    rerank=RERANK,
    rerank_server=RERANK_SERVER,
    answers=ANSWERS,
    models=MODELS,
    count=COUNT,
    count_server=COUNT_SERVER,
)
