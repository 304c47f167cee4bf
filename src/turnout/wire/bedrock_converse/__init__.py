"""Bedrock Converse, both directions.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and API_runtime_ConverseStream.html; shapes as
in botocore 1.44.5's service description of bedrock-runtime (all read 2026-11-21). The model and whether to stream stand in the
path (/model/{modelId}/converse, /converse-stream) and not in the body: whoever serves callers takes both from there.
"""

from turnout.wire import Wire
from turnout.wire.bedrock_converse.codec import BedrockConverseCodec
from turnout.wire.bedrock_converse.server import BedrockConverseServer

WIRE = Wire(name="bedrock-converse", chat=BedrockConverseCodec(), server=BedrockConverseServer())
