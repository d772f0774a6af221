"""A client of the sandbox org for tests, and builders of valid bodies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from reconciler.sandbox import SandboxOrg, seed_id
from reconciler.sandbox.documents import Document, JsonValue, as_list, as_object, as_text

CHANNELS = "/api/v2/wi/engagements/configurations"
DASHBOARD = seed_id("dashboard", "Support Overview")
DASHBOARDS = "/api/v2/analytics/dashboards"
INTERACTIONS = "/api/v2/interactions"
QUERY = "/api/v2/analytics/conversations/details/query"
QUEUES = "/api/v2/routing/queues"
SCHEMAS = "/api/v2/customobjects/schemas"
SUPPORT = seed_id("queue", "Support")
SUPPORT_QUEUE = f"{QUEUES}/{SUPPORT}"
WEBHOOKS = "/api/v2/platform/webhooks"
WIDGETS = f"{DASHBOARDS}/{DASHBOARD}/widgets"


@dataclass(frozen=True, slots=True)
class Said:
    """What the org answered."""

    status: int
    body: JsonValue
    headers: httpx.Headers

    @property
    def document(self) -> Document:
        """Return the body, which is an object."""
        assert isinstance(self.body, dict)
        return self.body

    @property
    def entities(self) -> list[Document]:
        """Return the objects of a listing's page."""
        return [as_object(each) for each in as_list(self.document["entities"])]

    @property
    def code(self) -> str:
        """Return the error's code."""
        return as_text(self.document["code"])

    @property
    def fields(self) -> list[str]:
        """Return the pointers of the error's fields."""
        return [as_text(as_object(error)["field"]) for error in as_list(self.document["errors"])]

    @property
    def id(self) -> str:
        """Return the object's id."""
        return as_text(self.document["id"])


class Caller:
    """Calls an org with a token."""

    def __init__(self, org: SandboxOrg, client: httpx.Client) -> None:
        """Take the org and a client of its address."""
        self.org = org
        self.client = client
        self.headers: dict[str, str] = {}

    @classmethod
    @contextmanager
    def of(cls, org: SandboxOrg) -> "Iterator[Caller]":
        """Open a client that holds a token."""
        with httpx.Client(base_url=org.base_url, timeout=5, trust_env=False) as client:
            caller = cls(org, client)
            caller.log_in()
            yield caller

    def log_in(self) -> None:
        """Ask for a token."""
        said = self.ask_token(self.org.client_id, self.org.client_secret)
        self.headers["Authorization"] = f"Bearer {said.document['access_token']}"

    def ask_token(self, client_id: str, secret: str, grant: str = "client_credentials") -> Said:
        """Ask for a token with these credentials."""
        response = self.client.post("/oauth/token", auth=(client_id, secret), data={"grant_type": grant})
        return _said(response)

    def get(self, path: str, **query: str | int) -> Said:
        """Read."""
        return _said(self.client.get(path, params=query, headers=self.headers))

    def post(self, path: str, body: JsonValue = None, **headers: str) -> Said:
        """Create; a header's name is written with underscores."""
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: JsonValue, **headers: str) -> Said:
        """Replace."""
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: JsonValue, **headers: str) -> Said:
        """Change."""
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Said:
        """Delete."""
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: JsonValue = None, **headers: str) -> Said:
        """Send any request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        told = self.headers | named
        if body is None:
            return _said(self.client.request(method, path, headers=told))
        return _said(self.client.request(method, path, json=body, headers=told))

    def made(self, path: str, body: JsonValue, **headers: str) -> Document:
        """Create, and insist that it worked."""
        said = self.post(path, body, **headers)
        assert said.status == 201, said
        return said.document

    def publish(self, *bodies: Document) -> None:
        """Create schema versions and publish each."""
        for body in bodies:
            self.made(SCHEMAS, body)
            move: JsonValue = {"version": body["version"], "status": "PUBLISHED"}
            said = self.patch(f"{SCHEMAS}/{body['externalId']}", move)
            assert said.status == 200, said


def without_own_members(document: Document) -> Document:
    """Return an object's content, without what the platform keeps itself."""
    own = ("id", "selfUri", "version", "dateCreated", "dateModified", "createdBy", "modifiedBy")
    return {name: value for name, value in document.items() if name not in own}


def widget(**members: JsonValue) -> Document:
    """Return a valid widget body, with members in place of its own."""
    return {
        "name": "Handle time",
        "type": "metric",
        "config": {"metrics": [{"name": "handleTime/avg", "type": "numeric"}]},
        "visualization": {"type": "bigNumber"},
        **members,
    }


def metrics(*elements: JsonValue) -> Document:
    """Return a widget's config with these metrics."""
    return {"metrics": list(elements)}


def channel(**members: JsonValue) -> Document:
    """Return a valid channel body, with members in place of its own."""
    return {
        "name": "Web chat",
        "description": "The chat on the site",
        "defaultLanguage": "en-US",
        "routingTarget": {"type": "queue", "id": SUPPORT},
        "widget": {"appearance": {"primaryColor": "#0a7", "secondaryColor": "#00AA77"}},
        **members,
    }


def schema(external_id: str = "ticket", version: int = 1, **members: JsonValue) -> Document:
    """Return a valid schema body with one required text field, with members in place of its own."""
    return {
        "externalId": external_id,
        "name": external_id.title(),
        "version": version,
        "status": "DRAFT",
        "fields": [{"name": "subject", "fieldtype": "string", "required": True}],
        **members,
    }


def referring(external_id: str, *targets: str, version: int = 1) -> Document:
    """Return a schema body that refers to others."""
    fields: list[JsonValue] = [
        {"name": f"to_{target}", "fieldtype": "reference", "constraints": {"referencedType": target}}
        for target in targets
    ]
    return schema(external_id, version, fields=fields)


def weight(user: str, score: float, **members: JsonValue) -> tuple[str, Document]:
    """Return the path and body of a member PATCH of the queue Support."""
    user_id = seed_id("user", user)
    return f"{SUPPORT_QUEUE}/members/{user_id}", {"user_id": user_id, "score": score, **members}


def _said(response: httpx.Response) -> Said:
    body: JsonValue = response.json() if response.content else None
    return Said(response.status_code, body, response.headers)
