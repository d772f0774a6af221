"""Gathering: asks what to read and reads it, in rounds until nothing new is named.

Who asks is a pure function of the facts so far, so a kind can name a read that an earlier answer suggested.
Equal reads are sent once a run; a read that nobody requires may fail, and its failure is then its answer.
"""

from reconciler.gathering.rounds import Ask, gather

__all__ = ["Ask", "gather"]
