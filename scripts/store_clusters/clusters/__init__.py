"""Clusters of one track: how many, which, how stable, what they explain held out."""
