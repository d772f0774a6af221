"""Did you mean: the nearest known word to one that is not known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one; case counts for nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(known, reverse=True)}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str | None = None) -> str | None:
    """A hint that names the nearest known word; `otherwise` where nothing is near."""
    found = nearest(word, known)
    return f"did you mean {found}?" if found else otherwise


class Suggestions:
    """Did you mean, for many words of one large vocabulary.

    Each look costs time that grows with the vocabulary, so only the first words get one: whoever has more
    wrong has another problem than a slip of the pen.
    """

    def __init__(self, known: Collection[str], *, most: int = 20) -> None:
        self._known = known
        self._left = most

    def hint(self, word: str) -> str | None:
        """A hint that names the nearest known word."""
        self._left -= 1
        return did_you_mean(word, self._known) if self._left >= 0 else None


def listed(words: Iterable[str]) -> str:
    """Words as prose: `a, b or c`, sorted."""
    ordered = sorted(words)
    return " or ".join(filter(None, [", ".join(ordered[:-1]), *ordered[-1:]]))
