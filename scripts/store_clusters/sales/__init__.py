"""From rows of sales to sales by category, store and need state, and the account of every cent."""
