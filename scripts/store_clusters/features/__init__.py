"""Features of stores: joined, made comparable, imputed, and reduced to components."""
