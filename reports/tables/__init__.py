"""From stored trials to the cells of a table, with all that is known of each."""
