"""Proposals: the class-agnostic masks behind a Maskige, and what finds them (COMBO section 3.1)."""
