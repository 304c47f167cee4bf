"""What a stream says, as a closed union of small events; ``fold`` adds them up to a Completion."""

from turnout.events.extras import Extras as Extras, continue_extra as continue_extra, merge_extra as merge_extra
from turnout.events.folding import (
    Fold as Fold,
    fold as fold,
)
from turnout.events.kinds import (
    AudioDelta as AudioDelta,
    CitationAdded as CitationAdded,
    Event as Event,
    ExtraReported as ExtraReported,
    Finished as Finished,
    LogprobsDelta as LogprobsDelta,
    PartAdded as PartAdded,
    ReasoningDelta as ReasoningDelta,
    RefusalDelta as RefusalDelta,
    SignatureDelta as SignatureDelta,
    Started as Started,
    TextDelta as TextDelta,
    ToolCallDelta as ToolCallDelta,
    UsageReported as UsageReported,
)
