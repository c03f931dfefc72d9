"""A manuscript against storage: which of its numbers are typed, and disagree with what is stored."""
