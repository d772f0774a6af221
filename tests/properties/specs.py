"""What manifests of the four kinds may say, drawn at random; valid one by one in a seeded org.

Everything comes from small pools, so that later draws often meet earlier ones: the same name again, a value
that was there before, a reference that turns round.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.sandbox import seed_id

Spec = dict[str, Any]

SCHEMAS = ("s1", "s2", "s3")
WIDGETS = ("w1", "w2", "w3")
CHANNELS = ("c1", "c2", "c3")
MATRICES = {"m1": "Support", "m2": "Sales"}
VENDOR = "vendor"
"""A published schema of somebody else's, which is always there."""
SECRETS = ("PLANTED_A", "PLANTED_B")

QUEUES = ("Support", "Sales", "Billing")
FALLBACKS = {"Support": "Support Overflow", "Sales": "Sales Overflow"}
MEMBERS = {
    "Support": ("Ada Ahmed", "Ben Bauer", "Chloe Costa", "Dan Diaz"),
    "Sales": ("Gina Garcia", "Hugo Haas", "Ines Ito"),
}
TITLES = ("Alpha", "Beta", "Gamma")
"""Names of widgets and channels: few, so that they are handed over and swapped."""

texts = st.sampled_from(["one", "two", " three ", "vier \N{PILE OF POO}", "22:30", "no"])
colours = st.sampled_from(["#abc", "#AABBCC", "#aabbcc", "#000", "#FFFFFF"])
flags = st.booleans()


def secret_texts() -> st.SearchStrategy[str]:
    """Texts with the value of an environment variable in them."""
    return st.sampled_from([f"${{env.{name}}}" for name in SECRETS] + [f"call ${{env.{SECRETS[0]}}}!"])


def lookup(kind: str, name: str) -> Spec:
    """A look-up."""
    return {"$lookup": f"{kind}/{name}"}


def queue_ids(name: str) -> st.SearchStrategy[Any]:
    """A queue by its id or by its name."""
    return st.sampled_from([lookup("Queue", name), seed_id("queue", name)])


def user_ids(name: str) -> st.SearchStrategy[Any]:
    """A user by id or by e-mail."""
    mail = f"{name.lower().replace(' ', '.')}@example.com"
    return st.sampled_from([seed_id("user", name), lookup("User", mail)])


# -- schemas ---------------------------------------------------------------------------------------------

KEY_FIELD: Spec = {"name": "key", "fieldtype": "string", "required": True}
"""In every schema: a required field may never go, so there is one that never does."""


def _field(name: str, fieldtype: str, constraints: st.SearchStrategy[Any] | None) -> st.SearchStrategy[Spec]:
    optional: dict[str, st.SearchStrategy[Any]] = {"description": texts}
    required = {"name": st.just(name), "fieldtype": st.just(fieldtype)}
    if constraints is not None:
        required["constraints"] = constraints
    return st.fixed_dictionaries(required, optional=optional)


def links(name: str) -> st.SearchStrategy[Spec]:
    """A field that refers to a schema, ours by address or by externalId, or somebody else's."""
    targets: list[Any] = [{"$ref": f"Schema/{target}"} for target in SCHEMAS]
    targets += [VENDOR, "user", *SCHEMAS[:1]]
    return _field(name, "reference", st.fixed_dictionaries({"referencedType": st.sampled_from(targets)}))


limits: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {}, optional={"min": st.sampled_from([0, 1.0, 1]), "max": st.sampled_from([10, 10.0, 99.5])}
)
vocabularies: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"enum": st.lists(texts, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"pattern": st.sampled_from(["^a+$", "b"])}),
)
items: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"type": st.just("string")}, optional={"title": secret_texts()}
)
fields: st.SearchStrategy[Spec] = st.one_of(
    links("link"),
    links("other"),
    _field("amount", "number", limits),
    _field("subject", "string", vocabularies),
    _field("tags", "list", st.fixed_dictionaries({"items": items})),
    st.fixed_dictionaries(
        {"name": st.just("body"), "fieldtype": st.just("longText"), "description": secret_texts()}
    ),
    st.fixed_dictionaries(
        {"name": st.just("done"), "fieldtype": st.just("boolean"), "required": st.just(False)}
    ),
)


@st.composite
def schema_specs(draw: st.DrawFn) -> Spec:
    """A schema, mostly published."""
    found: list[Spec] = draw(st.lists(fields, max_size=3, unique_by=lambda field: str(field["name"])))
    key = {**KEY_FIELD, **draw(st.fixed_dictionaries({}, optional={"description": texts}))}
    spec: Spec = {"name": draw(texts), "fields": draw(st.permutations([key, *found]))}
    optional = {
        "description": texts | secret_texts(),
        "status": st.sampled_from(["PUBLISHED", "PUBLISHED", "DRAFT"]),
    }
    return {**spec, **draw(st.fixed_dictionaries({}, optional=optional))}


# -- widgets ---------------------------------------------------------------------------------------------

