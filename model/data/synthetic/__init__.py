"""Synthetic AVSBench: moving objects of which only some sound, in the authors' exact layout.

Which object sounds cannot be seen: every class is as often a sounding source as a silent distractor. The Maskiges come
from the true object regions, sounding and silent alike and class-agnostic, so they need no proposal network and are
better than any real ones.
"""
