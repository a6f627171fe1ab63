"""Both tracks merged into final clusters."""