metrics = st.sampled_from(
    [
        {"name": "nOffered", "type": "count"},
        {"name": "handleTime/avg", "type": "numeric"},
        {"name": "serviceLevel", "type": "percent"},
    ]
)
filters: st.SearchStrategy[Spec] = st.one_of(
    st.fixed_dictionaries(
        {
            "name": st.just("mediaType"),
            "type": texts,
            "values": st.lists(st.sampled_from(["voice", "chat", "email"]), min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("queueId"),
            "type": st.just("id"),
            "values": st.lists(st.sampled_from(QUEUES).flatmap(queue_ids), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("configurationId"),
            "type": st.just("id"),
            "values": st.lists(
                st.sampled_from([{"$ref": f"Channel/{name}"} for name in CHANNELS]), min_size=1, max_size=2
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("ani"),
            "type": st.just("text"),
            "values": st.lists(secret_texts(), min_size=1, max_size=2),
        }
    ),
)


@st.composite
def widget_specs(draw: st.DrawFn) -> Spec:
    """A widget; one with filters may well be empty."""
    config: Spec = {"metrics": draw(st.lists(metrics, min_size=1, max_size=2))}
    spec: Spec = {
        "dashboardId": lookup("Dashboard", draw(st.sampled_from(["Support Overview", "Wallboard"]))),
        "name": draw(st.sampled_from(TITLES)),
        "type": draw(st.sampled_from(["metric", "chart", "table"])),
        "config": config,
        "visualization": {"type": draw(st.sampled_from(["bar", "line"]))},
        "preflight": {"onEmpty": "warn"},
    }
    if draw(flags):
        config["filters"] = draw(st.lists(filters, max_size=3, unique_by=lambda found: str(found["name"])))
    return spec


# -- channels --------------------------------------------------------------------------------------------

schedules = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["day", "night"]),
            "days": st.lists(st.sampled_from(["MON", "TUE", "SUN"]), min_size=1, max_size=2, unique=True),
            "from": st.sampled_from(["08:00", "22:30"]),
            "to": st.sampled_from(["18:00", "06:00"]),
        }
    ),
    max_size=2,
)
availabilities: st.SearchStrategy[Spec] = st.fixed_dictionaries(
    {},
    optional={
        "default": st.fixed_dictionaries(
            {}, optional={"status": st.sampled_from(["available", "unavailable"])}
        ),
        "schedules": schedules,
    },
)


@st.composite
def channel_specs(draw: st.DrawFn) -> Spec:
    """A channel, perhaps with a fallback to the overflow queue, or offline."""
    queue = draw(st.sampled_from(QUEUES))
    appearance = {"primaryColor": draw(colours), "secondaryColor": draw(colours)}
    messenger: Spec = {"appearance": appearance}
    if draw(flags):
        messenger["conversationStart"] = draw(st.fixed_dictionaries({}, optional={"enabled": flags}))
    spec: Spec = {
        "name": draw(st.sampled_from(TITLES)),
        "description": draw(texts | secret_texts() | st.just({"$ref": "Schema/s1#/name"})),
        "defaultLanguage": draw(st.sampled_from(["en-US", "de"])),
        "routingTarget": {"type": "queue", "id": draw(queue_ids(queue))},
        "widget": messenger,
        "activation": {"timeoutSeconds": 5, "pollSeconds": 1},
    }
    if draw(flags):
        spec["availability"] = draw(availabilities)
    if draw(st.integers(0, 3)) == 0:
        away = FALLBACKS.get(queue)
        place = {"queueId": seed_id("queue", away)} if away and draw(flags) else {"offline": True}
        spec["fallback"] = place
    return spec


# -- weight matrices -------------------------------------------------------------------------------------

shares = st.sampled_from([0, 0.05, 0.1, 0.2, 0.5])


@st.composite
def matrix_specs(draw: st.DrawFn, name: str) -> Spec:
    """A matrix for the queue that its name stands for; its weights alone fit into 1.0."""
    queue = MATRICES[name]
    people = draw(st.lists(st.sampled_from(MEMBERS[queue]), max_size=3, unique=True))
    members, left = [], 0.6
    for person in people:
        weight = min(draw(shares), round(left, 6))
        left -= weight
        member: Spec = {"userId": draw(user_ids(person)), "weight": weight}
        if draw(st.integers(0, 3)) == 0:
            member["routingType"] = draw(st.sampled_from(["Manual", "Automatic"]))
        members.append(member)
    optional = {
        "membersMode": st.sampled_from(["additive", "authoritative"]),
        "overflowThreshold": st.sampled_from([0.5, 0.8, 1, 1.0]),
        "wrapUpTimeout": st.sampled_from([0, 60]),
        "strategy": st.just("longestIdle"),
    }
    spec: Spec = {"queueId": draw(queue_ids(queue)), "members": members}
    return {**spec, **draw(st.fixed_dictionaries({}, optional=optional))}


def specs(kind: str, name: str) -> st.SearchStrategy[Spec]:
    """A spec for a new resource, or a new one for an old resource."""
    if kind == "WeightMatrix":
        return matrix_specs(name)
    return {"Schema": schema_specs, "Widget": widget_specs, "Channel": channel_specs}[kind]()
