"""Evidence that travels: the cells of a report with all that they follow from, as one file."""
