"""The shape of `reconciler.yaml` (design.md, section 3)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.kinds.fields import SpecModel, WriteOnly
from reconciler.manifests.variables import ENVIRONMENT_NAME, VARIABLE_NAME, has_placeholder, secret_names
from reconciler.model.windows import parse_window

_INVALID = "config.invalid"
_ORG_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]{0,99}")
_DATABASES = ("postgresql://", "postgresql+psycopg://")


def _refuse(text: str, **context: str) -> PydanticCustomError:
    return PydanticCustomError(_INVALID, text, dict(context))


def _org_name(value: object) -> object:
    if isinstance(value, str) and not _ORG_NAME.fullmatch(value):
        raise _refuse(
            "{value} is no name for an org: use letters, digits, '-', '_' and '.'", value=value[:120]
        )
    return value


def _variable_name(value: object) -> object:
    if isinstance(value, str) and not VARIABLE_NAME.fullmatch(value):
        raise _refuse(
            "{value} is no name for a variable: use letters, digits, '-' and '_'", value=value[:120]
        )
    return value


def _environment_name(value: object) -> object:
    if isinstance(value, str) and not ENVIRONMENT_NAME.fullmatch(value):
        raise _refuse("{value} is no name of an environment variable", value=value[:120])
    return value


def _plain(value: object) -> object:
    """Variables are filled in once, so what they hold is not filled in itself."""
    if any(has_placeholder(text) for text in _texts(value)):
        raise _refuse("a variable's value is taken as it is: no ${var.…} or ${env.…} in it")
    return value


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for member in value.values() for text in _texts(member)]
    if isinstance(value, list):
        return [text for element in value for text in _texts(element)]
    return [value] if isinstance(value, str) else []


def _state(value: object) -> object:
    """Never shows the value: a database address may hold a password."""
    if not isinstance(value, str):
        return value
    if not value or ("://" in value and not value.startswith(_DATABASES)):
        raise _refuse("state is a folder, or the address of a PostgreSQL database: postgresql://…")
    if has_placeholder(value):
        raise _refuse("state takes no ${…}: leave the password to PGPASSWORD, or give it as RECONCILER_STATE")
    return value


def _credential(value: object) -> object:
    if isinstance(value, str) and (not value or (has_placeholder(value) and not _is_environment(value))):
        raise _refuse("a credential is the text itself or one ${env.NAME}")
    return value


def _is_environment(text: str) -> bool:
    names = secret_names(text)
    return len(names) == 1 and text == f"${{env.{names[0]}}}" and bool(ENVIRONMENT_NAME.fullmatch(names[0]))


_Vars = dict[Annotated[str, BeforeValidator(_variable_name)], Annotated[object, BeforeValidator(_plain)]]
_State = Annotated[str, BeforeValidator(_state), WriteOnly()]
_Percent = Annotated[float, Field(ge=0, le=100)]
_Count = Annotated[int, Field(ge=0)]


class OrgModel(SpecModel):
    """One entry of `orgs`."""

    sandbox: bool = False
    region: Annotated[str, Field(min_length=1)] | None = None
    organization: Annotated[str, Field(min_length=1)] | None = None
    vars: _Vars = Field(default_factory=dict)
    state: _State | None = None
    protected: bool = False
    client_id: Annotated[str | None, BeforeValidator(_credential)] = None
    client_secret: Annotated[str | None, BeforeValidator(_credential), WriteOnly()] = None


class WindowModel(SpecModel):
    """One entry of `safety.windows`: days and times of a zone."""

    allow: str
    timezone: str = "UTC"


def _window(model: WindowModel) -> WindowModel:
    try:
        parse_window(model.allow, model.timezone)
    except ValueError as error:
        raise _refuse("{problem}", problem=str(error)) from None
    return model


class SafetyModel(SpecModel):
    """`safety`; what is not said keeps its default."""

    max_deletes: _Count | None = None
    max_delete_percent: _Percent | None = None
    max_update_percent: _Percent | None = None
    min_resources: _Count | None = None
    windows: list[Annotated[WindowModel, AfterValidator(_window)]] | None = None


class NotificationModel(SpecModel):
    """One entry of `notifications`."""

    url: Annotated[str, Field(min_length=1)]
    events: list[Literal["applied", "failed", "rolled_back", "unsettled", "refused", "drift"]] | None = None
    kinds: list[str] | None = None
    secret: Annotated[str | None, BeforeValidator(_credential), WriteOnly()] = None


class ConfigurationModel(SpecModel):
    """The whole file."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Config"]
    manifests: Annotated[str, Field(min_length=1)] = "manifests"
    state: _State = "state"
    default_org: str | None = None
    environment: list[Annotated[str, BeforeValidator(_environment_name)]] = Field(default_factory=list)
    vars: _Vars = Field(default_factory=dict)
    orgs: dict[Annotated[str, BeforeValidator(_org_name)], OrgModel] = Field(default_factory=dict)
    safety: SafetyModel = Field(default_factory=SafetyModel)
    notifications: list[NotificationModel] = Field(default_factory=list)
