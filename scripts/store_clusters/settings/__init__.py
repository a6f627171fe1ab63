"""The configuration as a whole: what it may hold, whose sources it names, how it is checked."""
