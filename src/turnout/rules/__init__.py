"""What a protocol wants of a request beyond its shape, as data: each wire declares its own, ``turnout.adapt`` applies them."""

from turnout.rules.answers import AnswerRules as AnswerRules
from turnout.rules.conversation import ConversationRules as ConversationRules
from turnout.rules.media import MediaRules as MediaRules
from turnout.rules.schemas import Dialect as Dialect, SchemaRules as SchemaRules
