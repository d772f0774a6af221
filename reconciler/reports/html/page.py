"""Renders the page of a plan: one file that loads nothing, in which no text from outside is obeyed.

Invariants: whatever a template writes is made inert and escaped here, and nowhere else; a policy in the page
lets the browser run and apply only the script and the style that stand in it, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reconciler.model.plan import Plan
from reconciler.reports.html.views import page_view
from reconciler.reports.inert import defuse, inert


def plan_html(
    plan: Plan,
    *,
    planfile: str | None = None,
    common: Sequence[str] = (),
    show_requests: bool = False,
) -> str:
    """The whole plan as one HTML document.

    Args:
        planfile: where the plan is saved: the next step names it.
        common: words of the common options, which the next step repeats.
        show_requests: unfolds the requests of each change.
    """
    style, script = _resource("page.css"), _resource("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page_view(plan, planfile=planfile, common=common, show_requests=show_requests),
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704  # our own files
            script=Markup(script),  # noqa: S704
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reconciler.reports.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"lines": _joined, "coded": _coded}
    return environment


@cache
def _resource(name: str) -> str:
    return files("reconciler.reports.html").joinpath("templates", name).read_text("utf-8")


def _policy(style: str, script: str) -> Markup:
    """Nothing may be loaded; `data:` is for the empty icon, which keeps a browser from asking for one."""
    rules = (
        "default-src 'none'",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(script)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    )
    return Markup("; ".join(rules))  # noqa: S704


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


# -- what templates write --------------------------------------------------------------------------------


def _harmless(value: object) -> object:
    """Every value that a template writes comes through here, before it is escaped."""
    if isinstance(value, Markup):
        return value
    return defuse(inert(value)) if isinstance(value, str) else value


def _joined(lines: tuple[str, ...]) -> Markup:
    """Lines of a preformatted block."""
    return Markup("\n").join(escape(_harmless(line)) for line in lines)


def _coded(text: str) -> Markup:
    """What stands between backticks as code, as our own sentences mean it."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(_harmless(text))
    marked = (Markup("<code>{}</code>") if at % 2 else Markup("{}") for at in range(len(parts)))
    return Markup("").join(
        mark.format(_harmless(part)) for mark, part in zip(marked, parts, strict=True) if part
    )
