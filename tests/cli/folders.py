"""Project folders as users have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SANDBOX = """\
apiVersion: reconciler/v1
kind: Config
defaultOrg: sandbox
orgs:
  sandbox: {sandbox: true}
  other: {sandbox: true, state: other-state}
  prod: {region: mypurecloud.com}
"""

CUSTOMER = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: customer, labels: {team: care}}
spec:
  name: Customer
  fields:
    - {name: id, fieldtype: string}
"""

TICKET = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: ticket}
dependsOn: [Schema/customer]
spec:
  name: Ticket
  fields:
    - name: customer
      fieldtype: reference
      constraints: {referencedType: {$ref: Schema/customer}}
"""

NOTE = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: note}
spec:
  name: Note
  fields:
    - name: ticket
      fieldtype: reference
      constraints: {referencedType: {$ref: Schema/ticket}}
"""

LONE = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: lone}
spec:
  name: Lone
  fields:
    - {name: id, fieldtype: string}
"""

CIRCLE = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: a}
spec:
  name: A
  fields: [{name: b, fieldtype: reference, constraints: {referencedType: {$ref: Schema/b}}}]
---
apiVersion: reconciler/v1
kind: Schema
metadata: {name: b}
spec:
  name: B
  fields: [{name: a, fieldtype: reference, constraints: {referencedType: {$ref: Schema/a}}}]
"""

INVALID = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: broken}
spec:
  nmae: Broken
  fields: []
"""

CHANNEL = """\
apiVersion: reconciler/v1
kind: Channel
metadata: {name: chat}
spec:
  name: Chat
  description: The chat
  defaultLanguage: en-US
  widget: {appearance: {primaryColor: "#0A4D8C", secondaryColor: "#F2A900"}}
  routingTarget: {type: queue, id: {$lookup: Queue/Support}}
  availability:
    default: {status: available}
  activation: {timeoutSeconds: 10, pollSeconds: 1}
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """A project on disk: `reconciler.yaml`, `manifests`, `state`."""

    root: Path

    def write(self, **manifests: str) -> Folder:
        """Puts manifests there, by file name."""
        (self.root / "manifests").mkdir(parents=True, exist_ok=True)
        for name, text in manifests.items():
            (self.root / "manifests" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return self

    def configure(self, text: str = SANDBOX) -> Folder:
        """Writes the configuration."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "reconciler.yaml").write_text(text, encoding="utf-8")
        return self

    def remove(self, name: str) -> Folder:
        """Takes a manifest file away."""
        (self.root / "manifests" / f"{name}.yaml").unlink()
        return self

    def path(self, *parts: str) -> Path:
        """A path in the project."""
        return self.root.joinpath(*parts)


def org_environment(base_url: str, client_id: str, client_secret: str) -> Mapping[str, str]:
    """The variables that describe an org without a configuration."""
    return {
        "GENESYS_BASE_URL": base_url,
        "GENESYS_CLIENT_ID": client_id,
        "GENESYS_CLIENT_SECRET": client_secret,
    }
