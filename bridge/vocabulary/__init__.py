"""The words every part speaks: frozen values, no behaviour beyond what a value knows of itself.

Where Open311 has a word, it is that word (GeoReport v2: service, service code, service request, token,
jurisdiction). Times are aware UTC datetimes; coordinates are WGS84 degrees; lengths are metres. Nothing here
imports any other part or library, so every part may import this.

    messages       what travels between residents and the bridge
    services       what a city offers
    places         what was said, and where it is
    requests       what is posted to a city, and what is read back
    conversation   state, events and decisions of one conversation
    rows           claimed work, as it crosses the store's port
"""

from bridge.vocabulary.conversation import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    Draft,
    Effect,
    Event,
    Facts,
    FileReport,
    MessageArrived,
    Policy,
    Question,
    Report,
    ReportState,
    Say,
    State,
    StatusChanged,
    ToStaff,
)
from bridge.vocabulary.messages import (
    Attachment,
    Choice,
    Delivery,
    Inbound,
    InboundKind,
    Outbound,
    Pin,
    Sent,
)
from bridge.vocabulary.places import (
    Guess,
    Located,
    Mention,
    MentionKind,
    Place,
    PlaceSource,
    Understanding,
)
from bridge.vocabulary.requests import (
    Discovery,
    Followed,
    Followings,
    Lookup,
    Receipt,
    ServiceRequest,
    Submission,
    Watched,
)
from bridge.vocabulary.rows import (
    Artifact,
    Attempt,
    Conversation,
    InboxRow,
    OutboxRow,
    Outcome,
)
from bridge.vocabulary.services import (
    Attribute,
    Datatype,
    Service,
    Value,
)

__all__ = [
    "Artifact",
    "Attachment",
    "Attempt",
    "Attribute",
    "Choice",
    "CityAccepted",
    "CityRefused",
    "CityUnreachable",
    "Conversation",
    "Datatype",
    "Decision",
    "Delivery",
    "Discovery",
    "Draft",
    "Effect",
    "Event",
    "Facts",
    "FileReport",
    "Followed",
    "Followings",
    "Guess",
    "Inbound",
    "InboundKind",
    "InboxRow",
    "Located",
    "Lookup",
    "Mention",
    "MentionKind",
    "MessageArrived",
    "Outbound",
    "OutboxRow",
    "Outcome",
    "Pin",
    "Place",
    "PlaceSource",
    "Policy",
    "Question",
    "Receipt",
    "Report",
    "ReportState",
    "Say",
    "Sent",
    "Service",
    "ServiceRequest",
    "State",
    "StatusChanged",
    "Submission",
    "ToStaff",
    "Understanding",
    "Value",
    "Watched",
]
