"""The metrics that the org's analytics engine knows, and their figures for one conversation."""

from reconciler.sandbox.documents import Document, JsonValue, as_number, as_object

_SUFFIXES = ("avg", "sum", "count", "min", "max")
_SECONDS = (
    "handleTime",
    "talkTime",
    "waitTime",
    "holdTime",
    "afterCallWork",
    "acwTime",
    "abandonTime",
    "queueTime",
)
_COUNTS = (
    "conversations",
    "conversationCount",
    "offered",
    "answered",
    "abandoned",
    "transferred",
    "handled",
    "interactions",
)
_SHARES = ("serviceLevel", "occupancy", "utilization", "abandonRate", "answerRate", "customerSatisfaction")
_PUBLIC = (
    *("nOffered", "nConnected", "nTransferred", "nOverSla", "nOutbound", "nError", "nConsult"),
    *("tAnswered", "tAbandon", "tAcd", "tAcw", "tHandle", "tHeld", "tTalk", "tWait", "tAlert", "tDialing"),
    *("oServiceLevel", "oServiceTarget", "oInteracting", "oWaiting"),
)
KNOWN_METRICS = frozenset((*_SECONDS, *_COUNTS, *_SHARES, *_PUBLIC))


def is_known(metric: str) -> bool:
    """Tell whether the org knows a metric such as `handleTime/avg`."""
    name, slash, suffix = metric.partition("/")
    return name in KNOWN_METRICS and (not slash or suffix in _SUFFIXES)


def figure(metric: str, conversations: list[Document]) -> JsonValue:
    """Return a metric's value over conversations; null over none, save for counts."""
    name, _, suffix = metric.partition("/")
    values = [_value(name, conversation) for conversation in conversations]
    if suffix == "count":
        return len(values)
    if not values:
        return 0 if name in _COUNTS else None
    total = sum(values)
    by_suffix = {"avg": total / len(values), "min": min(values), "max": max(values), "sum": total}
    usual = "sum" if name in _COUNTS or name.startswith("n") else "avg"
    return round(by_suffix[suffix or usual], 6)


def _value(name: str, conversation: Document) -> float:
    """Return one conversation's figure; a metric that it does not carry counts it once."""
    return as_number(as_object(conversation.get("figures")).get(name, 1))
